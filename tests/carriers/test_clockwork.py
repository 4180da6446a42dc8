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
