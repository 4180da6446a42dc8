"""Where a provider's view of our bindings has drifted from ours: every difference by name, the most dangerous first.

Pure: what a provider holds was asked before. A number stands here as what it is to us, right or other; never as digits of a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from virtual_numbers.legs import LATE, Leg, LegState


class Drift(StrEnum):
    """How a provider's view differs from ours, the most dangerous first."""

    STRAY = "stray"
    """Live there and none of ours: it connects people whom nobody bound."""
    STILL_BOUND = "still_bound"
    """Live there after it was released here."""
    OTHER_TARGET = "other_target"
    """It rings another phone than the party's."""
    OTHER_NUMBER = "other_number"
    """The same binding on another X or extension."""
    MISSING = "missing"
    """Bound here, unknown there: calls are refused."""
    ENDS_LATER = "ends_later"
    ENDS_EARLIER = "ends_earlier"


RANK = {kind: rank for rank, kind in enumerate(Drift)}


class Reported(NamedTuple):
    """A live binding as a provider tells of it."""

    handle: str
    x: str
    ext: str = ""
    expires_at: datetime | None = None
    """None where the provider does not say."""
    right_target: bool = True
    """Whether the phone behind it is the party's; compared by keyed index."""


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
    return sorted(found, key=lambda finding: (RANK[finding.drift], finding.handle))


def _difference(leg: Leg, item: Reported) -> Drift | None:
    if leg.state is not LegState.UP:
        return Drift.STILL_BOUND
    if not item.right_target:
        return Drift.OTHER_TARGET
    if (leg.x, leg.ext) != (item.x, item.ext):
        return Drift.OTHER_NUMBER
    if leg.expires_at is None or item.expires_at is None or abs(leg.expires_at - item.expires_at) <= LATE:
        return None
    return Drift.ENDS_EARLIER if item.expires_at < leg.expires_at else Drift.ENDS_LATER
