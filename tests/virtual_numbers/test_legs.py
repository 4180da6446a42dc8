"""Legs: failover, retries, late and lost answers, ends that are renewed in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.legs import (
    BACKOFF,
    GRACE,
    LATE,
    LONGEST_TERM,
    Leg,
    LegState,
    Step,
    absent,
    answered,
    due_at,
    end,
    ended,
    extended,
    hopeless,
    next_steps,
    off_term,
    over,
    refused,
    settled,
    term,
)
from virtual_numbers.providers.wire import Fault

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
ORDER = ["alibaba", "huawei", "sip"]
ALL_WELL = dict.fromkeys(ORDER, True)


def leg(provider: str, state: LegState = LegState.UP, **rest: object) -> Leg:
    handle = "" if state in (LegState.WANTED, LegState.DOWN) else f"h-{provider}"
    return replace(Leg("b1", provider, state, handle, "17000000001", "0421"), **rest)  # type: ignore[arg-type]


def test_a_new_binding_goes_to_the_first_healthy_provider() -> None:
    assert next_steps([], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "alibaba")]
    assert next_steps([], ORDER, {**ALL_WELL, "alibaba": False}, wanted=1, now=NOW) == [Step("bind", "huawei")]
    assert next_steps([], ORDER, ALL_WELL, wanted=2, now=NOW) == [Step("bind", "alibaba"), Step("bind", "huawei")]


def test_an_outage_pushes_again_elsewhere_and_keeps_the_old_leg() -> None:
    legs = [leg("alibaba")]

    assert next_steps(legs, ORDER, ALL_WELL, wanted=1, now=NOW) == []
    assert next_steps(legs, ORDER, {**ALL_WELL, "alibaba": False}, wanted=1, now=NOW) == [Step("bind", "huawei")]


def test_after_the_outage_the_phone_stays_with_one_provider_only() -> None:
    both = [leg("alibaba"), leg("huawei")]

    assert next_steps(both, ORDER, {**ALL_WELL, "alibaba": False}, wanted=1, now=NOW) == [], "while it lasts both stay"
    assert next_steps(both, ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("unbind", "huawei")]


@pytest.mark.parametrize("fault", [Fault.REJECTED, Fault.CONFLICT, Fault.GONE, Fault.UNFILED])
def test_a_provider_that_refused_for_good_is_not_asked_again(fault: Fault) -> None:
    down = refused(Leg("b1", "alibaba"), fault, NOW)

    assert down.state is LegState.DOWN
    assert next_steps([down], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "huawei")]
    later = NOW + timedelta(days=1)
    assert next_steps([down], ["alibaba"], ALL_WELL, wanted=1, now=later) == []
    assert hopeless([down], ["alibaba"]) and not hopeless([down], ORDER)


def test_a_provider_without_numbers_left_is_asked_again_when_no_other_is_open() -> None:
    down = refused(Leg("b1", "alibaba"), Fault.EXHAUSTED, NOW)

    assert next_steps([down], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "huawei")]
    assert next_steps([down], ["alibaba"], ALL_WELL, wanted=1, now=NOW) == []
    assert next_steps([down], ["alibaba"], ALL_WELL, wanted=1, now=due_at(down) or NOW) == [Step("bind", "alibaba")]
    assert not hopeless([down], ["alibaba"])


def test_no_provider_left_means_no_step_and_no_number() -> None:
    downs = [replace(leg(p, LegState.DOWN)) for p in ORDER]

    assert next_steps(downs, ORDER, ALL_WELL, wanted=1, now=NOW) == []


@pytest.mark.parametrize("fault", [Fault.RETRY, Fault.THROTTLED, Fault.FORBIDDEN])
def test_what_is_passing_is_tried_again_with_a_growing_pause_and_never_given_up_here(fault: Fault) -> None:
    one, now, pauses = Leg("b1", "alibaba"), NOW, []
    for _ in range(12):
        one = refused(one, fault, now)
        assert one.state is LegState.WANTED
        assert next_steps([one], ORDER, ALL_WELL, wanted=1, now=now) == [], "waiting, and still counted on"
        while not next_steps([one], ORDER, ALL_WELL, wanted=1, now=now):
            now += BACKOFF
        pauses.append(now - one.tried_at)  # type: ignore[operator]

    assert pauses == sorted(pauses) and pauses[:3] == [2 * BACKOFF, 4 * BACKOFF, 8 * BACKOFF]
    assert pauses[-1] == pauses[-2] < timedelta(minutes=5), "who comes back is not left waiting"


def test_a_lost_answer_is_looked_for_once_another_provider_carries_the_binding() -> None:
    lost = refused(Leg("b1", "alibaba"), Fault.RETRY, NOW)
    assert lost.unsure
    later = NOW + timedelta(minutes=10)

    assert next_steps([lost], ORDER, ALL_WELL, wanted=1, now=later) == [Step("bind", "alibaba")], "the same id again"
    assert next_steps([lost, leg("huawei")], ORDER, ALL_WELL, wanted=1, now=later) == [Step("look", "alibaba")]
    assert not settled([lost, leg("huawei")], wanted=1, now=NOW)
    assert settled([absent(lost), leg("huawei")], wanted=1, now=NOW)


def test_what_was_never_sent_leaves_nothing_to_look_for() -> None:
    assert not refused(Leg("b1", "alibaba"), Fault.RETRY, NOW, sent=False).unsure


def test_a_released_binding_whose_answer_was_lost_is_looked_for_and_taken_back() -> None:
    lost = end(refused(Leg("b1", "alibaba"), Fault.RETRY, NOW))
    assert (lost.state, next_steps([lost], ORDER, ALL_WELL, wanted=0, now=NOW)) == (
        LegState.ENDING,
        [Step("look", "alibaba")],
    )

    found = answered(lost, handle="h1", x="1", ext="", expires_at=SOON)
    assert next_steps([found], ORDER, ALL_WELL, wanted=0, now=NOW) == [Step("unbind", "alibaba")]
    assert absent(lost).state is LegState.ENDED and settled([absent(lost)], wanted=0, now=NOW)


def test_a_leg_that_is_gone_there_is_bound_anew() -> None:
    gone = refused(leg("alibaba"), Fault.GONE, NOW)

    assert (gone.state, gone.handle) == (LegState.WANTED, "")
    assert next_steps([gone], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "alibaba")]


def test_a_reopened_binding_goes_to_its_first_provider_again() -> None:
    assert next_steps([ended(leg("alibaba"))], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "alibaba")]


def test_a_leg_is_kept_a_little_longer_than_its_binding_and_follows_it() -> None:
    ends = NOW + timedelta(days=10)
    one = leg("alibaba", expires_at=term(ends, NOW))

    assert one.expires_at == ends + GRACE and not off_term(one, ends, NOW)
    for moved in (timedelta(days=7), timedelta(days=-7)):
        assert next_steps([one], ORDER, ALL_WELL, wanted=1, now=NOW, until=ends + moved) == [Step("extend", "alibaba")]
        after = extended(one, term(ends + moved, NOW))
        assert next_steps([after], ORDER, ALL_WELL, wanted=1, now=NOW, until=ends + moved) == []


@pytest.mark.parametrize("ends", [None, NOW + timedelta(days=400)])
def test_a_leg_without_an_end_in_sight_is_renewed_before_the_provider_ends_it(ends: datetime | None) -> None:
    one, now, renewed = leg("alibaba", expires_at=term(ends, NOW)), NOW, 0
    assert one.expires_at == NOW + LONGEST_TERM
    while now < NOW + timedelta(days=380):
        now += timedelta(days=1)
        assert one.expires_at is not None and one.expires_at > now
        if off_term(one, ends, now):
            one, renewed = extended(one, term(ends, now)), renewed + 1
    assert 5 <= renewed <= 15


def test_what_the_provider_has_ended_itself_needs_no_taking_back() -> None:
    one = leg("alibaba", expires_at=SOON)
    assert over(one, SOON + 2 * LATE) and not over(one, SOON) and not over(leg("alibaba"), SOON)


def test_a_late_answer_to_a_released_binding_is_taken_back() -> None:
    gone = end(Leg("b1", "alibaba"))
    assert gone.state is LegState.ENDED

    late = answered(gone, handle="h1", x="17000000001", ext="", expires_at=SOON)

    assert late.state is LegState.ENDING
    assert next_steps([late], ORDER, ALL_WELL, wanted=0, now=NOW) == [Step("unbind", "alibaba")]
    assert ended(late).state is LegState.ENDED


def test_unbinding_what_is_gone_there_is_done() -> None:
    ending = end(leg("alibaba"))

    assert refused(ending, Fault.GONE, NOW).state is LegState.ENDED
    assert refused(ending, Fault.RETRY, NOW).state is LegState.ENDING, (
        "never given up: it would go on connecting people"
    )


@given(
    st.lists(st.sampled_from(["ok", "retry", "exhausted", "outage", "recover", "tick"]), max_size=40), st.integers(1, 2)
)
@settings(max_examples=100, deadline=None)
def test_whatever_happens_every_provider_is_bound_at_most_once(happenings: list[str], wanted: int) -> None:
    legs: dict[str, Leg] = {}
    healthy, now = dict(ALL_WELL), NOW
    for happening in happenings:
        now += BACKOFF
        if happening in ("outage", "recover"):
            healthy[ORDER[len(legs) % 3]] = happening == "recover"
        for step in next_steps(list(legs.values()), ORDER, healthy, wanted=wanted, now=now):
            one = legs.get(step.provider, Leg("b1", step.provider))
            if step.action != "bind":
                assert (step.action, one.state) in {("unbind", LegState.UP), ("look", LegState.WANTED)}
                legs[step.provider] = ended(one) if step.action == "unbind" else absent(one)
                continue
            assert one.state is not LegState.UP
            one = replace(one, state=LegState.WANTED)
            faults = {"retry": Fault.RETRY, "exhausted": Fault.EXHAUSTED}
            legs[step.provider] = (
                refused(one, faults[happening], now) if happening in faults
                else answered(one, handle=step.provider, x="1", ext="", expires_at=None)
            )  # fmt: skip

    up = [one for one in legs.values() if one.state is LegState.UP]
    assert len(up) == len({one.handle for one in up})
