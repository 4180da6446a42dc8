"""One binding, several providers: its legs, and what to do next when one fails.

A leg is a provider's own binding that carries ours. The truth is here; a provider is told, asked and corrected. Pure: `next_steps`
says what to send, the rest what an answer makes of a leg; sending is the gateway's. Where a provider's view has drifted from ours
is `drift.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from virtual_numbers.providers.wire import Fault

BACKOFF = timedelta(seconds=2)  # doubled each time
LONGEST_DOUBLINGS = 7  # about four minutes: a provider that came back is not left waiting for longer
LATE = timedelta(minutes=2)  # a provider's clock and ours may differ by this much
GRACE = timedelta(minutes=10)  # a leg outlives its binding by so much: we end it, and never the provider before us
LONGEST_TERM = timedelta(days=60)  # providers keep a binding for 90 days at most; one without an end is renewed in time

ELSEWHERE = "provider_other_number"
"""Fault of a leg that a provider bound on another number than ours: taken back, and not asked for again."""

PASSING = frozenset({Fault.RETRY, Fault.THROTTLED, Fault.FORBIDDEN})
"""Faults that are the account's and not this binding's: the same request succeeds once they are over."""


class LegState(StrEnum):
    """Where one provider stands with one binding."""

    WANTED = "wanted"
    """To be pushed, or pushed and unanswered: the same request may be sent again under the same id."""
    UP = "up"
    DOWN = "down"
    """Refused for good."""
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
    """When the provider ends it by itself; None where it does not."""
    attempts: int = 0
    tried_at: datetime | None = None
    unsure: bool = False
    """A bind was sent and its answer never came: the provider may hold it under a handle that nobody here knows."""
    fault: str = ""
    """The latest refusal, by its code."""
    courier: str = ""
    """Whom the provider has as the party's peer, by our id."""


class Step(NamedTuple):
    """What to send: `bind`, `extend`, `unbind`, or `look` (is it bound there?), to whom."""

    action: str
    provider: str


def next_steps(
    legs: Sequence[Leg], providers: Sequence[str], healthy: Mapping[str, bool], *, wanted: int, now: datetime,
    until: datetime | None = None,
) -> list[Step]:  # fmt: skip
    """What to send now so that `wanted` legs are up until `until`, the earlier of `providers` first. None means there is no end.

    A leg on an unhealthy provider does not count, but is not ended either: calls may still go through it, and an outage passes.
    When it is over, the surplus is taken back, so that no phone stays with more providers than it must. A provider that refused
    for good is not asked again; one that had no number left is, when no other is open. Without an open provider the binding stays
    below its number, and the caller hears that it is not ready.
    """
    able = [leg for leg in legs if healthy.get(leg.provider, False)]
    up = sorted((leg for leg in able if leg.state is LegState.UP), key=lambda leg: _rank(leg.provider, providers))
    steps = [Step(_taking_back(leg), leg.provider) for leg in able if leg.state is LegState.ENDING and due(leg, now)]
    steps += [Step("unbind", leg.provider) for leg in up[wanted:] if due(leg, now)]
    steps += [Step("extend", leg.provider) for leg in up[:wanted] if off_term(leg, until, now) and due(leg, now)]
    lacking = wanted - len(up)
    asked = _to_bind(legs, providers, healthy, lacking)
    known = {leg.provider: leg for leg in legs}
    steps += [Step("bind", name) for name in asked if name not in known or due(known[name], now)]
    loose = (leg for leg in able if leg.state is LegState.WANTED and leg.unsure and leg.provider not in asked)
    return steps + [Step("look", leg.provider) for leg in loose if due(leg, now)]


def _to_bind(legs: Sequence[Leg], providers: Sequence[str], healthy: Mapping[str, bool], lacking: int) -> list[str]:
    """The providers that are to carry what is lacking, in their order; those that had no number left come last."""
    known = {leg.provider: leg for leg in legs}
    able = [name for name in providers if healthy.get(name, False)]
    fresh = [n for n in able if n not in known or _open(known[n])]
    empty = [n for n in able if n in known and may_recover(known[n])]
    return (fresh + empty)[: max(0, lacking)]


def _open(leg: Leg) -> bool:
    """It may be bound, or bound anew."""
    return leg.state is LegState.WANTED or (leg.state is LegState.ENDED and leg.fault != ELSEWHERE)


def _taking_back(leg: Leg) -> str:
    return "unbind" if leg.handle else "look"


def _rank(provider: str, providers: Sequence[str]) -> int:
    return providers.index(provider) if provider in providers else len(providers)


def may_recover(leg: Leg) -> bool:
    """Refused because the provider had no number left, which may change by itself."""
    return leg.state is LegState.DOWN and leg.fault == Fault.EXHAUSTED.value


def hopeless(legs: Sequence[Leg], providers: Sequence[str]) -> bool:
    """Every provider refused for good: sending again changes nothing until somebody changes something."""
    for_good = {leg.provider for leg in legs if leg.state is LegState.DOWN and not may_recover(leg)}
    for_good |= {leg.provider for leg in legs if leg.state is LegState.ENDED and not _open(leg)}
    return not set(providers) - for_good


def settled(legs: Sequence[Leg], *, wanted: int, now: datetime, until: datetime | None = None) -> bool:
    """Nothing is left to be sent: so many legs are up as are wanted, for long enough, and none is loose or on its way out."""
    up = [leg for leg in legs if leg.state is LegState.UP]
    loose = any(leg.state is LegState.ENDING or (leg.state is LegState.WANTED and leg.unsure) for leg in legs)
    return not loose and len(up) == wanted and not any(off_term(leg, until, now) for leg in up)


# -- what becomes of a leg


def answered(leg: Leg, *, handle: str, x: str, ext: str, expires_at: datetime | None) -> Leg:
    """The provider bound it. An answer that comes after the binding was given up is taken back again."""
    state = LegState.ENDING if leg.state in (LegState.ENDING, LegState.ENDED) else LegState.UP
    return replace(
        leg, state=state, handle=handle, x=x, ext=ext, expires_at=expires_at, attempts=0, tried_at=None, unsure=False, fault=""
    )  # fmt: skip


def extended(leg: Leg, expires_at: datetime) -> Leg:
    """The provider took the new end."""
    return replace(leg, expires_at=expires_at, attempts=0, tried_at=None, fault="")


def refused(leg: Leg, fault: Fault, now: datetime, *, sent: bool = True) -> Leg:
    """The provider said no, or nothing (RETRY; `sent` False where it cannot have had the request).

    What is passing is tried again with a growing pause; how long is for the sender to say. A leg that is up and gone there is
    wanted anew.
    """
    tried = replace(leg, attempts=leg.attempts + 1, tried_at=now, fault=fault.value)
    match leg.state:
        case LegState.ENDING:
            return ended(leg) if fault is Fault.GONE else tried
        case LegState.UP if fault is Fault.GONE:
            return replace(
                leg, state=LegState.WANTED, handle="", expires_at=None, attempts=0, tried_at=None, courier=""
            )
        case LegState.UP:
            return tried
    if fault in PASSING:
        return replace(tried, state=LegState.WANTED, unsure=leg.unsure or (fault is Fault.RETRY and sent))
    return replace(tried, state=LegState.DOWN, unsure=False)


def absent(leg: Leg) -> Leg:
    """We looked, and the provider does not hold it."""
    sure = replace(leg, unsure=False, attempts=0, tried_at=None)
    return replace(sure, state=LegState.ENDED) if leg.state is LegState.ENDING else sure


def end(leg: Leg) -> Leg:
    """The binding was released: take the leg back, or look whether there is something to take back."""
    if leg.state in (LegState.ENDING, LegState.ENDED):
        return leg
    state = LegState.ENDING if leg.handle or leg.unsure else LegState.ENDED
    return replace(leg, state=state, attempts=0, tried_at=None)


def ended(leg: Leg) -> Leg:
    """The provider took it back. The handle stays, so that a reconciliation can ask after it."""
    return replace(leg, state=LegState.ENDED, attempts=0, tried_at=None, unsure=False)


def over(leg: Leg, now: datetime) -> bool:
    """Its own end at the provider has passed: there is nothing left to take back."""
    return leg.expires_at is not None and now > leg.expires_at + LATE


# -- times


def term(until: datetime | None, now: datetime) -> datetime:
    """The end to ask a provider for: a little after the binding's own, and at most LONGEST_TERM from now."""
    most = now + LONGEST_TERM
    return most if until is None else min(until + GRACE, most)


def off_term(leg: Leg, until: datetime | None, now: datetime) -> bool:
    """The provider would end it too early, or keep it too long."""
    if leg.expires_at is None:
        return False
    if until is not None and until + GRACE <= now + LONGEST_TERM:
        return abs(leg.expires_at - (until + GRACE)) > LATE
    return leg.expires_at < now + LONGEST_TERM / 2


def due_at(leg: Leg) -> datetime | None:
    """When it may be tried again; None is at once."""
    return None if leg.tried_at is None else leg.tried_at + BACKOFF * (1 << min(leg.attempts, LONGEST_DOUBLINGS))


def due(leg: Leg, now: datetime) -> bool:
    """Its pause is over."""
    at = due_at(leg)
    return at is None or now >= at
