"""Times and nonces are written in every notation and read back."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import clockwork
from carriers.errors import ProfileError


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["s", "ms", "iso", "yyyy-MM-dd HH:mm:ss", "yyyyMMddHHmmss"]),
)
def test_a_time_that_was_written_is_read_back_to_the_second(moment: datetime, notation: str) -> None:
    at = moment.replace(tzinfo=UTC)
    again = clockwork.read_time(notation, clockwork.write_time(notation, at))
    assert again is not None and abs((again - at).total_seconds()) < 1


NOON = datetime(2026, 11, 25, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "clock", "at"),
    [
        ("2026-11-25T12:00:05Z", "", NOON),
        ("2026-11-25T13:00:05+0100", "", NOON),
        ("2026-11-25 20:00:05", "", NOON),
        ("2026/11/25 20:00:05", "", NOON),
        ("20261125", "200005", NOON),
        ("2026-11-25", "20:00:05", NOON),
        (str(int(NOON.timestamp())), "", NOON),
        (f"{int(NOON.timestamp())}000", "", NOON),
        ("20261125", "", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-04-25 13:50:14.0 CST", "", datetime(2026, 4, 25, 13, 50, 14, tzinfo=clockwork.CHINA)),
    ],
)
def test_an_event_s_time_is_read_however_it_is_written(text: str, clock: str, at: datetime) -> None:
    assert clockwork.read_event(text, clock, clockwork.CHINA) == at


@pytest.mark.parametrize("text", ["", "yesterday", "20261340", "9" * 40, "2026-11-25T", "２０２６１１２５", "1" * 5000])
def test_what_names_no_moment_is_none(text: str) -> None:
    assert clockwork.read_event(text, "", UTC) is None


@pytest.mark.parametrize(("text", "hours"), [("UTC", 0), ("+08:00", 8), ("-03:30", -3.5), ("+14:00", 14)])
def test_a_zone_is_utc_or_an_offset(text: str, hours: float) -> None:
    zone = clockwork.read_zone(text)
    assert zone is not None and zone.utcoffset(None).total_seconds() == hours * 3600  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "CET", "+8", "08:00", "+15:00", "+08:60"])
def test_other_zones_are_none(text: str) -> None:
    assert clockwork.read_zone(text) is None


def test_a_notation_that_nobody_can_write_is_an_error() -> None:
    clockwork.check("yyyy-MM-dd")
    with pytest.raises(ProfileError):
        clockwork.check("stardate")


@pytest.mark.parametrize(("notation", "text"), [("8", "abcdefgh"), ("", "abcdefghij")])
def test_a_nonce_is_cut_to_length(notation: str, text: str) -> None:
    assert clockwork.write_nonce(notation, "abcdefghij") == text


@given(st.text("0123456789abcdef", max_size=40))
def test_a_nonce_as_uuid_is_the_version_5_uuid_of_its_name(nonce: str) -> None:
    assert clockwork.write_nonce("uuid", nonce) == str(uuid.uuid5(uuid.NAMESPACE_OID, nonce))
