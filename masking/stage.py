"""The parcel's stages, and the one state machine that scopes, bindings and pushes share.

Reports come from carriers' pushes and from scans: doubled, late, out of order, and dated by clocks that differ. Knows no carrier's
codes (`carriers/tracking.py` maps those to stages) and no clock but the times handed in. Nothing here can make a parcel's reader
see more because of a doubtful clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """Where a parcel is in its life. A report names one of these, too."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    AT_STATION = "at_station"
    """At the depot of the last mile."""
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"
    """On its way back, or back, with the sender: the recipient's door is nobody's business any more."""
    EXCEPTION = "exception"
    """Held up: lost, damaged, refused, address not found. A later report carries it on."""
    CLOSED = "closed"
    """Over: cancelled, or its keeping time is up. Nothing follows."""


# Steps on the straight road. EXCEPTION has none: it is left by any later report of the road, at whatever step.
_STEP = {
    Stage.CREATED: 0,
    Stage.PICKED_UP: 1,
    Stage.IN_TRANSIT: 2,
    Stage.AT_STATION: 3,
    Stage.OUT_FOR_DELIVERY: 4,
    Stage.DELIVERED: 5,
    Stage.RETURNED: 6,
    Stage.CLOSED: 7,
}
_ENDS = frozenset({Stage.DELIVERED, Stage.CLOSED})
"""What a report may set whatever its date: these only narrow what is shown."""
_RESUMES = frozenset({Stage.IN_TRANSIT, Stage.AT_STATION, Stage.OUT_FOR_DELIVERY, Stage.DELIVERED, Stage.RETURNED})
EARLY = timedelta(hours=26)
"""How long before its booking a parcel's first report may seem to be: a carrier's clock runs late, its time names no zone (14 hours at
most), or it names only a day, which began up to 26 hours ago on the far side of the world. What is older is about another parcel."""
OVER = frozenset({Stage.DELIVERED, Stage.RETURNED, Stage.CLOSED})
"""Stages in which the delivery is no longer to be made."""


def advance(stage: Stage, report: Stage, at: datetime, last_at: datetime) -> tuple[Stage, bool]:
    """The stage after a report dated `at`, where the last report that counted was dated `last_at`; and whether it changed.

    Never backwards on the road. A report older than the last one that counted (a late push, or a clock that stepped back) may end
    the delivery and may do nothing else. An exception halts the parcel; only a strictly newer report carries it on. The caller
    keeps `latest(at, last_at)` as the new `last_at` where the stage changed.
    """
    if report is stage or stage is Stage.CLOSED:
        return stage, False
    allowed = _follows(stage, report) and (report in _ENDS or _in_time(stage, at, last_at))
    return (report, True) if allowed else (stage, False)


def first_mark(booked_at: datetime) -> datetime:
    """The mark before any report counted. The booking is dated by our clock and reports by the carrier's: it is no report itself."""
    return booked_at - EARLY


def latest(at: datetime, last_at: datetime) -> datetime:
    """The later of the two: the mark that time-bound scopes are measured from never moves back."""
    return at if at > last_at else last_at


def _follows(stage: Stage, report: Stage) -> bool:
    if report is Stage.CLOSED:
        return True
    if report is Stage.EXCEPTION:
        return stage not in OVER
    if stage is Stage.EXCEPTION:
        return report in _RESUMES
    return _STEP[report] > _STEP[stage]


def _in_time(stage: Stage, at: datetime, last_at: datetime) -> bool:
    return at > last_at if stage is Stage.EXCEPTION else at >= last_at
