"""Proof of possession: this request, this token, this device, now, once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.device_proof import (
    WINDOW,
    DeviceKey,
    DeviceKeyInvalid,
    Nonces,
    ProofRefused,
    device_key_text,
    signed_text,
    unix_seconds,
    verify_proof,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ED25519 = Ed25519PrivateKey.generate()
ES256 = generate_private_key(SECP256R1())
NONCE = "n" * 22
REQUEST: dict[str, Any] = {"method": "POST", "target": "/v1/scans?x=1", "body": b'{"ticket":"t"}', "token": "vc_1"}

Private = Ed25519PrivateKey | EllipticCurvePrivateKey


def coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def signature(key: Private, signed: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(signed)
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def proof(key: Private = ED25519, at: datetime = NOW, nonce: str = NONCE, **changed: Any) -> str:
    signed = signed_text(**{**REQUEST, **changed}, seconds=unix_seconds(at), nonce=nonce)
    return f"v1.{unix_seconds(at)}.{nonce}.{coded(signature(key, signed))}"


def verified(made: str, key: Private = ED25519, now: datetime = NOW, **changed: Any) -> str:
    device = DeviceKey.parse(device_key_text(key.public_key()))
    return verify_proof(made, key=device, now=now, **{**REQUEST, **changed})


@pytest.mark.parametrize("key", [ED25519, ES256], ids=["ed25519", "es256"])
def test_a_request_signed_by_the_device_is_proved(key: Private) -> None:
    assert verified(proof(key), key) == NONCE
    assert verified(proof(key, method="post"), key) == NONCE


def test_the_signed_text_never_changes() -> None:
    assert signed_text(method="get", target="/a?b", body=b"", token="", seconds=1, nonce="n") == (
        b"veilway-proof-v1\nGET\n/a?b\n"
        b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n1\nn"
    )


@pytest.mark.parametrize("key", [ED25519, ES256], ids=["ed25519", "es256"])
@pytest.mark.parametrize(
    "changed", [{"method": "GET"}, {"target": "/v1/scans"}, {"body": b""}, {"token": "vc_2"}], ids=str
)
def test_a_proof_of_another_request_is_refused(key: Private, changed: dict[str, Any]) -> None:
    with pytest.raises(ProofRefused):
        verified(proof(key), key, **changed)


def test_a_proof_by_another_device_is_refused() -> None:
    for key, other in (
        (ED25519, Ed25519PrivateKey.generate()),
        (ES256, generate_private_key(SECP256R1())),
        (ED25519, ES256),
    ):
        with pytest.raises(ProofRefused):
            verified(proof(key), other)
        with pytest.raises(ProofRefused):
            verified(proof(other), key)


@pytest.mark.parametrize(
    ("off", "good"), [(timedelta(0), True), (WINDOW, True), (WINDOW + timedelta(seconds=1), False)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_proof_is_good_within_its_window_only(off: timedelta, good: bool, sign: int) -> None:
    made = proof(at=NOW + sign * off)
    if good:
        assert verified(made) == NONCE
    else:
        with pytest.raises(ProofRefused):
            verified(made)


@settings(max_examples=120)
@given(st.data())
def test_no_character_of_a_proof_may_change(data: st.DataObject) -> None:
    made = proof()
    at = data.draw(st.integers(0, len(made) - 1))
    sign = data.draw(st.sampled_from("aA0_-.=+ ٣").filter(lambda sign: sign != made[at]))
    with pytest.raises(ProofRefused) as refused:
        verified(made[:at] + sign + made[at + 1 :])
    assert str(refused.value) == "the request does not prove that it comes from the enrolled device"


@pytest.mark.parametrize(
    "made", ["", "v1", "v1.1.n.s", proof() + "\n", proof() + "=", "v2" + proof()[2:], proof().upper()]
)
def test_another_form_is_refused(made: str) -> None:
    with pytest.raises(ProofRefused):
        verified(made)


def test_zero_halves_are_no_signature() -> None:
    made = f"v1.{unix_seconds(NOW)}.{NONCE}.{coded(bytes(64))}"
    for key in (ED25519, ES256):
        with pytest.raises(ProofRefused):
            verified(made, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519",
        "ed25519:",
        "ed25519:AAAA",
        "rsa:" + coded(bytes(32)),
        "ED25519:" + coded(bytes(32)),
        "ed25519:" + coded(bytes(32)) + "=",
        "ed25519:" + coded(bytes(32))[:-1] + "B",
        "es256:" + coded(bytes(32)),
        "es256:" + coded(b"\x04" + bytes(64)),
        "es256:" + coded(b"\x02" + bytes(32)),
        "es256:" + coded(b"\x04" + b"\xff" * 64),
    ],
)
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(DeviceKeyInvalid):
        DeviceKey.parse(text)


def test_a_nonce_is_spent_once_by_each_courier() -> None:
    nonces = Nonces()
    nonces.spend("c1", NONCE, NOW)
    nonces.spend("c2", NONCE, NOW)
    for later in (timedelta(0), 2 * WINDOW):
        with pytest.raises(ProofRefused):
            nonces.spend("c1", NONCE, NOW + later)


def test_a_nonce_is_kept_as_long_as_any_proof_with_it_could_hold() -> None:
    ahead = proof(at=NOW + WINDOW)
    assert verified(ahead) == verified(ahead, now=NOW + 2 * WINDOW) == NONCE
    nonces = Nonces()
    nonces.spend("c1", NONCE, NOW)
    with pytest.raises(ProofRefused):
        nonces.spend("c1", NONCE, NOW + 2 * WINDOW)
    nonces.spend("c1", "other", NOW + 2 * WINDOW + timedelta(seconds=1))
    assert len(nonces) == 1


def test_nonces_are_bounded_and_a_full_memory_refuses() -> None:
    nonces = Nonces(limit=2)
    nonces.spend("c", "1", NOW)
    nonces.spend("c", "2", NOW)
    with pytest.raises(ProofRefused):
        nonces.spend("c", "3", NOW)
    nonces.spend("c", "3", NOW + 3 * WINDOW)
