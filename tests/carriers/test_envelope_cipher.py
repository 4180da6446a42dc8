"""Ciphers are the standards', and a field that does not decipher is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from carriers import envelope_cipher
from carriers.errors import CarrierRefusal


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


def test_sm4_is_the_standards() -> None:
    """GB/T 32907-2016, appendix A.1."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    worker = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert worker.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    assert envelope_cipher.sm4_ecb(key, key, encrypt=True)[:16].hex() == "681edf34d206965e86b3e94f536e4246"


KEY = base64.b64encode(bytes(range(16))).decode()


@given(st.binary(max_size=200), st.sampled_from(sorted(envelope_cipher.CIPHERS)))
def test_a_cipher_opens_what_it_closed(document: bytes, name: str) -> None:
    field = envelope_cipher.encrypt(name, document, KEY, "")
    assert envelope_cipher.decrypt(name, field, KEY, "") == document


def test_ems_writes_its_mark_and_appends_the_key() -> None:
    field = envelope_cipher.encrypt("ems_sm4", b'{"a":1}', KEY, "")
    assert field.startswith(b"|$4|")
    plain = envelope_cipher.sm4_ecb(bytes(range(16)), base64.b64decode(field[4:]), encrypt=False)
    assert plain == b'{"a":1}' + KEY.encode()


@pytest.mark.parametrize("field", [b"", b"|$4|", b"|$4|!!!!", b"|$4|" + base64.b64encode(b"x" * 16), b"plain"])
def test_a_field_that_does_not_decipher_is_refused(field: bytes) -> None:
    assert refusal_of(envelope_cipher.decrypt, "ems_sm4", field, KEY, "form:x") == "cipher_broken"


def test_a_cipher_without_a_key_says_so() -> None:
    assert refusal_of(envelope_cipher.decrypt, "ems_sm4", b"|$4|", None, "form:x") == "cipher_key_missing"
