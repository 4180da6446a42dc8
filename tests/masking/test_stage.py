"""The parcel's life: forward only, whatever order reports come in, and never wider open by a doubtful clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.stage import EARLY, OVER, Stage, advance, first_mark, latest

T0 = datetime(2026, 11, 25, 8, tzinfo=UTC)
ROAD = [
    Stage.CREATED,
    Stage.PICKED_UP,
    Stage.IN_TRANSIT,
    Stage.AT_STATION,
    Stage.OUT_FOR_DELIVERY,
    Stage.DELIVERED,
    Stage.RETURNED,
    Stage.CLOSED,
]


def minutes(count: int) -> datetime:
    return T0 + timedelta(minutes=count)


def run(reports: list[tuple[Stage, int]], stage: Stage = Stage.CREATED) -> Stage:
    last = T0
    for report, at in reports:
        stage, changed = advance(stage, report, minutes(at), last)
        last = latest(minutes(at), last) if changed else last
    return stage


def test_a_parcel_walks_the_road_step_by_step() -> None:
    stage, last = Stage.CREATED, T0
    for at, report in enumerate(ROAD[1:], 1):
        stage, changed = advance(stage, report, minutes(at), last)
        assert (stage, changed) == (report, True)
        last = minutes(at)


@pytest.mark.parametrize("stage", Stage)
def test_a_doubled_report_changes_nothing(stage: Stage) -> None:
    for at in (-1, 0, 1):
        assert advance(stage, stage, minutes(at), T0) == (stage, False)


@pytest.mark.parametrize("stage", ROAD)
def test_no_report_leads_back(stage: Stage) -> None:
    for report in ROAD[: ROAD.index(stage)]:
        assert advance(stage, report, minutes(9), T0) == (stage, False)


@pytest.mark.parametrize("stage", ROAD[:-1])
def test_steps_may_be_skipped(stage: Stage) -> None:
    for report in ROAD[ROAD.index(stage) + 1 :]:
        assert advance(stage, report, T0, T0) == (report, True)


@pytest.mark.parametrize("report", Stage)
def test_nothing_follows_closed(report: Stage) -> None:
    assert advance(Stage.CLOSED, report, minutes(9), T0) == (Stage.CLOSED, False)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
@pytest.mark.parametrize("report", Stage)
def test_an_older_report_may_end_the_delivery_and_nothing_else(stage: Stage, report: Stage) -> None:
    now, changed = advance(stage, report, T0 - timedelta(microseconds=1), T0)
    may = report is Stage.CLOSED or (report is Stage.DELIVERED and stage not in OVER)
    assert (now, changed) == ((report, True) if may and report is not stage else (stage, False))


@pytest.mark.parametrize("stage", Stage)
def test_an_exception_halts_a_parcel_that_is_under_way(stage: Stage) -> None:
    halts = stage not in OVER and stage is not Stage.EXCEPTION
    assert advance(stage, Stage.EXCEPTION, T0, T0) == ((Stage.EXCEPTION, True) if halts else (stage, False))


@pytest.mark.parametrize("report", Stage)
def test_only_a_strictly_newer_report_carries_an_exception_on(report: Stage) -> None:
    carries = report in {
        Stage.IN_TRANSIT,
        Stage.AT_STATION,
        Stage.OUT_FOR_DELIVERY,
        Stage.DELIVERED,
        Stage.RETURNED,
        Stage.CLOSED,
    }
    assert advance(Stage.EXCEPTION, report, minutes(1), T0)[1] is carries
    ends = report in {Stage.DELIVERED, Stage.CLOSED}
    assert advance(Stage.EXCEPTION, report, T0, T0)[1] is ends


def test_a_return_ends_the_delivery_and_a_late_delivery_report_does_not_undo_it() -> None:
    assert (
        run([(Stage.OUT_FOR_DELIVERY, 1), (Stage.EXCEPTION, 2), (Stage.RETURNED, 3), (Stage.DELIVERED, 4)])
        is Stage.RETURNED
    )


def test_reports_in_any_order_end_where_the_parcel_is() -> None:
    life = [
        (Stage.PICKED_UP, 1),
        (Stage.IN_TRANSIT, 2),
        (Stage.AT_STATION, 3),
        (Stage.OUT_FOR_DELIVERY, 4),
        (Stage.DELIVERED, 5),
    ]
    for told in permutations(life):
        assert run(list(told)) is Stage.DELIVERED


reports = st.lists(st.tuples(st.sampled_from(Stage), st.integers(-50, 50)), max_size=12)


@settings(max_examples=200)
@given(reports)
def test_doubling_every_report_changes_nothing(told: list[tuple[Stage, int]]) -> None:
    assert run([report for one in told for report in (one, one)]) is run(told)


@settings(max_examples=200)
@given(reports)
def test_the_road_is_never_walked_back_but_through_an_exception(told: list[tuple[Stage, int]]) -> None:
    stage, last = Stage.CREATED, T0
    for report, at in told:
        before = stage
        stage, changed = advance(stage, report, minutes(at), last)
        assert changed is (stage is not before)
        if Stage.EXCEPTION not in (before, stage):
            assert ROAD.index(stage) >= ROAD.index(before)
        if before in OVER:
            assert stage in OVER
        last = latest(minutes(at), last) if changed else last


@pytest.mark.parametrize("report", [Stage.PICKED_UP, Stage.IN_TRANSIT, Stage.OUT_FOR_DELIVERY, Stage.EXCEPTION])
def test_the_first_report_may_seem_older_than_the_booking_by_a_day_and_two_hours(report: Stage) -> None:
    mark = first_mark(T0)
    assert advance(Stage.CREATED, report, T0 - EARLY, mark) == (report, True)
    assert advance(Stage.CREATED, report, T0 - EARLY - timedelta(seconds=1), mark) == (Stage.CREATED, False)
    # What is older still may close, as ever, and moves no mark.
    assert advance(Stage.CREATED, Stage.DELIVERED, T0 - timedelta(days=900), mark) == (Stage.DELIVERED, True)
    assert latest(T0 - timedelta(days=900), mark) == mark


def test_the_mark_of_time_never_moves_back() -> None:
    assert latest(T0, minutes(1)) == latest(minutes(1), T0) == minutes(1)
    assert latest(T0, T0) == T0
