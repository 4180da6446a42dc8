"""One binding, several providers: its legs, what to do next when one fails, and where a provider's view has drifted from ours.

A leg is a provider's own binding that carries ours. The truth is here; a provider is told, asked and corrected. Pure: `next_steps`
says what to send, `drift` what a reconciliation found; sending is the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from virtual_numbers.providers.wire import Fault

RETRIES = 3
BACKOFF = timedelta(seconds=2)  # doubled each time
LATE = timedelta(minutes=2)  # a provider's clock and ours may differ by this much before it counts as drift


class LegState(StrEnum):
    """Where one provider stands with one binding."""

    WANTED = "wanted"
    """To be pushed, or pushed and unanswered: the same request may be sent again under the same id."""
    UP = "up"
    DOWN = "down"
    """Refused for good, or given up."""
    ENDING = "ending"
    """To be taken back there."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Leg:
    """One physical binding. `binding` is our opaque id, which the provider echoes."""

    binding: str
    provider: str
    state: LegState = LegState.WANTED
    handle: str = ""
    x: str = ""
    ext: str = ""
    expires_at: datetime | None = None
    attempts: int = 0
    tried_at: datetime | None = None


class Step(NamedTuple):
    """What to send: `bind` or `unbind`, to whom."""

    action: str
    provider: str


def next_steps(
    legs: Sequence[Leg], providers: Sequence[str], healthy: Mapping[str, bool], *, wanted: int, now: datetime
) -> list[Step]:
    """What to send now so that `wanted` legs are up, the earlier of `providers` first.

    A leg on an unhealthy provider does not count, but is not ended either: calls may still go through it, and an outage passes.
    A provider that refused for good is not asked again. Legs beyond the wanted ones stay while up, for they cost nothing to keep
    and an answer to give up would be one more disclosure. Without an open provider left the binding stays below its number, and
    the caller hears that it is not ready.
    """
    by_provider = {leg.provider: leg for leg in legs}
    steps = [Step("unbind", leg.provider) for leg in legs if leg.state is LegState.ENDING and _due(leg, now)]
    standing = sum(leg.state is LegState.UP and healthy.get(leg.provider, False) for leg in legs)
    for provider in providers:
        if standing >= wanted:
            break
        leg = by_provider.get(provider)
        open_to_try = leg is None or leg.state is LegState.WANTED
        if healthy.get(provider, False) and open_to_try:
            standing += 1
            if leg is None or _due(leg, now):
                steps.append(Step("bind", provider))
    return steps


def answered(leg: Leg, *, handle: str, x: str, ext: str, expires_at: datetime | None) -> Leg:
    """The provider bound it. An answer that comes after the binding was given up is taken back again."""
    state = LegState.ENDING if leg.state in (LegState.ENDING, LegState.ENDED) else LegState.UP
    return replace(leg, state=state, handle=handle, x=x, ext=ext, expires_at=expires_at, attempts=0, tried_at=None)


def refused(leg: Leg, fault: Fault, now: datetime) -> Leg:
    """The provider said no, or nothing (RETRY). Passing faults are tried again with a growing pause, at most RETRIES times."""
    if leg.state is LegState.ENDING:
        gone = fault is Fault.GONE
        return replace(leg, state=LegState.ENDED) if gone else replace(leg, attempts=leg.attempts + 1, tried_at=now)
    passing = fault in (Fault.RETRY, Fault.THROTTLED) and leg.attempts + 1 < RETRIES
    return replace(leg, state=LegState.WANTED if passing else LegState.DOWN, attempts=leg.attempts + 1, tried_at=now)


def end(leg: Leg) -> Leg:
    """The binding was released: take the leg back. Without a handle there is nothing to name; a late answer or a reconciliation is."""
    return replace(leg, state=LegState.ENDING if leg.handle else LegState.ENDED, attempts=0, tried_at=None)


def ended(leg: Leg) -> Leg:
    return replace(leg, state=LegState.ENDED)


def _due(leg: Leg, now: datetime) -> bool:
    if leg.tried_at is None:
        return True
    return now >= leg.tried_at + BACKOFF * (1 << min(leg.attempts, 10))


# -- reconciliation


class Drift(StrEnum):
    """How a provider's view differs from ours."""

    MISSING = "missing"
    """Up here, unknown there: bind again."""
    STRAY = "stray"
    """Live there, not ours or over here: take it back. It connects people whom nobody bound."""
    OTHER_NUMBER = "other_number"
    """The same binding on another X or extension."""
    ENDS_EARLIER = "ends_earlier"
    ENDS_LATER = "ends_later"


class Reported(NamedTuple):
    """A live binding as a provider lists it."""

    handle: str
    x: str
    ext: str = ""
    expires_at: datetime | None = None


class Finding(NamedTuple):
    """One difference, by the provider's handle."""

    drift: Drift
    provider: str
    handle: str
    binding: str
    """Empty for a stray that is none of ours."""


def drift(provider: str, legs: Iterable[Leg], reported: Iterable[Reported]) -> list[Finding]:
    """All differences between our legs at one provider and what it lists, most dangerous first. None means both agree."""
    ours = {leg.handle: leg for leg in legs if leg.provider == provider and leg.handle}
    theirs = {item.handle: item for item in reported}
    found = [
        Finding(kind, provider, handle, ours[handle].binding)
        for handle, item in theirs.items()
        if handle in ours and (kind := _difference(ours[handle], item))
    ]
    found += [Finding(Drift.STRAY, provider, handle, "") for handle in theirs if handle not in ours]
    found += [
        Finding(Drift.MISSING, provider, handle, leg.binding)
        for handle, leg in ours.items()
        if leg.state is LegState.UP and handle not in theirs
    ]
    order = [Drift.STRAY, Drift.OTHER_NUMBER, Drift.MISSING, Drift.ENDS_LATER, Drift.ENDS_EARLIER]
    return sorted(found, key=lambda finding: (order.index(finding.drift), finding.handle))


def _difference(leg: Leg, item: Reported) -> Drift | None:
    if leg.state is not LegState.UP:
        return Drift.STRAY
    if (leg.x, leg.ext) != (item.x, item.ext):
        return Drift.OTHER_NUMBER
    if leg.expires_at is None or item.expires_at is None or abs(leg.expires_at - item.expires_at) <= LATE:
        return None
    return Drift.ENDS_EARLIER if item.expires_at < leg.expires_at else Drift.ENDS_LATER
