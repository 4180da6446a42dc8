"""How a provider does: down after failures in a row, paused when it asks for fewer requests, well again by its first answer.

Pure values; the clock is handed in. Down means that new bindings go to the next provider; paused, that they wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from virtual_numbers.providers.wire import Fault

FAILURES_TO_DOWN = 3
FIRST_DOWN, LONGEST_DOWN = timedelta(seconds=5), timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE = (
    timedelta(seconds=1),
    timedelta(seconds=60),
)  # a minute is what Huawei's flow control asks for
LOCKED_OUT = timedelta(seconds=60)  # wrong credentials are not hammered: providers lock an address out for half an hour


@dataclass(frozen=True, slots=True)
class Health:
    """One account."""

    failures: int = 0
    """Requests in a row that got no answer, or a server's fault."""
    throttled: int = 0
    down_until: datetime | None = None
    paused_until: datetime | None = None

    def down(self, now: datetime) -> bool:
        """Not to be counted on now."""
        return self.down_until is not None and now < self.down_until

    def paused(self, now: datetime) -> bool:
        """Well, but not to be asked now."""
        return self.paused_until is not None and now < self.paused_until

    def opens_at(self, now: datetime) -> datetime:
        """When it may be asked again; now where it may be at once."""
        return max(now, self.down_until or now, self.paused_until or now)

    def after(self, fault: Fault | None, now: datetime) -> Health:
        """After one more answer; None is a good one. A refusal of one binding is an answer, too."""
        match fault:
            case Fault.RETRY:
                failures = self.failures + 1
                wait = min(FIRST_DOWN * (1 << min(max(0, failures - FAILURES_TO_DOWN), 10)), LONGEST_DOWN)
                return replace(self, failures=failures, down_until=now + wait if failures >= FAILURES_TO_DOWN else None)
            case Fault.THROTTLED:
                wait = min(FIRST_PAUSE * (1 << min(self.throttled, 10)), LONGEST_PAUSE)
                return replace(self, throttled=self.throttled + 1, paused_until=now + wait)
            case Fault.FORBIDDEN:
                return replace(self, failures=max(self.failures, FAILURES_TO_DOWN), down_until=now + LOCKED_OUT)
        return Health()
