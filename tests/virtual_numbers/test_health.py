"""A provider's health: three failures are an outage, one good answer ends it, being asked for less is no outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.health import FAILURES_TO_DOWN, LOCKED_OUT, LONGEST_DOWN, LONGEST_PAUSE, Health
from virtual_numbers.providers.wire import Fault

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def failed(times: int) -> Health:
    health = Health()
    for _ in range(times):
        health = health.after(Fault.RETRY, NOW)
    return health


def test_failures_in_a_row_take_a_provider_down_for_a_while() -> None:
    assert not failed(FAILURES_TO_DOWN - 1).down(NOW)
    down = failed(FAILURES_TO_DOWN)

    assert down.down(NOW) and not down.down(down.opens_at(NOW))
    assert failed(30).opens_at(NOW) == NOW + LONGEST_DOWN, "it is asked again at least once a minute"


def test_it_is_tried_again_after_the_pause_and_one_more_failure_is_enough() -> None:
    down = failed(FAILURES_TO_DOWN)
    later = down.opens_at(NOW)

    assert down.after(Fault.RETRY, later).down(later)


@pytest.mark.parametrize("answer", [None, Fault.EXHAUSTED, Fault.CONFLICT, Fault.GONE, Fault.REJECTED, Fault.UNFILED])
def test_whatever_it_says_of_one_binding_it_is_well(answer: Fault | None) -> None:
    assert failed(9).after(answer, NOW) == Health()


def test_a_provider_that_asks_for_less_is_paused_and_not_down() -> None:
    health = Health().after(Fault.THROTTLED, NOW)
    assert health.paused(NOW) and not health.down(NOW)
    for _ in range(12):
        health = health.after(Fault.THROTTLED, NOW)
    assert health.opens_at(NOW) == NOW + LONGEST_PAUSE


def test_wrong_credentials_are_not_hammered() -> None:
    health = Health().after(Fault.FORBIDDEN, NOW)
    assert health.down(NOW + LOCKED_OUT - timedelta(seconds=1)) and not health.down(NOW + LOCKED_OUT)
