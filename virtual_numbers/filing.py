"""Whether a number may carry calls: regulators want the user of a number filed, and a provider intercepts calls of one that is not.

A number here is a shop's hotline, a courier's phone or a relay number, by opaque name. Recipients are never filed: the filed side
has to be another. Times and limits as the Chinese platforms state them: a failed check locks for 24 hours, two in a row ban.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import structs

from virtual_numbers.binding import Binding, State, activate
from virtual_numbers.errors import NumbersError

LOCKED_FOR = timedelta(hours=24)
FAILURES_TO_BAN = 2


class Filing(StrEnum):
    """Where a number's filing stands with one provider."""

    NOT_NEEDED = "not_needed"
    MISSING = "missing"
    SUBMITTED = "submitted"
    FILED = "filed"
    LOCKED = "locked"
    BANNED = "banned"


CARRIES = frozenset({Filing.NOT_NEEDED, Filing.FILED})


@dataclass(frozen=True, slots=True)
class FilingState:
    """One number with one provider."""

    state: Filing = Filing.MISSING
    failures: int = 0
    """Failed checks in a row."""
    since: datetime | None = None
    expires_at: datetime | None = None

    def carries(self, now: datetime) -> bool:
        """Calls go through. A filing that has run out does not, nor does one from the future."""
        in_time = (self.expires_at is None or now < self.expires_at) and (self.since is None or self.since <= now)
        return self.state is Filing.NOT_NEEDED or (self.state is Filing.FILED and in_time)


def submit(filing: FilingState, now: datetime) -> FilingState:
    """The papers are handed in. Raises NumbersError `filing_locked` or `filing_banned`."""
    if filing.state is Filing.BANNED:
        raise NumbersError(
            "two failed checks in a row have banned this number; it needs another one", code="filing_banned"
        )
    if filing.state is Filing.LOCKED and filing.since is not None and now < filing.since + LOCKED_FOR:
        raise NumbersError("a failed check locks the number for 24 hours", code="filing_locked")
    return replace(filing, state=Filing.SUBMITTED, since=now)


def passed(filing: FilingState, now: datetime, *, until: datetime | None = None) -> FilingState:
    """The provider reports success. A late report does not lift a ban."""
    return filing if filing.state is Filing.BANNED else FilingState(Filing.FILED, 0, now, until)


def failed(filing: FilingState, now: datetime) -> FilingState:
    """The provider reports a failed check."""
    if filing.state is Filing.BANNED:
        return filing
    failures = filing.failures + 1
    return FilingState(Filing.BANNED if failures >= FAILURES_TO_BAN else Filing.LOCKED, failures, now)


def callable_now(binding: Binding, filings: Iterable[FilingState], now: datetime) -> Binding:
    """The binding as calls may see it: bound becomes callable once every filing it needs carries, and falls back when one ends."""
    ready = all(filing.carries(now) for filing in filings)
    if ready and binding.state is State.BOUND:
        return activate(binding)
    if not ready and binding.state is State.CALLABLE:
        return structs.replace(binding, state=State.BOUND)
    return binding
