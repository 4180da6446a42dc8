"""Ciphered fields: what a carrier encrypts instead of signing. Knows ciphers and keys; knows no document.

Each cipher is named; profiles open one as `form:logitcsInterface~ems_sm4~$`. The secret it needs is named by the profile's `ciphers` table.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from carriers.errors import CarrierRefusal

_EMS_PREFIX = b"|$4|"
_BLOCK_BITS = 128


class CipherScheme(NamedTuple):
    """A named cipher: bytes of the field <-> bytes of the document, under one secret."""

    encrypt: Callable[[bytes, str], bytes]
    decrypt: Callable[[bytes, str], bytes]


PROVING = frozenset(("ems_sm4",))
"""Ciphers under which a document shows who ciphered it: the key stands behind the text. Under others one text in 256 deciphers to something."""


def sm4_ecb(key: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """SM4 (GB/T 32907) in ECB mode with PKCS#7 padding. ECB is the carrier's choice: equal blocks show."""
    return _run(Cipher(algorithms.SM4(key), modes.ECB()), data, encrypt=encrypt)  # noqa: S305


def aes_ecb(key: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """AES in ECB mode with PKCS#7 padding, as SF's international interface has it."""
    return _run(Cipher(algorithms.AES(key), modes.ECB()), data, encrypt=encrypt)  # noqa: S305


def _run(cipher: Cipher[modes.ECB], data: bytes, *, encrypt: bool) -> bytes:
    if encrypt:
        padder = PKCS7(_BLOCK_BITS).padder()
        worker = cipher.encryptor()
        return worker.update(padder.update(data) + padder.finalize()) + worker.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    reader = cipher.decryptor()
    return unpadder.update(reader.update(data) + reader.finalize()) + unpadder.finalize()


def _ems_encrypt(document: bytes, secret: str) -> bytes:
    """EMS: '|$4|' + base64(SM4-ECB(json + key, base64decode(key)))."""
    return _EMS_PREFIX + base64.b64encode(sm4_ecb(_ems_key(secret), document + secret.encode(), encrypt=True))


def _ems_decrypt(field: bytes, secret: str) -> bytes:
    if not field.startswith(_EMS_PREFIX):
        raise ValueError
    plain = sm4_ecb(_ems_key(secret), base64.b64decode(field[len(_EMS_PREFIX) :], validate=True), encrypt=False)
    if not plain.endswith(secret.encode()):
        raise ValueError
    return plain[: -len(secret.encode())]


def _ems_push_encrypt(document: bytes, secret: str) -> bytes:
    """EMS's pushes: the same cipher, and no key behind the document."""
    return _EMS_PREFIX + base64.b64encode(sm4_ecb(_ems_key(secret), document, encrypt=True))


def _ems_push_decrypt(field: bytes, secret: str) -> bytes:
    if not field.startswith(_EMS_PREFIX):
        raise ValueError
    return sm4_ecb(_ems_key(secret), base64.b64decode(field[len(_EMS_PREFIX) :], validate=True), encrypt=False)


def _ems_key(secret: str) -> bytes:
    return base64.b64decode(secret, validate=True)


def _aes_encrypt(document: bytes, secret: str) -> bytes:
    return base64.b64encode(aes_ecb(_ems_key(secret), document, encrypt=True))


def _aes_decrypt(field: bytes, secret: str) -> bytes:
    return aes_ecb(_ems_key(secret), base64.b64decode(field, validate=True), encrypt=False)


CIPHERS = {
    "ems_sm4": CipherScheme(_ems_encrypt, _ems_decrypt),
    "ems_sm4_push": CipherScheme(_ems_push_encrypt, _ems_push_decrypt),
    "aes_ecb": CipherScheme(_aes_encrypt, _aes_decrypt),
}


def decrypt(name: str, field: bytes, secret: str | None, path: str) -> bytes:
    """The document in the field. Raises CarrierRefusal: cipher_key_missing, cipher_broken."""
    if secret is None:
        raise CarrierRefusal("a ciphered field, and no key to open it", code="cipher_key_missing", path=path)
    try:
        return CIPHERS[name].decrypt(field, secret)
    except (ValueError, binascii.Error):
        raise CarrierRefusal(
            "the field does not decipher under the shop's key", code="cipher_broken", path=path
        ) from None


def encrypt(name: str, document: bytes, secret: str | None, path: str) -> bytes:
    """The field for the document."""
    if secret is None:
        raise CarrierRefusal("a ciphered field, and no key to close it", code="cipher_key_missing", path=path)
    return CIPHERS[name].encrypt(document, secret)
