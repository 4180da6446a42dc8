"""Who guesses too often is answered no more: misses a source within a window, counted in bounded memory.

Knows sources by name and the moment handed in; knows no request. Whoever is locked out gets the same refusal as for a miss, so
that a guesser learns neither that they are locked out nor when it ends. Counting is per process: n processes allow n times as many.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

MISSES = 100
WINDOW = timedelta(minutes=1)
SOURCES = 50_000
"""Sources remembered at once. Past it the one that was quiet longest is forgotten: memory is bounded, and a flood of made-up sources
only hides sources that have stopped."""


class Lockout:
    """The misses of late, by source."""

    __slots__ = ("_limit", "_misses", "_sources", "_window")

    def __init__(self, *, limit: int = MISSES, window: timedelta = WINDOW, sources: int = SOURCES) -> None:
        self._limit, self._window, self._sources = limit, window.total_seconds(), sources
        self._misses: OrderedDict[str, deque[float]] = OrderedDict()

    def locked(self, source: str, now: datetime) -> bool:
        """Whether the source had its misses within the window. Ask before anything dear is done."""
        times = self._misses.get(source)
        return times is not None and len(times) >= self._limit and times[0] > now.timestamp() - self._window

    def miss(self, source: str, now: datetime) -> bool:
        """Count a miss; True where it is the one that locks the source out, for the audit log to tell once."""
        was_locked = self.locked(source, now)
        # The oldest falls out by itself: the limit-th last miss decides, the ones before it do not matter.
        times = self._misses.setdefault(source, deque(maxlen=self._limit))
        times.append(now.timestamp())
        self._misses.move_to_end(source)
        if len(self._misses) > self._sources:
            self._misses.popitem(last=False)
        return not was_locked and self.locked(source, now)

    def forgive(self, source: str) -> None:
        """Forget a source's misses, on a person's word. A hit forgives nothing: one good ticket would buy a hundred guesses."""
        self._misses.pop(source, None)

    def __len__(self) -> int:
        return len(self._misses)
