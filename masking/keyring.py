"""The keys of the house: key-encryption keys by number, and two roots from which each tenant's keys are derived.

Knows key bytes and their numbers; knows no file, no provider, no record. Where a key comes from (a 0600 file, a KMS) is the
gateway's matter; what is done with it is `vault.py`'s. `repr` tells numbers, never bytes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from masking.errors import VeilwayError

if TYPE_CHECKING:
    from _hashlib import HASH

KEY_BYTES = 32
MAX_KID = 0xFFFFFFFF  # the ciphertext header gives a key number four bytes
_FILE_VERSION = 1
_BLOCK = 64  # of SHA-256; a key is shorter, so RFC 2104 fills it up with zeros
_CACHED_KEYS = 20_000  # a bound on memory, not on tenants: past it the derived keys are derived anew


class KeyringError(VeilwayError):
    """A keyring that cannot be built, or a key that it does not hold (`key_unknown`, `keyring_invalid`)."""

    code = "keyring_invalid"


class Keyring:
    """Immutable: rotation and retirement give a new keyring, so a reader never sees half a change."""

    __slots__ = ("_aead", "_audit_root", "_born", "_derived", "_index_root", "_keks", "_macs", "accepted", "current")

    def __init__(
        self,
        keks: Mapping[int, bytes],
        *,
        current: int,
        index_root: bytes,
        audit_root: bytes,
        born: Mapping[int, str] | None = None,
    ) -> None:
        _check(keks, current, index_root, audit_root)
        self.current = current
        """The number of the key that new records are wrapped with."""
        self.accepted = frozenset(keks)
        """Every number that still opens."""
        self._keks = dict(keks)
        self._born = dict(born or {})
        self._index_root = index_root
        self._audit_root = audit_root
        # One AEAD object a key: building one costs more than sealing a record group with it.
        self._aead = {kid: AESGCM(key) for kid, key in keks.items()}
        self._derived: dict[tuple[str, str], bytes] = {}
        self._macs: dict[tuple[str, str, str], tuple[HASH, HASH]] = {}

    @classmethod
    def generate(cls, *, at: datetime | None = None) -> Keyring:
        """A fresh keyring with key 1. `at` dates the key, so that its age can be told later."""
        born = {1: at.isoformat()} if at else {}
        fresh = (token_bytes(KEY_BYTES) for _ in range(3))
        return cls({1: next(fresh)}, current=1, index_root=next(fresh), audit_root=next(fresh), born=born)

    def rotated(self, *, at: datetime | None = None) -> Keyring:
        """The same keyring with a fresh current key; the older ones still open what they wrapped."""
        kid = max(self.accepted) + 1
        born = {**self._born, **({kid: at.isoformat()} if at else {})}
        return self._with({**self._keks, kid: token_bytes(KEY_BYTES)}, kid, born)

    def retired(self, kid: int) -> Keyring:
        """The same keyring without key `kid`: what it wrapped and nobody rewrapped is gone for good."""
        if kid == self.current:
            raise KeyringError("the current key cannot be retired; rotate first", path=f"keks.{kid}")
        keks = {number: key for number, key in self._keks.items() if number != kid}
        return self._with(keks, self.current, {number: at for number, at in self._born.items() if number != kid})

    def aead(self, kid: int) -> AESGCM:
        """The AEAD of key `kid`. The number selects the key; keys are never tried in turn, for GCM does not commit to one."""
        found = self._aead.get(kid)
        if found is None:
            raise KeyringError("the keyring holds no key of this number", code="key_unknown", path=f"keks.{kid}")
        return found

    def tenant_key(self, purpose: str, tenant: str) -> bytes:
        """32 bytes for one purpose of one tenant: HKDF-SHA256 over a root, derived once.

        `audit…` purposes stand on the audit root, all others on the index root.
        """
        found = self._derived.get((purpose, tenant))
        if found is None:
            root = self._audit_root if purpose.startswith("audit") else self._index_root
            found = HKDF(SHA256(), KEY_BYTES, None, prefixed("vw1", purpose, tenant)).derive(root)
            _remember(self._derived, (purpose, tenant), found)
        return found

    def mac(self, purpose: str, tenant: str, label: str, data: bytes) -> bytes:
        """HMAC-SHA256 under the tenant's key over `label`, with its length before it, and `data`."""
        states = self._macs.get((purpose, tenant, label))
        if states is None:
            states = _hmac_states(self.tenant_key(purpose, tenant), prefixed(label))
            _remember(self._macs, (purpose, tenant, label), states)
        inner, outer = states[0].copy(), states[1].copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()

    def born(self, kid: int) -> str | None:
        """When key `kid` was made, ISO 8601, where that is known."""
        return self._born.get(kid)

    def to_dict(self) -> dict[str, Any]:
        """What the key file holds. Secret: mode 0600, never beside the data, never in a data backup."""
        keks = {str(kid): {"key": _text(key), "born": self._born.get(kid)} for kid, key in sorted(self._keks.items())}
        roots = {"index_root": _text(self._index_root), "audit_root": _text(self._audit_root)}
        return {"version": _FILE_VERSION, "current": self.current, "keks": keks, **roots}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Keyring:
        """The keyring that `to_dict` told of. Says which entry is wrong, never what stands in it."""
        if held.get("version") != _FILE_VERSION:
            raise KeyringError("the key file has another version than this release reads", path="version")
        try:
            keks = {int(kid): _bytes(entry["key"]) for kid, entry in held["keks"].items()}
            born = {int(kid): str(entry["born"]) for kid, entry in held["keks"].items() if entry.get("born")}
            index_root, audit_root = _bytes(held["index_root"]), _bytes(held["audit_root"])
            current = int(held["current"])
        except (KeyError, TypeError, ValueError, AttributeError):
            # From None: the cause would quote the text that failed to decode, and that is key material.
            raise KeyringError("the key file is incomplete or not base64") from None
        return cls(keks, current=current, index_root=index_root, audit_root=audit_root, born=born)

    def _with(self, keks: Mapping[int, bytes], current: int, born: Mapping[int, str]) -> Keyring:
        return Keyring(keks, current=current, index_root=self._index_root, audit_root=self._audit_root, born=born)

    def __repr__(self) -> str:
        return f"<Keyring current={self.current} accepted={sorted(self.accepted)}>"

    def __reduce__(self) -> str:
        raise TypeError("a keyring is not pickled")  # a pickle is a copy of the keys where nobody looks for one


def prefixed(*parts: str | bytes) -> bytes:
    """Each part after its length in four bytes, big-endian: two different lists never give the same bytes."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in map(_encoded, parts)])


def _hmac_states(key: bytes, label: bytes) -> tuple[HASH, HASH]:
    """The inner and the outer hash of RFC 2104, the inner one having read `label`.

    Their copies make a MAC for half of what copying an HMAC object costs (0.6 for 1.1 us), which OpenSSL builds of three hashes.
    """
    block = key.ljust(_BLOCK, b"\0")
    return sha256(bytes([byte ^ 0x36 for byte in block]) + label), sha256(bytes([byte ^ 0x5C for byte in block]))


def _encoded(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode()


def _check(keks: Mapping[int, bytes], current: int, index_root: bytes, audit_root: bytes) -> None:
    if current not in keks:
        raise KeyringError("the current key is not among the keys", path="current")
    for kid, key in keks.items():
        if not 1 <= kid <= MAX_KID:
            raise KeyringError("a key number is 1 to 4294967295", path="keks")  # 0 stands for a record's own data key
        if len(key) != KEY_BYTES:
            raise KeyringError("a key is 32 bytes", path=f"keks.{kid}")
    for path, root in (("index_root", index_root), ("audit_root", audit_root)):
        if len(root) != KEY_BYTES:
            raise KeyringError("a root is 32 bytes", path=path)
    secrets = [*keks.values(), index_root, audit_root]
    if len(set(secrets)) != len(secrets):
        raise KeyringError("one key stands in two places; each has one purpose")


def _remember(cache: dict[Any, Any], name: object, value: object) -> None:
    if len(cache) >= _CACHED_KEYS:
        cache.clear()
    cache[name] = value


def _text(key: bytes) -> str:
    return b64encode(key).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
