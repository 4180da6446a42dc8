"""Numbers for pairs (AXB, AXYB): a phone stands on a number at most once, so that caller and number name one pair.

The scarce thing is not places but numbers that neither phone has stood on, so a courier with many parcels needs many numbers
(`planner.py`). In memory, no I/O; phones are keyed indexes. A phone leaves a number when the pair's quarantine is over, and
whoever has a tombstone on a number is kept off it by the caller (`barred`).
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from virtual_numbers.binding import MAX_X_DIGITS, Slot
from virtual_numbers.blocks import Dice
from virtual_numbers.errors import NumbersError, PoolExhausted, SlotRefused
from virtual_numbers.pool import Occupancy, PoolPolicy


class PairState(NamedTuple):
    """What the store knows of a pair on a number."""

    turn: int
    phones: tuple[bytes, ...]
    free_since: datetime | None
    """When it was released; None while it lives."""


@dataclass(slots=True)
class _Number:
    x: str
    standing: Counter[bytes] = field(default_factory=Counter)
    """Phones, by how many live or cooling pairs: after a restart a live pair and a long-cooled one may share a phone."""
    pairs: dict[int, tuple[bytes, ...]] = field(default_factory=dict)  # live turn -> its phones
    next_turn: int = 0
    withdrawn: bool = False


class PairPool:
    """One process's numbers for pairs. Not shared between threads."""

    def __init__(
        self, policy: PoolPolicy, *, pairs_per_number: int = 200, entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        if not policy.scheme.by_pair:
            raise NumbersError("a PairPool leases pairs", code="pool_policy", path="scheme")
        self.policy = policy
        self._cap = pairs_per_number
        self._dice = Dice(entropy)
        self._numbers: list[_Number] = []
        self._by_x: dict[str, _Number] = {}
        self._cooling: list[tuple[datetime, str, tuple[bytes, ...]]] = []
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._live = 0

    def load(self, x: str, used: Iterable[PairState] = (), *, next_turn: int = 0) -> None:
        """Add a number. `used` lists its live and its cooling pairs; `next_turn` is one above every turn it ever had."""
        if x in self._by_x or not (x.isascii() and x.isdecimal() and len(x) <= MAX_X_DIGITS):
            raise SlotRefused("a number of at most 15 digits, once", code="block_malformed", path="x")
        number = _Number(x, next_turn=next_turn)
        for pair in used:
            number.standing.update(pair.phones)
            number.next_turn = max(number.next_turn, pair.turn + 1)
            if pair.free_since is None:
                number.pairs[pair.turn] = pair.phones
                self._live += 1
            else:
                heapq.heappush(self._cooling, (pair.free_since + self.policy.quarantine, x, pair.phones))
        self._by_x[x] = number
        self._numbers.append(number)

    def lease(self, now: datetime, phones: tuple[bytes, ...], *, barred: Collection[str] = ()) -> Slot:
        """A number on which none of `phones` stands, and which is not in `barred`. Raises PoolExhausted."""
        self._cool(now)
        count = len(self._numbers)
        start = self._dice.below(count) if count else 0
        for step in range(count):
            number = self._numbers[(start + step) % count]
            if self._fits(number, phones) and number.x not in barred:
                slot = Slot(number.x, "", number.next_turn)
                number.next_turn += 1
                number.pairs[slot.turn] = phones
                number.standing.update(phones)
                self._live += 1
                return slot
        raise PoolExhausted("every number is full, or one of the two phones stands on it", retry_at=self._retry_at())

    def join(self, slot: Slot, phone: bytes, *, barred: Collection[str] = ()) -> None:
        """A courier enters a pair that began without one. Raises SlotRefused `phone_on_number`: lease another number then."""
        number = self._pair(slot)
        if phone in number.standing or slot.x in barred:
            raise SlotRefused("this phone stands on the number already", code="phone_on_number", path="peer")
        number.standing[phone] += 1
        number.pairs[slot.turn] += (phone,)

    def give_back(self, slot: Slot, now: datetime) -> None:
        """The pair was released: its phones stay on the number until the quarantine is over."""
        number = self._pair(slot)
        self._latest = max(self._latest, now)
        heapq.heappush(self._cooling, (self._latest + self.policy.quarantine, slot.x, number.pairs.pop(slot.turn)))
        self._live -= 1

    def withdraw(self, x: str, *, withdrawn: bool = True) -> None:
        """Lease nothing more from this number, or again."""
        if x not in self._by_x:
            raise SlotRefused("this number is not in the pool", code="slot_unknown", path="x")
        self._by_x[x].withdrawn = withdrawn

    def occupancy(self) -> Occupancy:
        """In pairs; every number counts with its cap."""
        total = len(self._numbers) * self._cap
        return Occupancy(total, total, self._live, len(self._cooling))

    def effective_quarantine(self, per_day: float) -> timedelta:
        """As `Pool.effective_quarantine`, by the caps alone; which phones meet on which number is not in it."""
        return timedelta(days=(len(self._numbers) * self._cap - self._live) / per_day) if per_day > 0 else timedelta.max

    def _fits(self, number: _Number, phones: tuple[bytes, ...]) -> bool:
        return (
            not number.withdrawn
            and len(number.pairs) < self._cap
            and not any(phone in number.standing for phone in phones)
        )

    def _pair(self, slot: Slot) -> _Number:
        number = self._by_x.get(slot.x)
        if number is None or slot.turn not in number.pairs:
            raise SlotRefused("this pair is not leased")
        return number

    def _cool(self, now: datetime) -> None:
        while self._cooling and self._cooling[0][0] <= now:
            _, x, phones = heapq.heappop(self._cooling)
            self._by_x[x].standing -= Counter(phones)

    def _retry_at(self) -> datetime | None:
        return self._cooling[0][0] if self._cooling and self.policy.exhaustion == "queue" else None
