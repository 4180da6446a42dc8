"""On a courier's scan: whether a binding is narrowed to that courier's phone, and until when. Pure; the clock is handed in.

Narrowed, a binding is a pair for the day: only this courier is connected, and the party's call-back reaches this courier and
nobody else. Knows keyed indexes and times; knows no courier, no carrier's wish and no store. What becomes of a narrowing when the
parcel moves on is `binding.extend`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from virtual_numbers.binding import Binding, narrow, widen


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan by which a courier takes a parcel out."""

    courier: bytes
    """Keyed index, on the binding's X, of the courier's phone; empty where none is on record."""
    until: datetime
    """The end of the day that the scan was made on."""
    late: bool = False
    """Kept by the device while there was no network: what happened since may be newer."""
    barred: bool = False
    """A tombstone keeps this courier from the binding's place: neither may reach the other through it."""


def end_of_day(moment: datetime, zone: str) -> datetime:
    """The midnight that ends the day of `moment` where the clocks of `zone` hang. In UTC: a day may have 23 or 25 hours."""
    there = ZoneInfo(zone)
    tomorrow = moment.astimezone(there).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), there).astimezone(moment.tzinfo)


def after_scan(binding: Binding, scan: Scanned, now: datetime) -> Binding:
    """The binding after the scan: narrowed to its courier, opened again where the courier cannot be narrowed to, or as it was.

    The latest courier has the parcel, so a narrowing to an earlier one never outlives the scan. A late scan takes no binding from
    another courier, and one of a day that is over changes nothing. A fixed pair is nobody's to narrow.
    """
    fixed = binding.peer != b"" and binding.peer_until is None
    if fixed or not binding.live(now) or scan.until <= now:
        return binding
    holder = binding.narrowed_to(now)
    if scan.late and holder not in (b"", scan.courier):
        return binding
    if not scan.courier or scan.barred or scan.courier == binding.party:
        return widen(binding) if holder else binding
    return narrow(binding, scan.courier, scan.until)
