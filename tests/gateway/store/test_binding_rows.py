"""A binding's row and its latest state become one value, whatever either of them lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.store.binding_rows import COLUMNS, binding_of, moment
from virtual_numbers.binding import Scheme, State

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
MS = int(AT.timestamp() * 1000)
BOUND = ("shop_a", "shp_1", "sf-express", "recipient", "95013990001", "0001", 2, b"p" * 16, "axn-ext", MS, MS + 9000)
NO_STATE = (None, None, None, None, None, "callable")


def test_a_binding_without_a_state_is_callable_until_its_first_end() -> None:
    held = binding_of((*BOUND, *NO_STATE))
    assert (held.state, held.scheme, held.slot) == (State.CALLABLE, Scheme.AXN_EXT, ("95013990001", "0001", 2))
    assert (held.bound_at, held.expires_at) == (AT, AT + timedelta(seconds=9))
    assert (held.released_at, held.peer, held.peer_until) == (None, b"", None)


def test_one_that_a_provider_has_yet_to_confirm_begins_bound() -> None:
    assert binding_of((*BOUND, *NO_STATE[:-1], "bound")).state is State.BOUND


@pytest.mark.parametrize("until", [None, MS + 500])
def test_a_state_says_when_it_ends_even_where_that_is_never(until: int | None) -> None:
    held = binding_of((*BOUND, "suspended", until, None, memoryview(b"c" * 16), MS + 100, "bound"))
    assert (held.state, held.expires_at) == (State.SUSPENDED, moment(until))
    assert (held.peer, held.peer_until) == (b"c" * 16, AT + timedelta(milliseconds=100))


def test_what_stands_behind_the_columns_is_left_to_whoever_asked_for_it() -> None:
    assert len(COLUMNS) == len(BOUND) + len(NO_STATE)
    assert binding_of((*BOUND, *NO_STATE, "more")) == binding_of((*BOUND, *NO_STATE))
