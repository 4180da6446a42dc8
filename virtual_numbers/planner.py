"""How many numbers and channels a load needs, by formula. `planner_simulation.py` runs the real pool beside it.

A binding holds its place for the hold and then rests it for the quarantine, so `per_day * (hold + quarantine)` places are held at
once (Little's law). What a place is depends on the scheme: a whole number (AXN, 700), one of `10**ext_digits` extensions of which
`occupancy` may be used, or for pairs a number on which neither phone stands. Channels follow Erlang's loss formula.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil

from virtual_numbers.binding import MAX_EXT_DIGITS, Scheme
from virtual_numbers.errors import NumbersError

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?")
_UNITS = (timedelta(weeks=1), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
TAIL_700 = 10**4  # a 700 number is 11 managed digits and 4 more


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked. The figures below the line are what nobody states per shop; each has its source in docs/relay-numbers.md."""

    per_day: int
    """New bindings a day."""
    hold: timedelta
    quarantine: timedelta
    scheme: Scheme = Scheme.AXN_EXT
    ext_digits: int = 4
    occupancy: float = 0.5
    have: int | None = None
    """Numbers at hand; None asks what the formula's own figure gives."""
    peak: float = 1.0
    """Busiest stretch over the average day, for the effective quarantine."""
    # ----
    calls: float = 1.5
    """Calls a binding."""
    call: timedelta = timedelta(seconds=60)
    busy_hour: float = 0.2
    """Share of a day's calls in its busiest hour."""
    blocking: float = 0.01
    """Calls that may find every channel taken."""
    per_courier: int = 150
    """Parcels a day of the busiest phone: a pair needs a number on which that phone does not stand."""
    pairs_per_number: int = 200

    def __post_init__(self) -> None:
        checks = {
            "per_day": self.per_day > 0,
            "hold": self.hold > timedelta(0),
            "quarantine": self.quarantine >= timedelta(0),
            "ext_digits": 1 <= self.ext_digits <= MAX_EXT_DIGITS,
            "occupancy": 0 < self.occupancy <= 1,
            "peak": self.peak > 0,
            "have": self.have is None or self.have > 0,
        }
        for path, good in checks.items():
            if not good:
                raise NumbersError("not a figure that can be planned with", code="plan_malformed", path=path)

    @property
    def places_per_number(self) -> Fraction:
        """Places of one number that may be live or cooling."""
        if self.scheme is Scheme.AXN_EXT:
            return _exact(self.occupancy) * int(10**self.ext_digits)
        return Fraction(self.pairs_per_number) if self.scheme.by_pair else Fraction(1)


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. Days are calendar days of 24 hours."""

    numbers: int
    formula: str
    places: int
    """Live or cooling at once, at the average rate."""
    usable: int
    """Places that the numbers (those at hand, or the formula's) allow to be held."""
    channels: int
    """For all numbers together."""
    channels_per_number: int
    erlangs: float
    effective_quarantine_days: float
    """Usable places over the peak rate, minus the hold: how long a place can rest before it must be used again."""
    blocks_700: int | None
    warnings: tuple[str, ...]


def plan(load: Load) -> Plan:
    """Numbers by formula, rounded up, and what they give."""
    numbers, formula = _numbers(load)
    count = load.have or numbers
    usable = int(count * load.places_per_number)
    erlangs = load.per_day * load.calls * load.busy_hour * load.call.total_seconds() / 3600
    return Plan(
        numbers=numbers,
        formula=formula,
        places=ceil(load.per_day * (_days(load.hold) + _days(load.quarantine))),
        usable=usable,
        channels=channels(erlangs, load.blocking),
        channels_per_number=channels(erlangs / count, load.blocking),
        erlangs=round(erlangs, 3),
        effective_quarantine_days=round(float(_effective(load, count)), 3),
        blocks_700=-(-numbers // TAIL_700) if load.scheme is Scheme.AXN700 else None,
        warnings=tuple(_warnings(load, numbers, count)),
    )


def erlang_b(erlangs: float, servers: int) -> float:
    """Share of calls lost where `erlangs` are offered to so many channels (the stable recursion over channels)."""
    loss = 1.0
    for n in range(1, servers + 1):
        loss = erlangs * loss / (n + erlangs * loss)
    return loss


def channels(erlangs: float, blocking: float) -> int:
    """The fewest channels that lose at most `blocking` of the calls."""
    loss, servers = 1.0, 0
    while loss > blocking:
        servers += 1
        loss = erlangs * loss / (servers + erlangs * loss)
    return servers


def parse_duration(text: str) -> timedelta:
    """`15d`, `36h`, `2w`, `1d12h`, `90m`. Raises NumbersError `duration_malformed`."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        raise NumbersError("a duration is written like 15d, 36h or 1d12h", code="duration_malformed")
    return sum((float(amount) * unit for amount, unit in zip(found.groups(), _UNITS) if amount), timedelta(0))


def _numbers(load: Load) -> tuple[int, str]:
    held = load.per_day * (_days(load.hold) + _days(load.quarantine))
    match load.scheme:
        case Scheme.AXN_EXT:
            return ceil(held / load.places_per_number), "per_day * (hold + quarantine) / (occupancy * 10**ext_digits)"
        case Scheme.AXN | Scheme.AXN700:
            return ceil(held), "per_day * (hold + quarantine)"
        case Scheme.AXB | Scheme.AXYB:
            return _pair_numbers(load), "max(per_courier * (hold + quarantine), per_day * hold / pairs_per_number)"


def _pair_numbers(load: Load) -> int:
    """The busiest phone's degree (edge colouring of couriers x recipients, Koenig), or what the pairs fill if that is more."""
    busiest = min(load.per_courier, load.per_day)
    degree = busiest * (_days(load.hold) + _days(load.quarantine))
    return ceil(max(degree, load.per_day * _days(load.hold) / load.pairs_per_number))


def _effective(load: Load, count: int) -> Fraction:
    """Days. For pairs the busiest phone decides, because it uses up the numbers it may stand on."""
    peak = _exact(load.peak)
    if load.scheme.by_pair:
        return count / (min(load.per_courier, load.per_day) * peak) - _days(load.hold)
    return count * load.places_per_number / (load.per_day * peak) - _days(load.hold)


def _warnings(load: Load, numbers: int, count: int) -> list[str]:
    warnings = []
    effective = _effective(load, count)
    if effective < _days(load.quarantine):
        warnings.append(
            f"effective quarantine is {float(effective):.1f} days, below the {float(_days(load.quarantine)):.1f} asked for:"
            " the pool will refuse orders before it shortens a quarantine"
        )
    if load.have is not None and load.have < numbers:
        warnings.append(f"{load.have} numbers at hand, {numbers} needed")
    if load.quarantine < timedelta(days=30):
        warnings.append(
            "a quarantine below 30 days leaves old labels in reach of whoever was never connected or refused"
        )
    if load.scheme is Scheme.AXN_EXT and load.occupancy > 0.5:
        warnings.append(f"a guessed extension meets somebody with probability {load.occupancy:g}")
    if load.scheme.by_pair:
        warnings.append("a pair needs the courier's phone, which nobody knows when the label is printed")
    return warnings


def _days(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 86_400_000_000)


def _exact(figure: float) -> Fraction:
    """0.1 means a tenth: rounding up must not add a number for the last bit of a float."""
    return Fraction(str(figure))
