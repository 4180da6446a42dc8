"""The short table of a load run: counts add up, percentiles are those of the answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIGURES = [
    {"name": "order", "num_requests": 100, "num_failures": 1, "response_times": {"5": 98, "40": 1, "900": 1}},
    {"name": "call", "num_requests": 50, "num_failures": 0, "response_times": {"2": 50}},
]


def table(folder: Path) -> dict[str, list[str]]:
    path = folder / "load.json"
    path.write_text(json.dumps(FIGURES))
    command = [sys.executable, "-m", "load.locust_summary", str(path), "10"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines[1:]}


def test_each_kind_has_a_line_with_its_rate_and_percentiles(tmp_path: Path) -> None:
    assert table(tmp_path)["order"] == ["100", "1", "10", "5", "40", "900"]
    assert table(tmp_path)["call"] == ["50", "0", "5", "2", "2", "2"]


def test_the_last_line_is_all_kinds_together(tmp_path: Path) -> None:
    assert table(tmp_path)["all"] == ["150", "1", "15", "5", "40", "900"]
