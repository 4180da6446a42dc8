"""The plan's picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

from virtual_numbers.planner import Load, plan
from virtual_numbers.planner_plot import draw
from virtual_numbers.planner_simulation import simulate

DAY = timedelta(days=1)


def a_load(per_day: int = 100_000, hold: int = 15, quarantine: int = 30, **rest: object) -> Load:
    return Load(per_day, hold * DAY, quarantine * DAY, **rest)  # type: ignore[arg-type]


def test_the_plot_is_one_svg_with_both_figures() -> None:
    load = a_load(1_000, 5, 10)
    answer = plan(load)

    picture = draw(load, answer, simulate(load, answer, orders=5_000))

    root = ET.fromstring(picture)
    words = " ".join(element.text or "" for element in root.iter())
    assert root.tag.endswith("svg")
    assert f"formula {answer.numbers:,} numbers, simulation" in words
    assert f"allowed by the plan: {answer.usable:,}" in words
    assert len(next(e for e in root.iter() if e.tag.endswith("polyline")).get("points", "").split()) > 20
