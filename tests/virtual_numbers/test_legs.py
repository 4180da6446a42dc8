"""Legs: failover, retries that end, late answers, and a reconciliation that names every difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.legs import (
    BACKOFF,
    LATE,
    RETRIES,
    Drift,
    Finding,
    Leg,
    LegState,
    Reported,
    Step,
    answered,
    drift,
    end,
    ended,
    next_steps,
    refused,
)
from virtual_numbers.providers.wire import Fault

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
ORDER = ["alibaba", "huawei", "sip"]
ALL_WELL = dict.fromkeys(ORDER, True)


def leg(provider: str, state: LegState = LegState.UP, **rest: object) -> Leg:
    handle = "" if state in (LegState.WANTED, LegState.DOWN) else f"h-{provider}"
    return replace(Leg("b1", provider, state, handle, "17000000001", "0421", SOON), **rest)  # type: ignore[arg-type]


def test_a_new_binding_goes_to_the_first_healthy_provider() -> None:
    assert next_steps([], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "alibaba")]
    assert next_steps([], ORDER, {**ALL_WELL, "alibaba": False}, wanted=1, now=NOW) == [Step("bind", "huawei")]
    assert next_steps([], ORDER, ALL_WELL, wanted=2, now=NOW) == [Step("bind", "alibaba"), Step("bind", "huawei")]


def test_an_outage_pushes_again_elsewhere_and_keeps_the_old_leg() -> None:
    legs = [leg("alibaba")]

    assert next_steps(legs, ORDER, ALL_WELL, wanted=1, now=NOW) == []
    assert next_steps(legs, ORDER, {**ALL_WELL, "alibaba": False}, wanted=1, now=NOW) == [Step("bind", "huawei")]


def test_after_the_outage_nothing_more_is_pushed() -> None:
    assert next_steps([leg("alibaba"), leg("huawei")], ORDER, ALL_WELL, wanted=1, now=NOW) == []


def test_a_provider_that_refused_for_good_is_not_asked_again() -> None:
    down = refused(Leg("b1", "alibaba"), Fault.EXHAUSTED, NOW)

    assert down.state is LegState.DOWN
    assert next_steps([down], ORDER, ALL_WELL, wanted=1, now=NOW) == [Step("bind", "huawei")]


def test_no_provider_left_means_no_step_and_no_number() -> None:
    downs = [replace(leg(p, LegState.DOWN)) for p in ORDER]

    assert next_steps(downs, ORDER, ALL_WELL, wanted=1, now=NOW) == []


def test_a_passing_fault_is_retried_with_a_growing_pause_and_then_given_up() -> None:
    one, now, pauses = Leg("b1", "alibaba"), NOW, []
    while one.state is LegState.WANTED:
        one = refused(one, Fault.RETRY, now)
        if one.state is LegState.WANTED:
            assert next_steps([one], ORDER, ALL_WELL, wanted=1, now=now) == [], "waiting, and still counted on"
            while not next_steps([one], ORDER, ALL_WELL, wanted=1, now=now):
                now += BACKOFF / 2
            pauses.append(now - one.tried_at)  # type: ignore[operator]

    assert len(pauses) == RETRIES - 1
    assert pauses == sorted(set(pauses))


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


def test_agreement_is_no_finding() -> None:
    assert (
        drift("alibaba", [leg("alibaba"), leg("huawei")], [Reported("h-alibaba", "17000000001", "0421", SOON + LATE)])
        == []
    )


@pytest.mark.parametrize(
    ("legs", "reported", "kind"),
    [
        ([leg("alibaba")], [], Drift.MISSING),
        ([], [Reported("h9", "17000000001")], Drift.STRAY),
        ([leg("alibaba", LegState.ENDING)], [Reported("h-alibaba", "17000000001", "0421", SOON)], Drift.STRAY),
        (
            [leg("alibaba", LegState.ENDED, handle="h-alibaba")],
            [Reported("h-alibaba", "17000000001", "0421", SOON)],
            Drift.STRAY,
        ),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000002", "0421", SOON)], Drift.OTHER_NUMBER),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000001", "0422", SOON)], Drift.OTHER_NUMBER),
        (
            [leg("alibaba")],
            [Reported("h-alibaba", "17000000001", "0421", SOON - timedelta(days=1))],
            Drift.ENDS_EARLIER,
        ),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000001", "0421", SOON + timedelta(days=1))], Drift.ENDS_LATER),
    ],
)
def test_every_kind_of_drift_is_named(legs: list[Leg], reported: list[Reported], kind: Drift) -> None:
    (finding,) = drift("alibaba", legs, reported)

    assert finding.drift is kind
    assert finding.binding == ("" if not legs else "b1")


def test_the_most_dangerous_comes_first() -> None:
    found = drift("alibaba", [leg("alibaba")], [Reported("h9", "1")])

    assert [finding.drift for finding in found] == [Drift.STRAY, Drift.MISSING]
    assert found[1] == Finding(Drift.MISSING, "alibaba", "h-alibaba", "b1")


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
            assert step.action == "bind" and one.state is LegState.WANTED
            faults = {"retry": Fault.RETRY, "exhausted": Fault.EXHAUSTED}
            legs[step.provider] = (
                refused(one, faults[happening], now) if happening in faults
                else answered(one, handle=step.provider, x="1", ext="", expires_at=SOON)
            )  # fmt: skip

    up = [one for one in legs.values() if one.state is LegState.UP]
    assert len(up) == len({one.handle for one in up})
