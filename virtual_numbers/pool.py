"""Slots on the numbers this process has leased: which is free, which cools down, which is given out next. In memory, no I/O.

A block is a run of places on one number: extensions of X, the tails behind a prefix, or a list of whole numbers. The pool picks
a number at random among those below the occupancy cap, of two candidates the one whose places have rested longer, stays with it
for what else is leased in that second, and takes on it a place at random among the longest-idle. What it does not know it holds
back: a place is free only when its quarantine is over by the clock handed in. Pairs (AXB, AXYB), where phones and not places
are scarce, are in `pairs.py`.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from virtual_numbers.binding import MAX_EXT_DIGITS, MAX_X_DIGITS, Scheme, Slot
from virtual_numbers.blocks import COOLING, FRESH, LIVE, READY, Block, Dice, Wheel
from virtual_numbers.errors import NumbersError, PoolExhausted, SlotRefused

# Leases of one second that follow each other onto one number: what is bound together is then written together, and looked up
# together when the numbers are loaded. Slower pools draw a number for each lease.
RUN = 64
TRIES = 4  # numbers looked at before one recipient is let onto the same number twice
# Cooled places freed per lease, so that a burst of expiries costs many leases a little and none a lot.
MATURE_PER_LEASE = 4

NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """The rules of one pool. `veilway numbers plan` justifies them for a load."""

    scheme: Scheme = Scheme.AXN_EXT
    ext_digits: int = 4
    """Digits of an extension; on `axn700` digits of the tail behind a prefix."""
    occupancy: float = 0.5
    """At most this share of a number's extensions is live or cooling: the chance that a guessed extension meets anybody."""
    quarantine: timedelta = timedelta(days=30)
    tombstone: timedelta = timedelta(days=366)
    """Rest of a slot whose dial string went to a courier with no phone on record, for whom no tombstone can be kept."""
    exhaustion: Literal["refuse", "queue"] = "refuse"

    def __post_init__(self) -> None:
        if not 0 < self.occupancy <= 1:
            raise NumbersError("occupancy is above 0 and at most 1", code="pool_policy", path="occupancy")
        if not 1 <= self.ext_digits <= MAX_EXT_DIGITS:
            raise NumbersError(f"ext_digits is 1 to {MAX_EXT_DIGITS}", code="pool_policy", path="ext_digits")
        if self.quarantine < timedelta(0) or self.tombstone < self.quarantine:
            raise NumbersError(
                "a tombstone lasts at least as long as the quarantine", code="pool_policy", path="tombstone"
            )


class SlotState(NamedTuple):
    """What the store knows of a place that was used before."""

    ext: str
    """Extension; the tail behind a prefix on `axn700`; empty for a whole number."""
    turn: int
    """Turn of its present or latest binding."""
    free_since: datetime | None
    """When that binding was released; None while it lives."""
    unknown_reader: bool = False
    """Its dial string was shown to a courier with no phone on record."""
    party: bytes = b""


class Occupancy(NamedTuple):
    """Places by state. `usable` is what the caps allow to be live or cooling at once."""

    total: int
    usable: int
    live: int
    cooling: int

    @property
    def share(self) -> float:
        """Live and cooling places over usable ones; 1.0 where nothing may be leased any more."""
        return (self.live + self.cooling) / self.usable if self.usable else 1.0


class Pool:
    """The blocks that one process holds under one policy. Not shared between threads."""

    def __init__(self, policy: PoolPolicy, *, entropy: Callable[[int], bytes] = os.urandom) -> None:
        if policy.scheme.by_pair:
            raise NumbersError("pairs are leased from a PairPool", code="pool_policy", path="scheme")
        self.policy = policy
        self._dice = Dice(entropy)
        self._blocks: list[Block] = []
        self._by_number: dict[str, list[int]] = {}  # X, or prefix, -> its blocks
        self._whole: dict[str, int] = {}  # whole number -> its place in the one block of whole numbers
        self._open: list[Block] = []  # those that may lease now
        self._here: Block | None = None  # where the leases of the second `_here_at` go, `_room` more of them
        self._here_at = self._room = 0
        self._wheels = (
            Wheel(policy.quarantine),
            Wheel(policy.tombstone),
        )  # cooling places: the usual ones, and those an unknown reader saw
        self._crowd = bytearray(4096)  # live places by hash of (party, number); a collision only costs a worse choice
        self._mask = len(self._crowd) - 1
        self._next_due = 0  # nothing cools down before this second
        self._latest = 0  # latest clock seen: a step back never shortens a quarantine
        self._total = self._usable = self._live = self._held = 0

    def __repr__(self) -> str:
        return f"<Pool {len(self._blocks)} blocks, {self._live} live, {self._held - self._live} cooling, {self._usable} usable>"

    # -- blocks

    def load(self, x: str, ext_range: range, used: Iterable[SlotState] = ()) -> None:
        """Add places: the extensions `ext_range` of `x`; the tails `ext_range` behind prefix `x` on `axn700`; `x` itself on `axn`.

        `used` lists every place that ever had a binding, in any order. Raises SlotRefused `block_malformed`, `block_overlaps`.
        """
        self._check_block(x, ext_range)
        number, base = self._make_places(x, ext_range)
        block = self._blocks[number]
        held = block.held
        for slot in used:
            self._restore(number, base, slot)
        if block.held > held and block.names:
            block.fresh.pop()  # the one place just added
        elif block.held > held:
            block.fresh = array("I", [place for place in block.fresh if block.state[place] == FRESH])
        while self._total * 4 > len(self._crowd):
            self._grow_crowd()
        self._refresh(block)

    def withdraw(self, x: str) -> None:
        """Lease nothing more from this number (complaints, carrier trouble); what is live on it lives on."""
        self._set_withdrawn(x, True)

    def readmit(self, x: str) -> None:
        """Undo `withdraw`."""
        self._set_withdrawn(x, False)

    # -- leasing

    def lease(self, now: datetime, avoid: bytes | None = None, *, lasting: bool = False) -> Slot:
        """A slot for a new binding. `avoid` is the party's index: it is kept off numbers it already stands on, where it can be.

        A `lasting` one is drawn on its own: it is never given back with the others of its second.

        Raises PoolExhausted. The slot's turn is the binding's: make the binding durable before anybody learns of it.
        """
        second = int(now.timestamp())
        if second >= self._next_due:
            self._mature(second, MATURE_PER_LEASE)
        choose = self._another if lasting else self._next_block
        while (place := (block := choose(second, avoid)).take(self._dice)) < 0:
            self._refresh(block)  # nothing but withdrawn numbers was left on it
        block.state[place] = LIVE
        block.held += 1
        self._held += 1
        self._live += 1
        if avoid:
            self._enter(block, place, avoid)
        if not block.open:
            self._refresh(block)
        return block.slot(place)

    def give_back(self, slot: Slot, now: datetime, *, unknown_reader: bool = False) -> None:
        """The binding on it was released: begin its quarantine, or the tombstone period after an `unknown_reader`."""
        number, place = self._find(slot)
        block = self._blocks[number]
        if block.state[place] != LIVE or block.turn[place] != slot.turn:
            raise SlotRefused("this slot is not leased under this turn")
        self._latest = max(self._latest, -int(-now.timestamp() // 1))
        block.state[place] = COOLING
        block.turn[place] += 1
        self._live -= 1
        self._leave(block, place)
        due = block.since[place] = self._wheels[unknown_reader].push(self._latest, number, place)
        self._next_due = min(self._next_due, due)

    def reclaim(self, slot: Slot) -> None:
        """Take a cooling slot back for its own binding (`binding.reopen`). Raises SlotRefused when it has moved on."""
        number, place = self._find(slot)
        block = self._blocks[number]
        if block.state[place] != COOLING or block.turn[place] != slot.turn + 1:
            raise SlotRefused("this slot has cooled down or was leased again", code="slot_moved_on")
        block.state[place] = LIVE
        block.turn[place] = slot.turn
        self._live += 1

    # -- figures

    def occupancy(self) -> Occupancy:
        return Occupancy(self._total, self._usable, self._live, self._held - self._live)

    def effective_quarantine(self, per_day: float) -> timedelta:
        """How long a place would rest before reuse at this rate of leases, if it were reused as late as possible.

        Usable places over rate, minus the hold (Little's law: live places over rate). Below the policy's quarantine the pool
        will run dry at this rate; it will not shorten the quarantine.
        """
        if per_day <= 0:
            return timedelta.max
        return timedelta(days=(self._usable - self._live) / per_day)

    # -- inside

    def _check_block(self, x: str, places: range) -> None:
        scheme, digits = self.policy.scheme, self.policy.ext_digits
        room = MAX_X_DIGITS - (digits if scheme is Scheme.AXN700 else 0)
        good = x.isascii() and x.isdecimal() and len(x) <= room and places.step == 1
        if scheme is Scheme.AXN:
            good = good and len(places) <= 1
        else:
            good = good and len(places) > 0 and places.start >= 0 and places.stop <= 10**digits
        if not good:
            raise SlotRefused(
                "a block is a number of at most 15 digits and a run of its places", code="block_malformed", path="x"
            )
        taken = [self._blocks[number] for number in self._by_number.get(x, ())]
        if x in self._whole or any(b.start < places.stop and places.start < b.start + len(b) for b in taken):
            raise SlotRefused("these places are in the pool already", code="block_overlaps", path="x")

    def _make_places(self, x: str, places: range) -> tuple[int, int]:
        """Fresh places: block number, and where in it they begin."""
        if self.policy.scheme is Scheme.AXN:
            if not self._blocks:
                self._blocks.append(Block("", range(0), digits=0, whole=True))
            block = self._blocks[0]
            self._whole[x] = len(block)
            block.names.append(x)
            block.grow(1)
            self._count(block, 1, 1)
            return 0, len(block) - 1
        whole = not self.policy.scheme.by_extension
        block = Block(x, places, digits=self.policy.ext_digits, whole=whole)
        share = 1.0 if whole else self.policy.occupancy
        self._blocks.append(block)
        self._by_number.setdefault(x, []).append(len(self._blocks) - 1)
        self._count(block, len(places), max(1, int(len(places) * share + 1e-9)))
        return len(self._blocks) - 1, 0

    def _count(self, block: Block, places: int, cap: int) -> None:
        block.cap += cap
        self._total += places
        self._usable += cap

    def _restore(self, number: int, base: int, slot: SlotState) -> None:
        block = self._blocks[number]
        place = int(slot.ext) - block.start if slot.ext.isdecimal() else base
        if not base <= place < len(block) or block.state[place] != FRESH:
            raise SlotRefused(
                "a used place lies outside its block or is listed twice", code="block_malformed", path="used"
            )
        block.held += 1
        self._held += 1
        if slot.free_since is None:
            block.state[place], block.turn[place] = LIVE, slot.turn
            self._live += 1
            if slot.party:
                self._enter(block, place, slot.party)
            return
        block.state[place], block.turn[place] = COOLING, slot.turn + 1
        since = -int(-slot.free_since.timestamp() // 1)
        due = block.since[place] = self._wheels[slot.unknown_reader].push(since, number, place)
        self._next_due = min(self._next_due, due)

    def _mature(self, second: int, most: int) -> int:
        """Free up to `most` places that have cooled down; how many entries were looked at."""
        looked = 0
        for wheel in self._wheels:
            while looked < most and (entry := wheel.pop_due(second)):
                looked += 1
                due, number, place = entry
                block = self._blocks[number]
                # A reclaimed place leaves an entry behind; only the entry of its latest release frees it.
                if block.state[place] == COOLING and block.since[place] == due:
                    block.state[place] = READY
                    block.ready.push(place)
                    block.held -= 1
                    self._held -= 1
                    if block.open_at < 0:
                        self._refresh(block)
        if looked < most:
            self._next_due = min(self._dues(), default=NEVER)
        return looked

    def _dues(self) -> list[int]:
        return [due for wheel in self._wheels if (due := wheel.next_due()) is not None]

    def _next_block(self, second: int, avoid: bytes | None) -> Block:
        """The number of this second, where it is open and the party does not stand on it; else another."""
        here = self._here
        if self._room and here is not None and self._here_at == second and here.open_at >= 0:
            if avoid and self._crowd[_mark(avoid, here) & self._mask]:
                return self._another(second, avoid)
            self._room -= 1
            return here
        self._here = here = self._another(second, avoid)
        self._here_at, self._room = second, RUN - 1
        return here

    def _another(self, second: int, avoid: bytes | None) -> Block:
        """One of the open blocks: of the first two that the party does not stand on, the one that has rested longer."""
        listed = self._open
        while not listed:
            if not self._mature(second, 64):
                raise self._exhausted()
        if len(listed) == 1:
            return listed[0]
        chosen = None
        for _ in range(TRIES):
            block = listed[self._dice.below(len(listed))]
            if avoid and self._crowd[_mark(avoid, block) & self._mask]:
                continue
            if chosen is not None:
                return block if block.rested_since() < chosen.rested_since() else chosen
            chosen = block
            if block.fresh:
                break
        return block if chosen is None else chosen

    def _exhausted(self) -> PoolExhausted:
        dues = self._dues()
        retry_at = datetime.fromtimestamp(min(dues), UTC) if dues and self.policy.exhaustion == "queue" else None
        return PoolExhausted("every usable slot is live or in quarantine; add numbers to the pool", retry_at=retry_at)

    def _refresh(self, block: Block) -> None:
        """Put the block on the list of open ones, or take it off, in constant time."""
        listed = self._open
        if block.open and block.open_at < 0:
            block.open_at = len(listed)
            listed.append(block)
        elif not block.open and block.open_at >= 0:
            last = listed.pop()
            if last is not block:
                listed[block.open_at] = last
                last.open_at = block.open_at
            block.open_at = -1

    def _find(self, slot: Slot) -> tuple[int, int]:
        place = self._whole.get(slot.x)
        if place is not None and not slot.ext:
            return 0, place
        digits = self.policy.ext_digits
        whole = self.policy.scheme is Scheme.AXN700
        x, tail = (slot.x[:-digits], slot.x[-digits:]) if whole and not slot.ext else (slot.x, slot.ext)
        if tail.isascii() and tail.isdecimal() and len(tail) == digits:
            for number in self._by_number.get(x, ()):
                block = self._blocks[number]
                if 0 <= (place := int(tail) - block.start) < len(block):
                    return number, place
        raise SlotRefused("this slot is in no block of this pool", code="slot_unknown")

    def _set_withdrawn(self, x: str, withdrawn: bool) -> None:
        numbers = self._by_number.get(x, [0] if x in self._whole else [])
        if not numbers:
            raise SlotRefused("this number is not in the pool", code="slot_unknown", path="x")
        for number in numbers:
            self._blocks[number].set_withdrawn(x, withdrawn)
            self._refresh(self._blocks[number])

    # -- who stands where, as counters in a hash table without keys

    def _enter(self, block: Block, place: int, party: bytes) -> None:
        mark = block.party[place] = _mark(party, block)
        at, crowd = mark & self._mask, self._crowd
        if crowd[at] < 255:
            crowd[at] += 1

    def _leave(self, block: Block, place: int) -> None:
        if mark := block.party[place]:
            at, crowd = mark & self._mask, self._crowd
            if 0 < crowd[at] < 255:  # a counter that was full once stays full: it costs a choice and never a wrong one
                crowd[at] -= 1
            block.party[place] = 0

    def _grow_crowd(self) -> None:
        self._crowd = bytearray(len(self._crowd) * 2)
        self._mask = len(self._crowd) - 1
        for block in self._blocks:
            for mark in filter(None, block.party):
                self._crowd[mark & self._mask] = min(255, self._crowd[mark & self._mask] + 1)


def _mark(party: bytes, block: Block) -> int:
    """Hash of a party on a number; never 0, which stands for nobody."""
    return zlib.crc32(party, block.salt) | 1 << 31
