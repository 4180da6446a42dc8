"""Carriers' and shops' secrets at rest: sealed like any record, opened only to sign or to verify. Knows no table.

A carrier's check word is no personal value and its use is no disclosure, so it does not pass `masking/disclosure.py`; it has
a key of its own, derived from the keyring, and is bound to its owner's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.settings import ConfigError
from masking.keyring import Keyring


def _aead(keyring: Keyring, owner: str) -> AESGCM:
    return AESGCM(keyring.tenant_key("secrets", owner))


def seal_secrets(keyring: Keyring, owner: str, secrets: Mapping[str, str]) -> bytes:
    """Version, nonce, ciphertext; `owner` is the carrier or credential that they belong to."""
    nonce = os.urandom(12)
    return b"\1" + nonce + _aead(keyring, owner).encrypt(nonce, msgspec.json.encode(dict(secrets)), owner.encode())


def open_secrets(keyring: Keyring, owner: str, sealed: bytes) -> dict[str, str]:
    """The secrets of `owner`. Raises `ConfigError` where they were sealed under another keyring."""
    try:
        plain = _aead(keyring, owner).decrypt(sealed[1:13], sealed[13:], owner.encode())
    except InvalidTag:
        raise ConfigError(f"the secrets of {owner} were sealed under another keyring", path=owner) from None
    return msgspec.json.decode(plain, type=dict[str, str])
