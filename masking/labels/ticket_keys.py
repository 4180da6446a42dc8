"""The ticket keys of one gateway: which key id issues, which are still accepted, and both as JSON.

Rotation overlaps: a retired key id is accepted until the tickets it signed have expired, and its private half is gone at
once. Knows no file and no clock; the key file is `gateway/settings.py`'s, the public set is served under `/.well-known/`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from masking.errors import VeilwayError
from masking.labels.ticket import TicketSigner


class BadTicketKeys(VeilwayError):
    """A key file or a JWK set that is not one."""

    code = "bad_ticket_keys"


@dataclass(frozen=True, slots=True, repr=False)
class AcceptedKey:
    """A key id that no longer issues; its tickets are good until `until`."""

    kid: int
    public_key: Ed25519PublicKey
    tag_key: bytes
    until: datetime

    def __repr__(self) -> str:
        return f"<AcceptedKey kid={self.kid} until={self.until:%Y-%m-%d}>"


@dataclass(frozen=True, slots=True, repr=False)
class TicketKeys:
    """The signer in use and the retired keys still accepted."""

    signer: TicketSigner
    retired: tuple[AcceptedKey, ...] = ()

    def __repr__(self) -> str:
        return f"<TicketKeys signer={self.signer.kid} retired={[key.kid for key in self.retired]}>"

    @classmethod
    def generate(cls) -> TicketKeys:
        return cls(TicketSigner.generate(1))

    def public_keys(self, now: datetime) -> dict[int, Ed25519PublicKey]:
        """What `verify_offline` takes."""
        kept = {key.kid: key.public_key for key in self.retired if now < key.until}
        return kept | {self.signer.kid: self.signer.public_key}

    def tag_keys(self, now: datetime) -> dict[int, bytes]:
        """What `verify_online` takes."""
        kept = {key.kid: key.tag_key for key in self.retired if now < key.until}
        return kept | {self.signer.kid: self.signer.tag_key}

    def rotate(self, now: datetime, accept_until: datetime) -> TicketKeys:
        """A new signer; the old one is accepted until `accept_until`, which should be the last expiry it has signed."""
        old = AcceptedKey(self.signer.kid, self.signer.public_key, self.signer.tag_key, accept_until)
        retired = (*(key for key in self.retired if now < key.until), old)
        taken = {key.kid for key in retired}
        after = (*range(self.signer.kid + 1, 256), *range(1, self.signer.kid))
        free = next((kid for kid in after if kid not in taken), None)
        if free is None:
            raise BadTicketKeys("Every key id is still accepted; rotate less often.", path="ticket.kid")
        return TicketKeys(TicketSigner.generate(free), retired)

    def to_private_dict(self) -> dict[str, Any]:
        """Everything, as JSON values for the key file. Secret."""
        return {
            "kid": self.signer.kid,
            "ed25519": _b64(self.signer.private_key.private_bytes_raw()),
            "tag": _b64(self.signer.tag_key),
            "retired": [
                {
                    "kid": key.kid,
                    "ed25519_public": _b64(key.public_key.public_bytes_raw()),
                    "tag": _b64(key.tag_key),
                    "until": key.until.isoformat(),
                }
                for key in self.retired
            ],
        }

    @classmethod
    def from_private_dict(cls, document: Mapping[str, Any]) -> TicketKeys:
        try:
            signer = TicketSigner(
                document["kid"],
                Ed25519PrivateKey.from_private_bytes(_unb64(document["ed25519"])),
                _unb64(document["tag"]),
            )
            return cls(signer, tuple(_accepted(entry) for entry in document.get("retired", ())))
        except (KeyError, TypeError, ValueError) as error:
            raise BadTicketKeys("The ticket part of the key file is damaged.", path="ticket") from error

    def public_jwks(self, now: datetime, *, hosts: Collection[str] = ()) -> dict[str, Any]:
        """A JWK set (RFC 7517, 8037) for `/.well-known/`. `hosts` tells readers whose tickets these keys sign."""
        keys = [public_jwk(kid, key) for kid, key in sorted(self.public_keys(now).items())]
        return {"keys": keys, "hosts": sorted(hosts)} if hosts else {"keys": keys}


def public_jwk(kid: int, public_key: Ed25519PublicKey) -> dict[str, Any]:
    x = _b64(public_key.public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": str(kid), "x": x}


def public_keys_from_jwks(document: Mapping[str, Any]) -> dict[int, Ed25519PublicKey]:
    """The ticket keys of a JWK set, by key id; keys of other kinds are left alone."""
    try:
        return {
            int(key["kid"]): Ed25519PublicKey.from_public_bytes(_unb64(key["x"]))
            for key in document["keys"]
            if key.get("crv") == "Ed25519" and str(key.get("kid", "")).isdecimal()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadTicketKeys("This is not a JWK set with ticket keys.", path="keys") from error


def _accepted(entry: Mapping[str, Any]) -> AcceptedKey:
    until = datetime.fromisoformat(entry["until"])
    if until.tzinfo is None:
        raise ValueError("a retired key's end has no zone")
    public_key = Ed25519PublicKey.from_public_bytes(_unb64(entry["ed25519_public"]))
    return AcceptedKey(entry["kid"], public_key, _unb64(entry["tag"]), until)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
