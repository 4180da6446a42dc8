"""Who a scan narrows a binding to, who it does not, and when the day of the scan ends by the clocks of its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from masking.stage import Stage
from tests.virtual_numbers.calls import ANNA, COURIER, HOUR, NOW, OTHER, a_binding
from virtual_numbers.binding import Scheme, State, Terms, extend, narrow, release, suspend
from virtual_numbers.narrowing import Scanned, after_scan, end_of_day

TODAY = NOW + timedelta(hours=12)
BY_COURIER = Scanned(COURIER, TODAY)


def test_a_scan_narrows_to_its_courier_and_the_next_one_to_the_next() -> None:
    first = after_scan(a_binding(), BY_COURIER, NOW)
    assert (first.narrowed_to(NOW), first.narrowed_to(TODAY)) == (COURIER, b"")
    assert after_scan(first, BY_COURIER, NOW + HOUR) == first, "the same courier's second scan changes nothing"
    assert after_scan(first, Scanned(OTHER, TODAY), NOW + HOUR).narrowed_to(NOW + HOUR) == OTHER
    tomorrow = NOW + timedelta(days=1)
    assert after_scan(first, Scanned(COURIER, TODAY + timedelta(days=1)), tomorrow).narrowed_to(tomorrow) == COURIER


@pytest.mark.parametrize(
    "scan", [Scanned(b"", TODAY), Scanned(OTHER, TODAY, barred=True), Scanned(ANNA, TODAY)], ids=["unknown", "barred", "party"]
)  # fmt: skip
def test_a_courier_who_cannot_be_narrowed_to_opens_the_number_of_the_one_before(scan: Scanned) -> None:
    held = after_scan(a_binding(), BY_COURIER, NOW)
    assert after_scan(held, scan, NOW + HOUR) == a_binding()
    assert after_scan(a_binding(), scan, NOW) == a_binding()
    over = NOW + timedelta(days=1)
    assert after_scan(held, replace(scan, until=over + HOUR), over) == held, "it had run out: there is nothing to undo"


def test_a_late_scan_takes_nothing_from_another_courier() -> None:
    held, late = after_scan(a_binding(), BY_COURIER, NOW), Scanned(OTHER, TODAY, late=True)
    assert after_scan(held, late, NOW + HOUR) == held
    assert after_scan(held, replace(late, courier=b""), NOW + HOUR) == held
    assert after_scan(a_binding(), late, NOW).narrowed_to(NOW) == OTHER
    assert after_scan(held, replace(late, until=NOW + HOUR), NOW + HOUR) == held, "made on a day that is over"
    assert after_scan(a_binding(), Scanned(OTHER, NOW), NOW) == a_binding()


def test_what_is_over_or_a_pair_is_not_narrowed() -> None:
    bound = a_binding()
    pair = a_binding(ext="", scheme=Scheme.AXB, peer=OTHER)
    fixed = structs.replace(bound, peer=OTHER)
    for held in (
        release(bound, NOW),
        structs.replace(bound, expires_at=NOW),
        pair,
        fixed,
    ):
        assert after_scan(held, BY_COURIER, NOW) == held
    assert after_scan(suspend(bound), BY_COURIER, NOW).state is State.SUSPENDED


def test_a_pair_that_waits_for_its_peer_gets_the_courier_of_the_day() -> None:
    waiting = a_binding(ext="", scheme=Scheme.AXB)
    assert after_scan(waiting, BY_COURIER, NOW).narrowed_to(NOW) == BY_COURIER.courier


@pytest.mark.parametrize("stage", list(Stage))
def test_a_narrowing_ends_when_the_parcel_leaves_the_courier_s_hands(stage: Stage) -> None:
    held = narrow(a_binding(), COURIER, TODAY)
    kept = extend(held, stage, NOW, Terms()).narrowed_to(NOW)
    assert kept == (COURIER if stage in (Stage.OUT_FOR_DELIVERY, Stage.EXCEPTION) else b"")


def test_no_stage_takes_a_pair_its_peer() -> None:
    pair = a_binding(ext="", scheme=Scheme.AXB, peer=OTHER)
    assert all(extend(pair, stage, NOW, Terms()).peer == OTHER for stage in Stage)


@pytest.mark.parametrize(
    ("moment", "zone", "ends"),
    [
        ("2026-11-25T15:59:59+00:00", "Asia/Shanghai", "2026-11-25T16:00:00+00:00"),
        ("2026-11-25T16:00:00+00:00", "Asia/Shanghai", "2026-11-26T16:00:00+00:00"),
        ("2026-03-29T00:30:00+00:00", "Europe/Berlin", "2026-03-29T22:00:00+00:00"),  # a day of 23 hours
        ("2026-10-24T23:30:00+00:00", "Europe/Berlin", "2026-10-25T23:00:00+00:00"),  # and one of 25
        ("2018-11-03T12:00:00+00:00", "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),  # a midnight that is skipped
        (
            "2019-02-16T12:00:00+00:00",
            "America/Sao_Paulo",
            "2019-02-17T03:00:00+00:00",
        ),  # an hour before midnight comes twice
        ("2026-12-31T20:00:00+00:00", "America/New_York", "2027-01-01T05:00:00+00:00"),
    ],
)
def test_a_day_ends_at_midnight_where_the_courier_is(moment: str, zone: str, ends: str) -> None:
    assert end_of_day(datetime.fromisoformat(moment), zone) == datetime.fromisoformat(ends)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "UTC"]),
)
@settings(max_examples=200, deadline=None)
def test_a_day_s_end_is_ahead_and_belongs_to_the_next_day(moment: datetime, zone: str) -> None:
    ends, there = end_of_day(moment, zone), ZoneInfo(zone)
    assert timedelta(0) < ends - moment <= timedelta(hours=25)
    assert (ends - timedelta(microseconds=1)).astimezone(there).date() == moment.astimezone(there).date()
    assert ends.astimezone(there).date() > moment.astimezone(there).date()
