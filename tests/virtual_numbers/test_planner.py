"""The planner: published figures, exact rounding, and a simulation of the real pool that agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.binding import Scheme
from virtual_numbers.errors import NumbersError
from virtual_numbers.planner import Load, channels, erlang_b, parse_duration, plan

DAY = timedelta(days=1)


def a_load(per_day: int = 100_000, hold: int = 15, quarantine: int = 30, **rest: object) -> Load:
    return Load(per_day, hold * DAY, quarantine * DAY, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("load", "numbers"),
    [
        (a_load(quarantine=0), 300),
        (a_load(), 900),
        (a_load(occupancy=0.05), 9_000),
        (a_load(ext_digits=3), 9_000),
        (a_load(occupancy=0.02), 22_500),  # 200 on a number of 10,000, as one vendor advises
        (a_load(scheme=Scheme.AXN), 4_500_000),
        (a_load(scheme=Scheme.AXN700), 4_500_000),
        (a_load(per_day=15_000, hold=3, scheme=Scheme.AXB), 4_950),  # a courier's 150 a day over 33 days
        (a_load(per_day=1_000_000, hold=1, quarantine=0, scheme=Scheme.AXB), 5_000),  # a million pairs, 200 a number
        (a_load(per_day=1), 1),
        (a_load(per_day=112), 2),  # 5040 places, one number holds 5000
        (a_load(per_day=111), 1),
    ],
)
def test_numbers_by_formula_are_rounded_up(load: Load, numbers: int) -> None:
    assert plan(load).numbers == numbers


@given(st.integers(1, 10**7), st.integers(1, 90), st.integers(0, 400), st.integers(1, 100), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_rounding_is_exact_whatever_the_float(
    per_day: int, hold: int, quarantine: int, percent: int, digits: int
) -> None:
    numbers = plan(a_load(per_day, hold, quarantine, occupancy=percent / 100, ext_digits=digits)).numbers

    held, per_number = per_day * (hold + quarantine) * 100, percent * 10**digits
    assert (numbers - 1) * per_number < held <= numbers * per_number


@pytest.mark.parametrize(("erlangs", "needed"), [(5 / 3, 6), (50 / 3, 26), (0.0, 1), (0.001, 1)])
def test_channels_follow_erlang_b(erlangs: float, needed: int) -> None:
    assert channels(erlangs, 0.01) == needed


def test_erlang_b_by_its_own_definition() -> None:
    assert round(erlang_b(1.67, 6), 4) == 0.0057
    assert erlang_b(1.0, 1) == 0.5
    assert erlang_b(2.0, 2) == pytest.approx(2 / 5)  # 2²/2! over 1 + 2 + 2²/2!


def test_effective_quarantine_is_the_slots_over_the_rate_minus_the_hold() -> None:
    assert plan(a_load()).effective_quarantine_days == 30
    assert plan(a_load(have=600)).effective_quarantine_days == 15
    assert plan(a_load(peak=2.0)).effective_quarantine_days == 7.5


def test_it_warns_when_the_effective_quarantine_falls_short_and_not_otherwise() -> None:
    assert plan(a_load()).warnings == ()
    assert any("effective quarantine is 15.0 days" in w for w in plan(a_load(have=600)).warnings)
    assert any("effective quarantine is 7.5 days" in w for w in plan(a_load(peak=2.0)).warnings)
    assert plan(a_load(have=900)).warnings == ()


def test_a_700_prefix_holds_ten_thousand() -> None:
    assert plan(a_load(scheme=Scheme.AXN700)).blocks_700 == 450
    assert plan(a_load()).blocks_700 is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15d", 15 * DAY),
        ("36h", 1.5 * DAY),
        ("2w", 14 * DAY),
        ("1d12h", 1.5 * DAY),
        ("90m", timedelta(minutes=90)),
        ("0.5d", DAY / 2),
        ("0d", 0 * DAY),
    ],
)
def test_durations_are_read(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "15", "d", "15x", "-3d", "3 d", "12h1d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(NumbersError) as refused:
        parse_duration(text)
    assert refused.value.code == "duration_malformed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_day": 0},
        {"hold": 0},
        {"quarantine": -1},
        {"occupancy": 0.0},
        {"ext_digits": 9},
        {"peak": 0.0},
        {"have": 0},
    ],
)
def test_a_load_that_cannot_be_planned_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(NumbersError) as refused:
        a_load(**wrong)  # type: ignore[arg-type]
    assert refused.value.code == "plan_malformed"
