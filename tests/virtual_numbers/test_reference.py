"""The in-memory relay: one shipment's whole life in the order in which it happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from masking.stage import Stage
from virtual_numbers.binding import State, Terms
from virtual_numbers.errors import PoolExhausted
from virtual_numbers.pool import PoolPolicy
from virtual_numbers.reference import Reference
from virtual_numbers.relay import Reason

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
ANNA, BORIS, COURIER, OTHER = (bytes([n]) * 16 for n in (1, 2, 3, 4))
X = "17000000001"


@pytest.fixture
def relay() -> Reference:
    return Reference(PoolPolicy(ext_digits=1, occupancy=1.0, quarantine=30 * DAY), [(X, range(1))], Terms())


def test_an_old_courier_never_reaches_the_next_shipments_recipient(relay: Reference) -> None:
    first = relay.bind("s1", ANNA, NOW)
    assert relay.show(first.slot, COURIER, NOW)
    assert relay.call(COURIER, X, first.ext, NOW).callee_index == ANNA
    assert relay.call(ANNA, X, "", NOW + DAY).callee_index == COURIER

    relay.report(first.slot, Stage.CLOSED, NOW + 2 * DAY)
    assert relay.call(COURIER, X, first.ext, NOW + 3 * DAY).reason is Reason.SHIPMENT_CLOSED
    with pytest.raises(PoolExhausted):
        relay.bind("s2", BORIS, NOW + 31 * DAY)
    second = relay.bind("s2", BORIS, NOW + 33 * DAY)

    assert second.slot == first.slot._replace(turn=1)
    for caller in (COURIER, ANNA):
        refused = relay.call(caller, X, second.ext, NOW + 34 * DAY)
        assert (refused.action, refused.cause) == ("reject", "tombstone")
    assert not relay.show(second.slot, COURIER, NOW + 34 * DAY), "it would not serve this courier"
    assert relay.call(OTHER, X, second.ext, NOW + 34 * DAY).callee_index == BORIS


def test_what_an_unknown_courier_saw_is_not_used_again_for_a_year(relay: Reference) -> None:
    first = relay.bind("s1", ANNA, NOW)
    assert relay.show(first.slot, None, NOW)
    relay.release(first.slot, NOW)

    with pytest.raises(PoolExhausted):
        relay.bind("s2", BORIS, NOW + 365 * DAY)
    assert relay.bind("s2", BORIS, NOW + 366 * DAY)


def test_a_return_gets_its_own_number_back(relay: Reference) -> None:
    first = relay.bind("s1", ANNA, NOW)
    relay.release(first.slot, NOW + DAY)

    assert relay.reopen(first.slot, NOW + 5 * DAY)
    assert relay.call(COURIER, X, first.ext, NOW + 6 * DAY).callee_index == ANNA
    assert not relay.reopen(first.slot, NOW + 6 * DAY), "it lives"


def test_a_restart_changes_no_answer(relay: Reference) -> None:
    first = relay.bind("s1", ANNA, NOW)
    relay.call(COURIER, X, first.ext, NOW)
    relay.restore()

    assert relay.call(ANNA, X, "", NOW + DAY).callee_index == COURIER
    with pytest.raises(PoolExhausted):
        relay.bind("s2", BORIS, NOW)


def test_tombstones_are_forgotten_a_year_after_the_release_and_not_before(relay: Reference) -> None:
    first = relay.bind("s1", ANNA, NOW)
    relay.call(COURIER, X, first.ext, NOW)
    relay.release(first.slot, NOW + 10 * DAY)

    relay.forget(NOW + 375 * DAY)
    assert relay.tombstones_of(COURIER, X)
    relay.forget(NOW + 376 * DAY)
    assert not relay.tombstones_of(COURIER, X)
    assert relay.rows[first.slot].binding.state is State.QUARANTINED, "the latest row of a place stays, for its turn"
