"""When a benchmark run counts: medians, and a reason for each way of having measured something else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def turn(subject: str, number: int, rps: float, **changes: float) -> dict[str, Any]:
    good = {"sent": 1000, "answers": 990, "bad": 0, "replays": 0, "broken": 0, "exhausted": 0, "busy": 0.99}
    return {"subject": subject, "round": number, "rps": rps, "p50_ms": 10.0 * number, "p99_ms": 20.0, **good, **changes}


def run(**changes: Any) -> dict[str, Any]:
    rates = {"passthrough": (5000.0, 4000.0, 6000.0), "veilway": (3000.0, 3500.0, 4000.0)}
    rounds = [turn(subject, at + 1, rps) for subject, series in rates.items() for at, rps in enumerate(series)]
    facts = {"answers": 3000, "shipments": 3010, "under_way": 64, "replay_seen": True, "audit_ok": True}
    return {"rounds": rounds, "upstream_rps": 40_000, **facts, **changes}


def judge(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    path = folder / "rounds.json"
    path.write_text(json.dumps(record))
    command = [sys.executable, "-m", "load.verdict", str(path)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def test_a_clean_run_gives_medians_and_counts(tmp_path: Path) -> None:
    result = judge(tmp_path, run())
    figures = {name: result[name] for name in ("passthrough_rps", "veilway_rps", "ratio", "p50_ms", "void", "reasons")}
    assert figures == {
        "passthrough_rps": 5000.0,
        "veilway_rps": 3500.0,
        "ratio": 0.7,
        "p50_ms": 20.0,
        "void": False,
        "reasons": [],
    }


def test_processor_time_an_order_does_not_depend_on_who_else_used_the_core(tmp_path: Path) -> None:
    record = run()
    for entry in record["rounds"]:
        entry.update(busy=0.5, rps=entry["rps"] / 2)
    halved, whole = judge(tmp_path, record)["cpu_us"], judge(tmp_path, run())["cpu_us"]
    assert halved["veilway"] == pytest.approx(whole["veilway"], rel=0.02) == pytest.approx(0.99 / 3500 * 1e6, rel=0.001)


@pytest.mark.parametrize(
    ("flaw", "word"),
    [
        ({"bad": 1}, "errors"),
        ({"replays": 1}, "replays"),
        ({"broken": 1}, "cut off"),
        ({"exhausted": 1}, "too short"),
        ({"busy": 0.94}, "94% busy"),
        ({"answers": 0}, "no answer"),
    ],
)
def test_one_flawed_round_voids_the_run_and_says_why(tmp_path: Path, flaw: dict[str, float], word: str) -> None:
    record = run()
    record["rounds"][-1].update(flaw)
    result = judge(tmp_path, record)
    assert result["void"] and [word in reason for reason in result["reasons"]] == [True]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"shipments": 2999}, "booked"),
        ({"shipments": 3065}, "booked"),
        ({"replay_seen": False}, "unseen"),
        ({"audit_ok": False}, "audit"),
        ({"upstream_rps": 14_999}, "upstream"),
    ],
)
def test_books_that_do_not_agree_void_the_run(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    result = judge(tmp_path, run(**change))
    assert result["void"] and [word in reason for reason in result["reasons"]] == [True]
