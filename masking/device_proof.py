"""Proof that a courier's request comes from the enrolled device: a signature by a key that never leaves it.

A stolen token is worth nothing without the device. Knows keys, bytes and the moment handed in; knows no HTTP and no table. The proof
is one header, `Veilway-Proof: v1.<unix seconds>.<nonce>.<signature>` (nonce and signature base64url without padding), and signs

    veilway-proof-v1 \\n METHOD \\n path with query \\n SHA-256 of the body, hex \\n SHA-256 of the token, hex \\n seconds \\n nonce

A device key is text: `ed25519:` and 32 bytes, or `es256:` and the 65 bytes of an uncompressed P-256 point, in base64url; both are what
a browser's WebCrypto exports as "raw". An ES256 signature is r and s, 64 bytes, as WebCrypto gives it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from masking.errors import VeilwayError

WINDOW = timedelta(
    minutes=2
)  # phones keep time to seconds; two minutes forgive a slow network and bound the nonces kept
_PROOF = re.compile(r"v1\.([1-9][0-9]{9,10})\.([A-Za-z0-9_-]{16,43})\.([A-Za-z0-9_-]{86})", re.ASCII)
_POINT, _SIGNATURE = 65, 64


class ProofRefused(VeilwayError):
    """A proof that does not hold. One code whatever the reason: a forger learns nothing from it."""

    code = "proof_refused"


class DeviceKeyInvalid(VeilwayError):
    """A text that is no device key."""

    code = "device_key_invalid"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """The public half of a device's key."""

    key: Ed25519PublicKey | EllipticCurvePublicKey

    @classmethod
    def parse(cls, text: str) -> DeviceKey:
        """The key of its text. Raises `device_key_invalid`, also for a point that is not on the curve."""
        kind, _, coded = text.partition(":")
        raw = _decoded(coded)
        try:
            if kind == "ed25519" and raw is not None:
                return cls(Ed25519PublicKey.from_public_bytes(raw))
            if kind == "es256" and raw is not None and len(raw) == _POINT and raw[0] == 4:
                return cls(EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw))
        except ValueError:
            pass
        raise DeviceKeyInvalid("a device key is ed25519: or es256: and its bytes in base64url", path="device_key")

    def holds(self, signature: bytes, signed: bytes) -> bool:
        """Whether the key made this signature."""
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, signed)
            else:
                halves = (int.from_bytes(signature[i : i + 32], "big") for i in (0, 32))
                self.key.verify(encode_dss_signature(*halves), signed, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def signed_text(*, method: str, target: str, body: bytes, token: str, seconds: int, nonce: str) -> bytes:
    """The bytes that a device signs. `target` is path and query exactly as sent."""
    digests = f"{sha256(body).hexdigest()}\n{sha256(token.encode()).hexdigest()}"
    return f"veilway-proof-v1\n{method.upper()}\n{target}\n{digests}\n{seconds}\n{nonce}".encode()


def verify_proof(
    proof: str, *, key: DeviceKey, method: str, target: str, body: bytes, token: str, now: datetime
) -> str:
    """The nonce of a proof that holds now; `Nonces.spend` it once. Raises `proof_refused`."""
    found = _PROOF.fullmatch(proof)
    if found is None:
        raise _refused()
    seconds, nonce, signature = int(found[1]), found[2], _decoded(found[3])
    if abs(now.timestamp() - seconds) > WINDOW.total_seconds() or signature is None or len(signature) != _SIGNATURE:
        raise _refused()
    signed = signed_text(method=method, target=target, body=body, token=token, seconds=seconds, nonce=nonce)
    if not key.holds(signature, signed):
        raise _refused()
    return nonce


class Nonces:
    """The nonces spent within the window, so that a proof seen on the wire is worth nothing. One process's memory, bounded."""

    __slots__ = ("_limit", "_spent")

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._spent: OrderedDict[tuple[str, str], float] = OrderedDict()

    def spend(self, courier: str, nonce: str, now: datetime) -> None:
        """Take the nonce; raises `proof_refused` where it is taken, or where more are kept than memory is meant for."""
        moment = now.timestamp()
        # A proof may be dated up to one window ahead and is good for another: after two no proof with this nonce holds.
        oldest = moment - 2 * WINDOW.total_seconds()
        while self._spent and next(iter(self._spent.values())) < oldest:
            self._spent.popitem(last=False)
        if (courier, nonce) in self._spent or len(self._spent) >= self._limit:
            raise _refused()
        self._spent[courier, nonce] = moment

    def __len__(self) -> int:
        return len(self._spent)


def device_key_text(key: Ed25519PublicKey | EllipticCurvePublicKey) -> str:
    """The text that `DeviceKey.parse` reads."""
    if isinstance(key, Ed25519PublicKey):
        return f"ed25519:{_coded(key.public_bytes_raw())}"
    numbers = key.public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return f"es256:{_coded(point)}"


def unix_seconds(at: datetime) -> int:
    """The seconds that a proof made at this moment carries."""
    return int(at.astimezone(UTC).timestamp())


def _decoded(text: str) -> bytes | None:
    """Base64url without padding, in its one canonical spelling; None for anything else."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _coded(raw) == text else None


def _coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _refused() -> ProofRefused:
    return ProofRefused("the request does not prove that it comes from the enrolled device")
