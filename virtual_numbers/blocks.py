"""The places of one number, four small integers each: what `pool.py` counts with. Knows no clock and no policy but a cap.

A place goes fresh -> live -> cooling -> ready -> live …; its turn grows by one with every binding and never goes back.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from virtual_numbers.binding import Slot

WINDOW = 64  # "random among the longest-idle" draws from this many: unguessable, and still first in, first out

FRESH, LIVE, COOLING, READY = range(4)
_slot = partial(tuple.__new__, Slot)  # a third of the cost of calling the class; takes the three


class Dice:
    """Buffered random numbers from an entropy source: a system call for each lease would cost more than the lease."""

    __slots__ = ("_entropy", "_numbers")

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy
        self._numbers: array[int] = array("Q")

    def below(self, n: int) -> int:
        numbers = self._numbers
        if not numbers:
            numbers.frombytes(self._entropy(4096))
        return numbers.pop() % n  # 64 bits: the bias is below n / 2**64


class Fifo:
    """First in, first out over machine integers: 4 or 8 bytes an entry where a deque of ints takes 36."""

    __slots__ = ("_head", "_items")

    def __init__(self, typecode: str) -> None:
        self._items: array[int] = array(typecode)
        self._head = 0

    def __len__(self) -> int:
        return len(self._items) - self._head

    def push(self, item: int) -> None:
        self._items.append(item)

    def peek(self) -> int:
        return self._items[self._head]

    def pop(self, ahead: int = 0) -> int:
        """Take the item `ahead` of the head; the head moves into its place."""
        items, head = self._items, self._head
        taken, items[head + ahead] = items[head + ahead], items[head]
        self._head = head + 1
        if self._head > 1024 and self._head * 2 > len(items):
            del items[: self._head]
            self._head = 0
        return taken

    def drain(self) -> list[int]:
        """Take everything."""
        items, self._items, self._head = self._items[self._head :].tolist(), array(self._items.typecode), 0
        return items


class Wheel:
    """Cooling places in the order in which they come due; each rests `rest` from the second it was given back."""

    __slots__ = ("_disordered", "_due", "_latest", "_place", "_rest")

    def __init__(self, rest: timedelta) -> None:
        self._rest = -int(-rest.total_seconds() // 1)
        self._due, self._place = Fifo("Q"), Fifo("Q")
        self._latest = 0
        self._disordered = False

    def push(self, since: int, number: int, place: int) -> int:
        """Begin the rest of a place of block `number`; the second at which it is over."""
        due = since + self._rest
        self._disordered |= due < self._latest
        self._latest = max(self._latest, due)
        self._due.push(due)
        self._place.push(number << 32 | place)
        return due

    def pop_due(self, second: int) -> tuple[int, int, int] | None:
        """The first entry whose rest is over: due second, block, place."""
        if self._disordered:
            self._sort()
        if not self._due or self._due.peek() > second:
            return None
        place = self._place.pop()
        return self._due.pop(), place >> 32, place & 0xFFFFFFFF

    def next_due(self) -> int | None:
        if self._disordered:
            self._sort()
        return self._due.peek() if self._due else None

    def _sort(self) -> None:
        """Places loaded from a store come in any order; after that the clock keeps it."""
        for due, place in sorted(zip(self._due.drain(), self._place.drain())):
            self._due.push(due)
            self._place.push(place)
        self._disordered = False


class Block:
    """Places `start` to `start + size` of number `x`.

    `digits` is how long an extension is written. With `whole` the digits complete the number instead: `x` is a prefix. A block
    of `names` is a list of unrelated whole numbers.
    """

    __slots__ = (
        "aside", "barred", "cap", "digits", "fresh", "held", "names", "open_at", "party", "ready", "salt", "since", "start", "state", "turn", "whole", "withdrawn", "x",
    )  # fmt: skip

    def __init__(self, x: str, places: range, *, digits: int, whole: bool) -> None:
        self.x, self.start, self.digits, self.whole = x, places.start, digits, whole
        self.salt = zlib.crc32(x.encode())
        self.names: list[str] = []
        self.state = bytearray()
        self.turn: array[int] = array("I")  # present turn of a live place, next turn of any other
        self.since: array[int] = array("Q")  # epoch second at which a cooling place has cooled down
        self.party: array[int] = array("I")  # hash of (party, number) of a live place
        self.fresh: array[int] = array("I")
        self.ready = Fifo("I")
        self.held = 0  # live and cooling
        self.cap = 0  # how many may be held
        self.open_at = -1  # where it stands in the pool's list of open blocks
        self.withdrawn = False
        self.barred: set[str] = set()  # withdrawn names
        self.aside: list[int] = []  # their places, as they came up
        self.grow(len(places))

    def __len__(self) -> int:
        return len(self.state)

    def grow(self, by: int) -> None:
        """Add fresh places at the end."""
        size = len(self.state)
        self.state.extend(bytes(by))
        for column in (self.turn, self.since, self.party):
            column.frombytes(bytes(column.itemsize * by))
        self.fresh.extend(range(size, size + by))

    @property
    def open(self) -> bool:
        return self.held < self.cap and not self.withdrawn and bool(self.fresh or self.ready)

    def slot(self, place: int) -> Slot:
        if self.names:
            return _slot((self.names[place], "", self.turn[place]))
        tail = str(self.start + place).zfill(self.digits) if self.digits else ""
        return _slot((self.x + tail, "", self.turn[place]) if self.whole else (self.x, tail, self.turn[place]))

    def rested_since(self) -> int:
        """When its longest-idle place cooled down; 0 for one never used."""
        return 0 if self.fresh else self.since[self.ready.peek()]

    def take(self, dice: Dice) -> int:
        """A place at random: any of the fresh ones, else one of the longest-idle. -1 where all that is left is withdrawn."""
        fresh, ready = self.fresh, self.ready
        while True:
            if fresh:
                chosen, place = dice.below(len(fresh)), fresh.pop()
                if chosen < len(fresh):
                    place, fresh[chosen] = fresh[chosen], place
            elif ready:
                place = ready.pop(dice.below(min(WINDOW, len(ready))))
            else:
                return -1
            if not self.barred or self.names[place] not in self.barred:
                return place
            self.aside.append(place)

    def set_withdrawn(self, x: str, withdrawn: bool) -> None:
        """Stop or resume leasing: of the whole block, or of one name in a block of names."""
        if not self.names:
            self.withdrawn = withdrawn
        elif withdrawn:
            self.barred.add(x)
        else:
            self.barred.discard(x)
            for place in self.aside:
                self.ready.push(place)
            self.aside.clear()
