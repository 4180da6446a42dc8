"""A moment reads as Python writes it, whatever its zone and its fraction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from masking.moments import iso, moment


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(0))])))
def test_the_text_is_isoformat_s(at: datetime) -> None:
    assert iso(at) == at.isoformat()
    assert datetime.fromisoformat(iso(at)) == at


def test_a_second_without_a_fraction_has_none() -> None:
    assert iso(datetime(2026, 11, 25, 12, tzinfo=UTC)) == "2026-11-25T12:00:00+00:00"
    assert iso(datetime(2026, 11, 25, 12, 0, 0, 5, tzinfo=UTC)) == "2026-11-25T12:00:00.000005+00:00"


@given(st.integers(0, 4_000_000_000_000))
def test_milliseconds_come_back_as_they_went(ms: int) -> None:
    assert round(moment(ms).timestamp() * 1000) == ms
    assert moment(ms).tzinfo is UTC
