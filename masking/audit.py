"""The audit log as values: one entry's bytes, the hash chain over all entries, and what a row of the log is.

An entry tells that something was sealed, shown or decided: to whom, why, under which rule; never a personal value. Knows bytes
and hashes; knows no table and no clock. Proofs and checkpoints stand in `audit_proof.py` and `audit_note.py`, the check of a whole
log in `audit_verify.py`. All formats are final; `docs/audit.md` has them with vectors:

    entry   RFC 8785 canonical JSON: {"actor","at","detail","subject","tag","tenant","v":1}
    leaf    SHA-256(0x00 | entry)                    as RFC 6962
    node    SHA-256(0x01 | left | right)             as RFC 6962
    link    SHA-256(0x02 | link before | leaf)       the first link before: SHA-256(0x03 | origin)
    row     first_seq, count, entries joined by a line feed, links: the first 4 bytes of each link but the last, then the last in full
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from masking.errors import VeilwayError

HASH = 32
MARK = 4  # bytes of a link kept per entry, so that a check names the entry and not only its batch
MAX_ENTRY = 16_384  # an entry tells that something happened; whoever needs more is writing content
_MAX_EXACT = 2**53 - 1  # RFC 8785 numbers are doubles: larger integers would not read back equal

_encode = msgspec.json.Encoder(order="sorted").encode


class AuditError(VeilwayError):
    """An entry that may not stand in the log, or a chain that does not continue (`audit_entry_invalid`, `audit_chain_invalid`)."""

    code = "audit_entry_invalid"


class Batch(msgspec.Struct, frozen=True):
    """One row of the log: what one commit added."""

    first_seq: int
    """Position of its first entry, counted from 0 without gaps."""
    count: int
    entries: bytes
    """The entries joined by line feeds; canonical JSON holds none."""
    link: bytes
    """`MARK` bytes for each entry but the last, then the chain's link after the batch (the last 32 bytes)."""


class _Entry(msgspec.Struct):
    """What an entry holds, in the order of its canonical form."""

    actor: str
    at: datetime | str
    detail: Mapping[str, Any]
    subject: str
    tag: str
    tenant: str
    v: int = 1


def entry(tag: str, *, at: datetime, tenant: str, actor: str, subject: str, detail: Mapping[str, Any]) -> bytes:
    """The canonical bytes of one entry.

    `tag` names what happened (`disclosure.made`), `actor` who (`courier:c1`), `subject` the shipment's id or "". `detail` holds
    text, integers, booleans, None, lists and mappings with plain ASCII keys, or what is `prewritten`; a float has no place here.
    """
    if at.tzinfo is None:
        raise AuditError("an entry's time has a zone", path="at")
    _check(detail, "detail")
    told_at = at if at.tzinfo is UTC else at.astimezone(UTC)
    # The encoder writes a moment of UTC as we do, at a tenth of what `isoformat` costs; but a whole second it writes without a fraction.
    when = told_at if at.microsecond else told_at.isoformat(timespec="microseconds")[:-6] + "Z"
    written = _written(_Entry(actor, when, detail, subject, tag, tenant))
    if len(written) > MAX_ENTRY:
        raise AuditError(f"an entry is at most {MAX_ENTRY} bytes", path="detail")
    return written


def prewritten(part: Any) -> msgspec.Raw:
    """A part of a detail, checked and written once for the many entries that hold it."""
    _check(part, "detail")
    return msgspec.Raw(_written(part))


def reference(key: bytes, value: str) -> str:
    """What stands for a value in an entry: 26 characters under a key that dies with the order (`vault.reference_key`)."""
    return b32encode(hmac.digest(key, value.encode(), "sha256")[:16]).decode().rstrip("=").lower()


def leaf_hash(written: bytes) -> bytes:
    """The leaf of an entry."""
    return sha256(b"\0" + written).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two hashes."""
    return sha256(b"\1" + left + right).digest()


def next_link(link: bytes, leaf: bytes) -> bytes:
    """The chain's link after an entry. It covers every entry before, in their order."""
    return sha256(b"\2" + link + leaf).digest()


def first_link(origin: str) -> bytes:
    """The link of an empty chain. It holds the origin, so that one log cannot pass for another."""
    return sha256(b"\3" + origin.encode()).digest()


class Chain(msgspec.Struct, frozen=True):
    """Where the log stands: a value. A writer keeps the old one until its commit is durable."""

    origin: str
    """Names the log for ever, as C2SP does: `veilway.example/audit`."""
    size: int
    link: bytes
    frontier: tuple[bytes, ...]
    """The roots of the complete subtrees, largest first: one for each bit set in `size`."""

    @classmethod
    def empty(cls, origin: str) -> Chain:
        if not origin or any(c.isspace() or c == "+" for c in origin):
            raise AuditError("an origin has no blanks and no plus sign", code="audit_chain_invalid", path="origin")
        return cls(origin, 0, first_link(origin), ())

    def extend(self, entries: Sequence[bytes]) -> tuple[Batch, Chain]:
        """The row that adds `entries`, and the chain after it. Raises for an empty batch: a row tells something."""
        if not entries:
            raise AuditError("a batch has at least one entry", code="audit_chain_invalid")
        link, size, frontier = self.link, self.size, list(self.frontier)
        marks: list[bytes] = []
        for written in entries:
            leaf = sha256(b"\0" + written).digest()
            link = sha256(b"\2" + link + leaf).digest()
            marks.append(link[:MARK])
            grow(frontier, size, leaf)
            size += 1
        marks[-1] = link
        blob = b"\n".join(entries)
        if blob.count(b"\n") != len(entries) - 1:
            raise AuditError("an entry holds a line feed; it was not made by entry()")
        row = Batch(self.size, len(entries), blob, b"".join(marks))
        return row, Chain(self.origin, size, link, tuple(frontier))

    def root(self) -> bytes:
        """The Merkle tree hash of all entries (RFC 6962), from the frontier alone."""
        return fold(self.frontier)

    def to_bytes(self) -> bytes:
        """Size, link and frontier, to start again without reading the whole log. Trust it only beside a signed checkpoint."""
        return self.size.to_bytes(8, "big") + self.link + b"".join(self.frontier)

    @classmethod
    def from_bytes(cls, origin: str, held: bytes) -> Chain:
        """The chain that `to_bytes` told of."""
        size, link, rest = int.from_bytes(held[:8], "big"), held[8 : 8 + HASH], held[8 + HASH :]
        if len(held) < 8 + HASH or len(rest) != HASH * size.bit_count():
            raise AuditError("the kept chain has another length than its size asks for", code="audit_chain_invalid")
        return cls(origin, size, link, tuple(rest[i : i + HASH] for i in range(0, len(rest), HASH)))

    def __repr__(self) -> str:
        return f"<Chain {self.origin} size={self.size}>"


def fold(frontier: Sequence[bytes]) -> bytes:
    """The root over a frontier: from the smallest subtree up. An empty tree has the hash of nothing."""
    if not frontier:
        return sha256(b"").digest()
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = node_hash(peak, root)
    return root


def grow(frontier: list[bytes], size: int, leaf: bytes) -> None:
    """Add a leaf to the frontier of `size` leaves, in place: equal subtrees merge as a binary counter carries."""
    while size & 1:
        leaf = sha256(b"\1" + frontier.pop() + leaf).digest()
        size >>= 1
    frontier.append(leaf)


def _written(item: Any) -> bytes:
    try:
        return _encode(item)
    except UnicodeEncodeError:
        raise AuditError("an entry's text is not valid Unicode") from None


def _check(item: Any, path: str) -> None:
    """Refuse what canonical JSON cannot tell exactly. The path names keys of ours, never content."""
    if type(item) is msgspec.Raw:
        return
    if type(item) is dict or isinstance(item, Mapping):
        for key, value in item.items():
            # ASCII keys sort alike by code point and by UTF-16 unit, which is what RFC 8785 asks for.
            if type(key) is not str or not key.isascii():
                raise AuditError("a key of an entry is ASCII text", path=path)
            if type(value) is not str:
                _check(value, f"{path}.{key}")
    elif type(item) is int:
        if not -_MAX_EXACT <= item <= _MAX_EXACT:
            raise AuditError("an integer past 2^53 is not exact in JSON; write it as text", path=path)
    elif isinstance(item, list | tuple):
        for value in item:
            if type(value) is not str:
                _check(value, path)
    elif not isinstance(item, str | bool | None):
        raise AuditError(f"an entry holds no {type(item).__name__}", path=path)
