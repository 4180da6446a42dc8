"""Check a whole audit log from its rows: gapless, every entry where it was written, and as every signed checkpoint says.

Knows rows and checkpoints; reads no table itself and trusts nothing in a row. What it can name: with the log's own links, the
exact entry that was changed, removed, inserted or moved; where someone rewrote all links after it too, the first checkpoint that
no longer holds. A tail that no checkpoint covers can be cut off unseen: anchor checkpoints outside, and often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from masking.audit import HASH, MARK, Batch, Chain, first_link, fold, grow
from masking.audit_note import Checkpoint


class Fault(StrEnum):
    """Why a log does not hold."""

    GAP = "gap"
    """A row begins elsewhere than the row before it ended: rows are missing, doubled or swapped."""
    COUNT = "count"
    """A row holds more or fewer entries, or links, than it says."""
    ALTERED = "altered"
    """An entry is not the one that was written here."""
    TRUNCATED = "truncated"
    """A checkpoint tells of more entries than there are."""
    REWRITTEN = "rewritten"
    """The log holds in itself and is not the one that a checkpoint was signed over."""
    FOREIGN = "foreign"
    """A checkpoint of another log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    chain: Chain
    """How far the log holds."""
    fault: Fault | None = None
    seq: int | None = None
    """The first bad entry. For `rewritten`, the first that no earlier checkpoint vouches for."""
    checkpoint: int | None = None
    """The size of the checkpoint that fails."""
    covered: int = 0
    """Entries vouched for by a checkpoint; those after it have only their own links."""

    @property
    def ok(self) -> bool:
        return self.fault is None


def verify_rows(rows: Iterable[Batch], *, origin: str, checkpoints: Sequence[Checkpoint] = ()) -> Verdict:
    """Read every row in order and tell the first thing that is wrong. `checkpoints` have had their signatures checked."""
    walk = _Walk(origin, checkpoints)
    for row in rows:
        verdict = walk.read(row)
        if verdict is not None:
            return verdict
    return walk.end()


def _links(held: bytes) -> list[bytes]:
    """The links of a row: marks, and the last in full. None where the bytes cannot be that."""
    marks, odd = divmod(len(held) - HASH, MARK)
    if odd or marks < 0:
        return []
    return [held[MARK * i : MARK * i + MARK] for i in range(marks)] + [held[MARK * marks :]]


class _Walk:
    """The running state of one check."""

    def __init__(self, origin: str, checkpoints: Sequence[Checkpoint]) -> None:
        self.origin, self.link, self.size = origin, first_link(origin), 0
        self.frontier: list[bytes] = []
        self.pinned = sorted(checkpoints, key=lambda held: held.size)
        self.covered = 0

    def read(self, row: Batch) -> Verdict | None:
        if row.first_seq != self.size:
            return self._fault(Fault.GAP, min(row.first_seq, self.size))
        entries, told = row.entries.split(b"\n"), _links(row.link)
        verdict = self._read_entries(entries, told)
        if verdict is None and not row.count == len(entries) == len(told):
            # Told after the entries are read: where one was put in or taken out, its link names it.
            verdict = self._fault(Fault.COUNT, self.size)
        return verdict

    def end(self) -> Verdict:
        missed = self._meet_checkpoints()
        if missed is not None:
            return missed
        if self.pinned:
            return self._fault(Fault.TRUNCATED, self.size, self.pinned[0].size)
        return Verdict(self._chain(), covered=self.covered)

    def _read_entries(self, entries: list[bytes], links: list[bytes]) -> Verdict | None:
        for written, told in zip(entries, links):
            missed = self._meet_checkpoints()
            if missed is not None:
                return missed
            leaf = sha256(b"\0" + written).digest()
            link = sha256(b"\2" + self.link + leaf).digest()
            if not link.startswith(told):
                return self._fault(Fault.ALTERED, self.size)
            grow(self.frontier, self.size, leaf)
            self.link, self.size = link, self.size + 1
        return None

    def _meet_checkpoints(self) -> Verdict | None:
        while self.pinned and self.pinned[0].size == self.size:
            held = self.pinned.pop(0)
            if held.origin != self.origin:
                return self._fault(Fault.FOREIGN, None, held.size)
            if held.root != fold(self.frontier) or held.link != self.link:
                return self._fault(Fault.REWRITTEN, self.covered, held.size)
            self.covered = held.size
        return None

    def _chain(self) -> Chain:
        return Chain(self.origin, self.size, self.link, tuple(self.frontier))

    def _fault(self, fault: Fault, seq: int | None, checkpoint: int | None = None) -> Verdict:
        return Verdict(self._chain(), fault, seq, checkpoint, self.covered)
