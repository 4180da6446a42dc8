"""Seal and unseal the groups of a record. Bytes in, bytes out: knows keys and contexts; knows no field, no table, no request.

A record (an order) has one data key of 32 random bytes, wrapped by the keyring's current key. Each group of the record
(name, phone, address, …) is sealed by itself, so a reader opens only what the disclosure needs. `masking/disclosure.py` is the
only caller of `unseal` (a house test keeps it so). Format, final:

    ciphertext = version 1 | suite 1 | key number 4 | nonce 12 | AES-256-GCM ciphertext | tag 16      (big-endian)
    bound to   = len4 "vw1" | suite 1 | len4 tenant | len4 record | len4 group | record version 4 | key number 4

A wrapped data key is a ciphertext of the same form in the group `#key`, version 0. The groups themselves carry key number 0,
"the record's own data key": a rotation rewraps 32 bytes and touches no group.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import lru_cache
from os import urandom
from struct import Struct

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from masking.errors import VeilwayError
from masking.keyring import Keyring, prefixed

VERSION = 1
SUITE_AES_256_GCM = 1
OWN_KEY = 0
WRAP_GROUP = "#key"

_HEADER = Struct(">BBI12s")
_TAIL = Struct(">II")
_OWN_HEADER = _HEADER.pack(VERSION, SUITE_AES_256_GCM, OWN_KEY, b"")[:6]
_NONCE, _KEY, _TAG = 12, 32, 16
_SHORTEST = _HEADER.size + _TAG
_OPENING = prefixed("vw1") + bytes([SUITE_AES_256_GCM])
# Length tells a name of two characters from one of four; a step hides that. Names and phones are short, the rest is not.
_STEPS = {"name": 32, "phone": 32}
_STEP = 64
# ISO/IEC 7816-4: one byte 0x80, then zeros up to the step. By step, what follows a plaintext of 0, 1, 2, … bytes past a full step.
_PADDING = {step: tuple([b"\x80".ljust(step - over, b"\0") for over in range(step)]) for step in (32, _STEP)}


class VaultError(VeilwayError):
    """A ciphertext that is not ours, not whole, or not of this place (`ciphertext_unknown`, `unseal_failed`)."""

    code = "unseal_failed"


class Sealed(msgspec.Struct, frozen=True, eq=False):
    """A record at rest. `wrapped` is all that has to die for the groups to be unreadable."""

    kid: int
    """The number of the key that `wrapped` stands under."""
    wrapped: bytes
    groups: dict[str, bytes]
    dek: AESGCM | None = None
    """The open data key, for as long as whoever sealed the record goes on with it (`Sealed.more`); never stored."""
    spare: list[bytes] = []
    """Nonces drawn with the key and not used yet; each is taken out as it is used."""

    def more(self, groups: Mapping[str, bytes], *, tenant: str, record: str, version: int = 1) -> dict[str, bytes]:
        """Seal further groups under the same data key without unwrapping it again."""
        if self.dek is None:
            raise VaultError("this record was not sealed here; use seal_more", path=WRAP_GROUP)
        nonces = self.spare.pop() if len(groups) == 1 and self.spare else urandom(_NONCE * len(groups))
        return _seal_groups(self.dek, _place(tenant, record), groups, version, nonces)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sealed)
            and self.kid == other.kid
            and self.wrapped == other.wrapped
            and self.groups == other.groups
        )

    def __repr__(self) -> str:
        return f"<Sealed under key {self.kid}: {' '.join(self.groups)}>"


def seal(keyring: Keyring, *, tenant: str, record: str, groups: Mapping[str, bytes], version: int = 1) -> Sealed:
    """Seal all groups under a fresh data key. The plaintexts are padded, so a ciphertext tells length only in steps."""
    kid = keyring.current
    # One draw for the key, every nonce, and one for what is added later: the system call is the dear part.
    random = urandom(_KEY + _NONCE * (len(groups) + 2))
    dek, nonce, spare = random[:_KEY], random[_KEY : _KEY + _NONCE], random[-_NONCE:]
    place = _place(tenant, record)
    wrapped = _encrypt(keyring.aead(kid), kid, nonce, dek, place + _of_key(kid))
    aead = AESGCM(dek)
    return Sealed(kid, wrapped, _seal_groups(aead, place, groups, version, random[_KEY + _NONCE :]), aead, [spare])


def seal_more(
    keyring: Keyring, wrapped: bytes, *, tenant: str, record: str, groups: Mapping[str, bytes], version: int = 1
) -> dict[str, bytes]:
    """Seal further groups (a kept answer, a caller) under the data key that the record already has."""
    place = _place(tenant, record)
    dek = AESGCM(_unwrap(keyring, wrapped, place))
    return _seal_groups(dek, place, groups, version, urandom(_NONCE * len(groups)))


def unseal(
    keyring: Keyring, wrapped: bytes, groups: Mapping[str, bytes], *, tenant: str, record: str, version: int = 1
) -> dict[str, bytes]:
    """Open the groups given, and no others. Raises `unseal_failed` where tenant, record, group or version is not theirs."""
    place = _place(tenant, record)
    dek = AESGCM(_unwrap(keyring, wrapped, place))
    return {group: _opened(dek, held, place + _of(group, version)[0], group) for group, held in groups.items()}


def rewrap(keyring: Keyring, wrapped: bytes, *, tenant: str, record: str) -> bytes:
    """The same data key under the keyring's current key. No record is opened; unchanged where the key is current already."""
    if key_number(wrapped) == keyring.current:
        return wrapped
    place, kid = _place(tenant, record), keyring.current
    dek = _unwrap(keyring, wrapped, place)
    return _encrypt(keyring.aead(kid), kid, urandom(_NONCE), dek, place + _of_key(kid))


def key_number(held: bytes, group: str = WRAP_GROUP) -> int:
    """Which of the keyring's keys a wrapped data key, or another ciphertext, stands under; 0 is the record's own."""
    if len(held) < _SHORTEST:
        raise VaultError("the ciphertext is shorter than its header and tag", code="ciphertext_unknown", path=group)
    version, suite, kid, _nonce = _HEADER.unpack_from(held)
    if version != VERSION or suite != SUITE_AES_256_GCM:
        raise VaultError("the ciphertext is of a version or suite unknown here", code="ciphertext_unknown", path=group)
    return int(kid)


def reference_key(keyring: Keyring, wrapped: bytes, *, tenant: str, record: str) -> bytes:
    """The key of this record's references in the audit log. It comes from the data key and dies with it."""
    return hmac.digest(_unwrap(keyring, wrapped, _place(tenant, record)), b"vw1 audit reference", "sha256")


def blind_index(keyring: Keyring, tenant: str, field: str, normalised: str) -> bytes:
    """16 bytes to find `normalised` by, in this tenant and this field only.

    A phone has some 10^10 values: who holds the index key lists them all. It lives with the key-encryption keys.
    """
    return keyring.mac("index", tenant, field, normalised.encode())[:16]


def keyed_digest(keyring: Keyring, tenant: str, purpose: str, data: bytes) -> bytes:
    """32 bytes that are equal when `data` is, for one tenant and purpose: whether two documents are the same."""
    return keyring.mac("digest", tenant, purpose, data)


def _seal_groups(
    dek: AESGCM, place: bytes, groups: Mapping[str, bytes], version: int, nonces: bytes
) -> dict[str, bytes]:
    sealed = {}
    encrypt, at = dek.encrypt, 0
    for group, plain in groups.items():
        named, padding, step = _of(group, version)
        nonce = nonces[at : at + _NONCE]
        at += _NONCE
        sealed[group] = _OWN_HEADER + nonce + encrypt(nonce, plain + padding[len(plain) % step], place + named)
    return sealed


def _encrypt(aead: AESGCM, kid: int, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    return _HEADER.pack(VERSION, SUITE_AES_256_GCM, kid, nonce) + aead.encrypt(nonce, plain, bound)


def _decrypt(aead: AESGCM, held: bytes, bound: bytes, group: str) -> bytes:
    try:
        return aead.decrypt(held[_HEADER.size - _NONCE : _HEADER.size], held[_HEADER.size :], bound)
    except InvalidTag:
        message = "the ciphertext is damaged, or belongs to another tenant, record, group or version"
        raise VaultError(message, path=group) from None


def _opened(dek: AESGCM, held: bytes, bound: bytes, group: str) -> bytes:
    """A group under its record's own key, without its padding."""
    if held[: len(_OWN_HEADER)] != _OWN_HEADER or len(held) < _SHORTEST:
        key_number(held, group)
        raise VaultError("the ciphertext stands under another kind of key", code="ciphertext_unknown", path=group)
    plain = _decrypt(dek, held, bound, group).rstrip(b"\0")
    if plain[-1:] != b"\x80":
        raise VaultError("the plaintext lacks its padding", path=group)
    return plain[:-1]


def _unwrap(keyring: Keyring, wrapped: bytes, place: bytes) -> bytes:
    kid = key_number(wrapped)
    return _decrypt(keyring.aead(kid), wrapped, place + _of_key(kid), WRAP_GROUP)


def _place(tenant: str, record: str) -> bytes:
    where, what = tenant.encode(), record.encode()
    return b"".join((_OPENING, len(where).to_bytes(4, "big"), where, len(what).to_bytes(4, "big"), what))


@lru_cache(maxsize=256)  # a key ring holds few keys
def _of_key(kid: int) -> bytes:
    """What a data key under key `kid` is bound to beside its place."""
    return prefixed(WRAP_GROUP) + _TAIL.pack(0, kid)


@lru_cache(maxsize=256)  # the house has some ten groups; a stranger's name must not grow memory
def _of(group: str, version: int) -> tuple[bytes, tuple[bytes, ...], int]:
    """What a group is bound to beside its place; its padding by length, and the step of that."""
    step = _STEPS.get(group, _STEP)
    return prefixed(group) + _TAIL.pack(version, OWN_KEY), _PADDING[step], step
