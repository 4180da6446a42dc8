"""A carrier's word for its courier: every way a JWT has been forged before."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from masking.carrier_token import CarrierIdentity, CarrierTokenRefused, JwksInvalid, KeySet, verify_token
from masking.policy import COURIERS, Reader

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ED, EC, RSA = (
    Ed25519PrivateKey.generate(),
    ec.generate_private_key(ec.SECP256R1()),
    rsa.generate_private_key(65537, 2048),
)


def coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def number(value: int) -> str:
    return coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


EC_NUMBERS, RSA_NUMBERS = EC.public_key().public_numbers(), RSA.public_key().public_numbers()
JWKS: list[dict[str, Any]] = [
    {"kid": "ed", "kty": "OKP", "crv": "Ed25519", "x": coded(ED.public_key().public_bytes_raw())},
    {
        "kid": "ec",
        "kty": "EC",
        "crv": "P-256",
        "x": coded(EC_NUMBERS.x.to_bytes(32, "big")),
        "y": coded(EC_NUMBERS.y.to_bytes(32, "big")),
    },
    {"kid": "rsa", "kty": "RSA", "n": number(RSA_NUMBERS.n), "e": number(RSA_NUMBERS.e), "alg": "RS256", "use": "sig"},
]
KEYS = KeySet.from_jwks({"keys": JWKS})
ALGORITHMS = {"ed": "EdDSA", "ec": "ES256", "rsa": "RS256"}
CLAIMS = {
    "iss": "https://sto.example",
    "aud": "veilway",
    "sub": "e-17",
    "role": "delivery",
    "station": "s1",
    "iat": SECONDS,
    "exp": SECONDS + 600,
}


def sign(kid: str, signed: bytes) -> bytes:
    if kid == "ed":
        return ED.sign(signed)
    if kid == "rsa":
        return RSA.sign(signed, PKCS1v15(), SHA256())
    halves = decode_dss_signature(EC.sign(signed, ec.ECDSA(SHA256())))
    return b"".join(half.to_bytes(32, "big") for half in halves)


def token(by: str = "ed", claims: Any = None, **header: Any) -> str:
    head = {"alg": ALGORITHMS[by], "kid": by, "typ": "JWT", **header}
    parts = [coded(json.dumps(part).encode()) for part in (head, CLAIMS if claims is None else claims)]
    signed = ".".join(parts)
    return f"{signed}.{coded(sign(by, signed.encode()))}"


def verified(made: str, now: datetime = NOW, **changed: Any) -> CarrierIdentity:
    return verify_token(
        made, **{"keys": KEYS, "issuer": "https://sto.example", "audience": "veilway", **changed}, now=now
    )


def refused(made: str, now: datetime = NOW, **changed: Any) -> str:
    with pytest.raises(CarrierTokenRefused) as error:
        verified(made, now, **changed)
    assert (error.value.code, str(error.value)) == (
        "carrier_token_refused",
        "the carrier's token does not prove who is asking",
    )
    return error.value.path or ""


@pytest.mark.parametrize("kid", ALGORITHMS)
def test_a_token_of_the_carrier_says_who_is_asking(kid: str) -> None:
    told = verified(token(kid))
    assert (told.subject, told.role, told.station) == ("e-17", Reader.DELIVERY, "s1")
    assert told.expires == NOW + timedelta(seconds=600)


@pytest.mark.parametrize("kid", ALGORITHMS)
@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "ES256", "EdDSA", "RS512", "", None, 1])
def test_the_key_decides_the_algorithm_and_not_the_token(kid: str, algorithm: Any) -> None:
    if algorithm != ALGORITHMS[kid]:
        assert refused(token(kid, alg=algorithm)) == "header"


def test_a_public_key_is_no_shared_secret() -> None:
    signed = ".".join(coded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "rsa"}, CLAIMS))
    for secret in (json.dumps(JWKS[2]).encode(), RSA_NUMBERS.n.to_bytes(256, "big")):
        assert refused(f"{signed}.{coded(hmac.digest(secret, signed.encode(), 'sha256'))}") == "header"


@pytest.mark.parametrize(
    "header",
    [{"kid": "other"}, {"kid": None}, {"kid": ["ed"]}, {"crit": ["b64"]}, {"jku": "https://x"}, {"jwk": JWKS[0]}],
    ids=["foreign", "none", "list", "crit", "jku", "jwk"],  # a key made at random is no name: workers must agree on it
)
def test_a_header_that_wants_another_key_or_more_understanding_is_refused(header: dict[str, Any]) -> None:
    assert refused(token(**header)) == "header"


@pytest.mark.parametrize("kid", ALGORITHMS)
def test_every_part_is_signed(kid: str) -> None:
    head, body, signature = token(kid).split(".")
    other = coded(json.dumps({**CLAIMS, "sub": "e-18"}).encode())
    assert refused(f"{head}.{other}.{signature}") == "signature"
    assert refused(f"{head}.{body}.{coded(bytes(64))}") == "signature"
    assert refused(f"{head}.{body}.") == "signature"
    assert refused(f"{head}.{body}.{signature}A") == "signature"
    assert refused(token("ed").rpartition(".")[0] + "." + token("ec").rpartition(".")[2]) == "signature"


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"iss": "https://other.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": ["other"]}, "aud"),
        ({"aud": "veilway2"}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": SECONDS - 60}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "9999999999"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e12}, "exp"),
        ({"exp": SECONDS + 86401}, "exp"),
        ({"iat": SECONDS + 61}, "nbf"),
        ({"iat": None}, "iat"),
        ({"nbf": SECONDS + 61}, "nbf"),
        ({"nbf": SECONDS - 5, "iat": SECONDS + 10**9, "exp": SECONDS + 10**9 + 60}, "nbf"),
        ({"nbf": "x"}, "nbf"),
        ({"sub": ""}, "sub"),
        ({"sub": 17}, "sub"),
        ({"sub": "x" * 129}, "sub"),
        ({"station": 1}, "sub"),
        ({"role": "shop"}, "role"),
        ({"role": "switch"}, "role"),
        ({"role": None}, "role"),
        ({"role": ["delivery"]}, "role"),
    ],
    ids=str,
)
def test_a_claim_that_does_not_hold_is_refused(claims: dict[str, Any], path: str) -> None:
    assert refused(token(claims={**CLAIMS, **claims})) == path


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["a", "veilway"]},
        {"nbf": SECONDS + 60},
        {"iat": SECONDS + 60},
        {"exp": SECONDS - 59, "iat": SECONDS - 600},
        {"exp": SECONDS + 86400},
    ],
    ids=str,
)
def test_a_claim_at_its_edge_holds(claims: dict[str, Any]) -> None:
    assert verified(token(claims={**CLAIMS, **claims})).subject == "e-17"


def test_a_token_expires_to_the_second() -> None:
    edge = NOW + timedelta(seconds=660)
    assert verified(token(), edge - timedelta(seconds=1)).subject == "e-17"
    assert refused(token(), edge) == "exp"


def test_every_couriers_role_and_no_other_reader_can_be_vouched_for() -> None:
    for reader in Reader:
        made = token(claims={**CLAIMS, "role": reader.value})
        if reader in COURIERS:
            assert verified(made).role is reader
        else:
            refused(made)


@pytest.mark.parametrize(
    "made",
    ["", ".", "..", "a.b", "a.b.c.d", "é.b.c", token() + "=", token() + "\n", "." + token(), "x" * 9000],
    ids=lambda made: made[:9],
)
def test_another_form_is_refused(made: str) -> None:
    refused(made)


@pytest.mark.parametrize(
    "body", [b"", b"1", b"[]", b"{", b'{"a":1,"a":2}', b"[" * 5000, b"\xff"], ids=lambda body: body[:9]
)
def test_claims_that_are_no_plain_object_are_refused(body: bytes) -> None:
    head = coded(json.dumps({"alg": "EdDSA", "kid": "ed"}).encode())
    signed = f"{head}.{coded(body)}"
    assert refused(f"{signed}.{coded(sign('ed', signed.encode()))}") in {"claims", "iss"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": {}},
        {"keys": ["x"]},
        {"keys": [JWKS[0]] * 2},
        {"keys": [{**JWKS[0], "kid": str(i)} for i in range(33)]},
        {"keys": [{**JWKS[0], "d": "AA"}]},
        {"keys": [{"kty": "oct", "kid": "x", "k": "AA"}]},
        {"keys": [{**JWKS[0], "x": "AA"}]},
        {"keys": [{**JWKS[0], "x": JWKS[0]["x"] + "="}]},
        {"keys": [{**JWKS[1], "y": JWKS[1]["x"]}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "x"}]},
        {"keys": [{**JWKS[2], "n": number(2**1023 + 1)}]},
        {"keys": [{**JWKS[2], "e": 65537}]},
    ],
    ids=[f"document {n}" for n in range(13)],
)
def test_a_key_set_that_is_none_or_tells_secrets_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(JwksInvalid) as error:
        KeySet.from_jwks(document)
    assert error.value.__cause__ is None


def test_keys_for_other_uses_are_left_alone() -> None:
    others = [
        {**JWKS[0], "use": "enc"},
        {**JWKS[1], "alg": "ECDH-ES"},
        {"kty": "OKP", "crv": "X25519", "kid": "z", "x": "AA"},
        {**JWKS[2], "kid": 3},
    ]
    assert KeySet.from_jwks({"keys": others}).keys == {}
    assert refused(token(), keys=KeySet.from_jwks({"keys": others})) == "header"


def test_no_repr_tells_keys() -> None:
    assert "keys" not in repr(KEYS)
