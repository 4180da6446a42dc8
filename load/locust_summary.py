"""Locust's figures as a table of a few lines. Pure, and free of Locust, whose import patches the standard library.

Run: `python -m load.locust_summary FILE SECONDS` prints the table of a kept `out/load.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RANKS = (0.5, 0.99, 0.999)


def at_rank(times: dict[str, int], rank: float) -> float:
    """The response time in ms below which this share of the answers lies; `times` counts answers by rounded time."""
    ordered = sorted((float(time), count) for time, count in times.items())
    wanted = rank * sum(count for _, count in ordered)
    seen = 0
    for time, count in ordered:
        seen += count
        if seen >= wanted:
            return time
    return 0.0


def summary(figures: list[dict[str, Any]], seconds: float) -> str:
    """One line a kind of request, and one for all."""
    rows = [_row(entry["name"], [entry], seconds) for entry in sorted(figures, key=lambda entry: str(entry["name"]))]
    head = f"{'':<18}{'requests':>9}{'failed':>8}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'p99.9 ms':>10}"
    return "\n".join([head, *rows, _row("all", figures, seconds)])


def _row(name: str, entries: list[dict[str, Any]], seconds: float) -> str:
    count = sum(entry["num_requests"] for entry in entries)
    failed = sum(entry["num_failures"] for entry in entries)
    times: dict[str, int] = {}
    for entry in entries:
        for time, number in entry["response_times"].items():
            times[time] = times.get(time, 0) + number
    p50, p99, p999 = (at_rank(times, rank) for rank in RANKS)
    return f"{name:<18}{count:>9}{failed:>8}{count / seconds:>10.0f}{p50:>9.0f}{p99:>9.0f}{p999:>10.0f}"


if __name__ == "__main__":
    print(summary(json.loads(Path(sys.argv[1]).read_text("utf-8")), float(sys.argv[2])))
