"""Counts wrong extensions, in memory and in bounded space. Decides nothing: `relay.decide` reads the counts.

Two counts: of one caller on one X, and of one X in a minute by callers never connected through it. Kept per process; a restart
forgets at most `window`. Knows keyed indexes, no phones.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
KEPT_PER_NUMBER = 64  # more than any policy's limit a minute needs


class Lockout:
    """Misses, newest kept. At `most` entries the least recently touched goes: an attacker with that many callers gains a few
    tries on one caller's count and none on the number's own."""

    def __init__(self, *, window: timedelta = timedelta(hours=24), most: int = 100_000) -> None:
        self._window = window
        self._most = most
        self._callers: dict[tuple[bytes, str], tuple[int, datetime]] = {}
        self._numbers: dict[str, deque[datetime]] = {}

    def __repr__(self) -> str:
        return f"<Lockout {len(self._callers)} callers, {len(self._numbers)} numbers>"

    def record(self, caller: bytes, x: str, now: datetime, *, stranger: bool) -> None:
        """A wrong extension. `stranger`: this caller was never connected through X; only such a one counts against the number."""
        count = self.caller(caller, x, now) + 1
        self._callers.pop((caller, x), None)
        self._callers[caller, x] = (count, now)
        if stranger:
            misses = self._numbers.pop(x, None) or deque(maxlen=KEPT_PER_NUMBER)
            misses.append(now)
            self._numbers[x] = misses
        for table in (self._callers, self._numbers):
            if len(table) > self._most:
                del table[next(iter(table))]  # type: ignore[arg-type]

    def caller(self, caller: bytes, x: str, now: datetime) -> int:
        """Misses of this caller on X, until `window` has passed since the last one."""
        count, last = self._callers.get((caller, x), (0, now))
        return count if now < last + self._window else 0

    def number(self, x: str, now: datetime) -> int:
        """Misses of strangers on X within a minute, at most KEPT_PER_NUMBER. A clock that stepped back counts them all."""
        return sum(now < at + MINUTE for at in self._numbers.get(x, ()))

    def forgive(self, caller: bytes, x: str) -> None:
        """The caller got through: its own count starts anew."""
        self._callers.pop((caller, x), None)
