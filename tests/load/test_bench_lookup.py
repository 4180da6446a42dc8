"""The look-up benchmark fills what it says and finds what it asks for, in a process of its own as every load tool."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_size_is_filled_and_every_look_up_answered() -> None:
    command = [sys.executable, "-m", "load.bench_lookup", "--sizes", "300,12000", "--lookups", "60"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(run.stdout.splitlines()[-1])
    assert [row["bindings"] for row in told["sizes"]] == [300, 12_000]
    assert all(row["p99_us"] >= row["p50_us"] > 0 for row in told["sizes"])
    assert told["store"] == "sqlite" and told["p99_ratio"] > 0
