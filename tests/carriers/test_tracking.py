"""Every event that a profile names is a stage."""

from __future__ import annotations

import pytest

from carriers.profile import load_profiles
from carriers.tracking import EVENTS, stage_of
from masking.stage import Stage


def test_the_events_are_the_stages() -> None:
    assert {stage.value for stage in Stage} == EVENTS


def test_a_code_is_read_whole_before_its_prefix() -> None:
    assert stage_of({"8": "exception", "8*": "delivered"}, "8") is Stage.EXCEPTION
    assert stage_of({"8": "exception", "8*": "delivered"}, "8000") is Stage.DELIVERED
    assert stage_of({"*": "in_transit"}, "anything") is Stage.IN_TRANSIT


@pytest.mark.parametrize("profile", [profile for profile in load_profiles().values() if profile.events], ids=repr)
def test_every_code_of_every_profile_is_read(profile: object) -> None:
    events = profile.events  # type: ignore[attr-defined]
    assert all(stage_of(events, code.replace("*", "x")) is not None for code in events)
