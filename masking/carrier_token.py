"""A courier's identity as the carrier itself vouches for it: a signed JWT, checked against the carrier's JWK set.

Knows bytes, keys and the moment handed in; fetches nothing. Small on purpose: three algorithms, each bound to its kind of key; the
key is chosen by `kid`, never tried in turn; what this file does not understand, it refuses. A claim never widens what the policy
grants: it only says who is asking.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from masking.errors import VeilwayError
from masking.policy import COURIERS, Reader

LEEWAY = timedelta(seconds=60)
LONGEST_LIFE = timedelta(hours=24)  # a shift; a token that lives longer cannot be taken back in time
MAX_TOKEN = 8192
MAX_KEYS = 32
_RSA_BITS = 2048
_EC_BYTES = 32

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class CarrierTokenRefused(VeilwayError):
    """A token that does not prove who asks. One code whatever the reason; `path` names the part, for the carrier's own log."""

    code = "carrier_token_refused"


class JwksInvalid(VeilwayError):
    """A JWK set that is not one, or that holds private keys."""

    code = "jwks_invalid"


@dataclass(frozen=True, slots=True)
class KeySet:
    """The carrier's public keys by `kid`, each with the one algorithm it is good for."""

    keys: Mapping[str, tuple[str, PublicKey]] = field(repr=False)

    @classmethod
    def from_jwks(cls, document: Mapping[str, Any]) -> KeySet:
        """The keys that can sign tokens; keys of other kinds and uses are left alone."""
        listed = document.get("keys")
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise JwksInvalid(f"a JWK set has a list of at most {MAX_KEYS} keys", path="keys")
        keys: dict[str, tuple[str, PublicKey]] = {}
        for number, jwk in enumerate(listed):
            if not isinstance(jwk, dict):
                raise JwksInvalid("a key is an object", path=f"keys[{number}]")
            if {"d", "k", "p"} & jwk.keys():
                raise JwksInvalid(
                    "the set holds a private or secret key; it is lost, replace it", path=f"keys[{number}]"
                )
            read = _read_key(jwk, f"keys[{number}]")
            kid = jwk.get("kid")
            if read is None or not isinstance(kid, str):
                continue
            if kid in keys:
                raise JwksInvalid("two keys have one kid", path=f"keys[{number}].kid")
            keys[kid] = read
        return cls(keys)


@dataclass(frozen=True, slots=True)
class CarrierIdentity:
    """Who the carrier says is asking."""

    subject: str
    """The carrier's own id of the person, opaque to us."""
    role: Reader
    station: str
    expires: datetime


def verify_token(token: str, *, keys: KeySet, issuer: str, audience: str, now: datetime) -> CarrierIdentity:
    """The identity in a token of this issuer for this audience that is good now. Raises `carrier_token_refused`."""
    header, claims, signed, signature = _split(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    found = keys.keys.get(kid) if isinstance(kid, str) else None
    if found is None or found[0] != algorithm or "crit" in header or "jku" in header or "jwk" in header:
        raise _refused("header")
    if not _holds(found[1], signature, signed):
        raise _refused("signature")
    return _identity(claims, issuer, audience, now)


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    parts = token.split(".") if len(token) <= MAX_TOKEN and token.isascii() else []
    if len(parts) != 3:
        raise _refused("form")
    header, claims = _object(parts[0], "header"), _object(parts[1], "claims")
    signature = _decoded(parts[2])
    if signature is None:
        raise _refused("signature")
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), signature


def _identity(claims: Mapping[str, Any], issuer: str, audience: str, now: datetime) -> CarrierIdentity:
    if claims.get("iss") != issuer:
        raise _refused("iss")
    named = claims.get("aud")
    if audience not in (named if isinstance(named, list) else [named]):
        raise _refused("aud")
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    begins = _seconds(claims, "nbf") if "nbf" in claims else issued
    if moment >= expires + leeway:
        raise _refused("exp")
    # Issued in the future, too: the life below is counted from there.
    if moment < max(issued, begins) - leeway:
        raise _refused("nbf")
    if expires - issued > LONGEST_LIFE.total_seconds():
        raise _refused("exp")
    subject, station = claims.get("sub"), claims.get("station", "")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 128 or not isinstance(station, str):
        raise _refused("sub")
    role = claims.get("role")
    if not isinstance(role, str) or role not in COURIERS:
        raise _refused("role")
    return CarrierIdentity(subject, Reader(role), station, datetime.fromtimestamp(expires, now.tzinfo))


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise _refused(name)
    return float(value)


def _holds(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, signed, PKCS1v15(), SHA256())
        elif len(signature) != 2 * _EC_BYTES:
            return False
        else:
            halves = (int.from_bytes(signature[i : i + _EC_BYTES], "big") for i in (0, _EC_BYTES))
            key.verify(encode_dss_signature(*halves), signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _read_key(jwk: Mapping[str, Any], path: str) -> tuple[str, PublicKey] | None:
    if jwk.get("use", "sig") != "sig":
        return None
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "OKP", "Ed25519":
                algorithm, key = "EdDSA", _ed25519(jwk)
            case "EC", "P-256":
                algorithm, key = "ES256", _p256(jwk)
            case "RSA", _:
                algorithm, key = "RS256", _rsa(jwk)
            case _:
                return None
    except (ValueError, KeyError, TypeError):
        raise JwksInvalid("the key's numbers are not a key", path=path) from None
    return (algorithm, key) if jwk.get("alg", algorithm) == algorithm else None


def _ed25519(jwk: Mapping[str, Any]) -> PublicKey:
    return Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))


def _p256(jwk: Mapping[str, Any]) -> PublicKey:
    x, y = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def _rsa(jwk: Mapping[str, Any]) -> PublicKey:
    n, e = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("n", "e"))
    if n.bit_length() < _RSA_BITS:
        raise ValueError
    return RSAPublicNumbers(e, n).public_key()


def _bytes(text: str) -> bytes:
    raw = _decoded(text)
    if raw is None:
        raise ValueError
    return raw


def _object(part: str, name: str) -> dict[str, Any]:
    raw = _decoded(part)
    try:
        told = json.loads(raw or b"", object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _refused(name) from None
    if not isinstance(told, dict):
        raise _refused(name)
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member named twice means one thing to one reader and another to the next: refused."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError
    return told


def _decoded(text: str) -> bytes | None:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if urlsafe_b64encode(raw).decode().rstrip("=") == text else None


def _refused(part: str) -> CarrierTokenRefused:
    return CarrierTokenRefused("the carrier's token does not prove who is asking", path=part)
