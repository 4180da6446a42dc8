"""The planner's simulation: the real pool agrees with the formula, and a seed repeats it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from virtual_numbers.binding import Scheme
from virtual_numbers.planner import Load, plan
from virtual_numbers.planner_simulation import simulate

DAY = timedelta(days=1)


def a_load(per_day: int = 100_000, hold: int = 15, quarantine: int = 30, **rest: object) -> Load:
    return Load(per_day, hold * DAY, quarantine * DAY, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "load", [a_load(), a_load(scheme=Scheme.AXN700), a_load(2_000, 3, 5, ext_digits=2), a_load(scheme=Scheme.AXB)]
)
def test_the_simulation_agrees_with_the_formula(load: Load) -> None:
    answer = plan(load)

    beside = simulate(load, answer, seed=5, orders=15_000)

    assert beside.numbers == pytest.approx(answer.numbers, rel=0.05, abs=1)
    assert beside.refused < 0.05


def test_the_simulated_pool_never_rests_a_place_for_less_than_the_quarantine() -> None:
    load = a_load(2_000, 5, 10, scheme=Scheme.AXN700)

    beside = simulate(load, plan(load), seed=2, orders=15_000)

    assert beside.shortest_rest_days is not None
    assert beside.shortest_rest_days >= 10


def test_too_few_numbers_refuse_what_they_cannot_hold() -> None:
    load = a_load(have=600)

    assert 0.2 < simulate(load, plan(load), seed=1, orders=15_000).refused < 0.35


def test_a_simulation_is_its_seeds() -> None:
    load = a_load(500, 5, 5)

    assert simulate(load, plan(load), seed=3, orders=5_000) == simulate(load, plan(load), seed=3, orders=5_000)
    assert (
        simulate(load, plan(load), seed=3, orders=5_000).curve != simulate(load, plan(load), seed=4, orders=5_000).curve
    )
