"""Filing: bound is not callable until every number it needs is filed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.binding import Slot, State, bind, suspend
from virtual_numbers.errors import NumbersError
from virtual_numbers.filing import Filing, FilingState, callable_now, failed, passed, submit

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)
FILED, NONE = FilingState(Filing.FILED, since=NOW), FilingState(Filing.NOT_NEEDED)


def a_binding(state: State):  # type: ignore[no-untyped-def]
    return bind(
        Slot("17000000001", "0421", 0),
        tenant="t",
        shipment="s",
        carrier="c",
        role="sender",
        party=b"a" * 16,
        now=NOW,
        state=state,
    )


def test_papers_are_handed_in_and_pass() -> None:
    state = passed(submit(FilingState(), NOW), NOW + HOUR)

    assert state.carries(NOW + HOUR)
    assert not submit(FilingState(), NOW).carries(NOW + HOUR)


def test_a_failed_check_locks_for_a_day_and_two_ban() -> None:
    locked = failed(submit(FilingState(), NOW), NOW)

    with pytest.raises(NumbersError) as refused:
        submit(locked, NOW + 23 * HOUR)
    assert refused.value.code == "filing_locked"
    banned = failed(submit(locked, NOW + 24 * HOUR), NOW + 25 * HOUR)
    assert banned.state is Filing.BANNED
    with pytest.raises(NumbersError) as refused:
        submit(banned, NOW + 999 * HOUR)
    assert refused.value.code == "filing_banned"
    assert passed(banned, NOW) == banned and failed(banned, NOW) == banned


def test_success_forgets_an_earlier_failure() -> None:
    assert passed(submit(failed(FilingState(), NOW), NOW + 24 * HOUR), NOW + 25 * HOUR).failures == 0


def test_a_filing_runs_out_and_none_comes_from_the_future() -> None:
    state = passed(FilingState(), NOW, until=NOW + HOUR)

    assert [state.carries(NOW + at) for at in (-HOUR, timedelta(0), HOUR)] == [False, True, False]


@pytest.mark.parametrize(
    ("before", "filings", "after"),
    [
        (State.BOUND, [FILED, NONE], State.CALLABLE),
        (State.BOUND, [FILED, FilingState()], State.BOUND),
        (State.BOUND, [], State.CALLABLE),
        (State.CALLABLE, [FilingState(Filing.LOCKED)], State.BOUND),
        (State.CALLABLE, [FILED], State.CALLABLE),
    ],
)
def test_a_binding_is_callable_when_all_its_filings_carry(
    before: State, filings: list[FilingState], after: State
) -> None:
    assert callable_now(a_binding(before), filings, NOW).state is after


def test_a_suspended_binding_stays_suspended() -> None:
    suspended = suspend(a_binding(State.CALLABLE))

    assert callable_now(suspended, [FILED], NOW) == suspended
    assert callable_now(suspended, [FilingState()], NOW) == suspended
