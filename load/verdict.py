"""Rounds in, one result out: medians, the ratio, and whether the run counts. Pure; `load/bench.py` makes the rounds.

Run: `python -m load.verdict FILE` judges kept rounds again (`{"rounds": [...], "upstream_rps": N, ...}`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

SUBJECTS = ("passthrough", "veilway")
BUSY = 0.95
"""Below this the gateway waited for somebody else, and the rate is not its own."""
HEADROOM = 3.0
"""So many times the pass-through must the upstream be able to do."""

Round = dict[str, Any]


def flaws(turn: Round) -> list[str]:
    """Why a round does not count."""
    name = f"{turn['subject']} round {turn['round']}"
    found = [
        f"{name}: {turn[count]} answers were {what}"
        for count, what in (("bad", "errors"), ("replays", "replays"), ("broken", "cut off"))
        if turn[count]
    ]
    if turn["exhausted"]:
        found.append(f"{name}: the corpus was too short")
    if turn["busy"] < BUSY:
        found.append(f"{name}: the gateway's core was {turn['busy']:.0%} busy")
    if not turn["answers"]:
        found.append(f"{name}: no answer")
    return found


def books(answers: int, shipments: int, under_way: int) -> list[str]:
    """Whether as many orders were booked as were answered; a round's end may leave one a connection booked unanswered."""
    if answers <= shipments <= answers + under_way:
        return []
    return [f"{answers} orders were answered and {shipments} booked"]


def verdict(rounds: list[Round], upstream_rps: float, **facts: Any) -> dict[str, Any]:
    """The result document. `facts` are told as they are; some are judged: `answers`, `shipments`, `under_way`, `replay_seen`,
    `audit_ok`."""
    of = {subject: [turn for turn in rounds if turn["subject"] == subject] for subject in SUBJECTS}
    middle = {
        subject: {key: median(turn[key] for turn in turns) for key in ("rps", "p50_ms", "p99_ms")}
        for subject, turns in of.items()
    }
    bare, ours = middle["passthrough"], middle["veilway"]
    reasons = [flaw for turn in rounds for flaw in flaws(turn)]
    reasons += books(facts["answers"], facts["shipments"], facts["under_way"])
    if not facts["audit_ok"]:
        reasons.append("the audit log does not verify")
    if not facts["replay_seen"]:
        reasons.append("an order sent twice was not called a replay, so replays would go unseen")
    if upstream_rps < HEADROOM * bare["rps"]:
        reasons.append(f"the upstream does {upstream_rps:.0f}/s, less than {HEADROOM:.0f} times the pass-through")
    return {
        "passthrough_rps": round(bare["rps"], 1),
        "veilway_rps": round(ours["rps"], 1),
        "ratio": round(ours["rps"] / bare["rps"], 3) if bare["rps"] else 0.0,
        "p50_ms": ours["p50_ms"],
        "p99_ms": ours["p99_ms"],
        "passthrough_p50_ms": bare["p50_ms"],
        "passthrough_p99_ms": bare["p99_ms"],
        "upstream_rps": round(upstream_rps, 1),
        "cpu_us": {subject: round(median(map(_cpu_us, turns)), 1) for subject, turns in of.items()},
        "rounds": len(of["veilway"]),
        "busy_min": round(min(turn["busy"] for turn in rounds), 3),
        "rps_by_round": {subject: [round(turn["rps"], 1) for turn in turns] for subject, turns in of.items()},
        **facts,
        "void": bool(reasons),
        "reasons": reasons,
    }


def _cpu_us(turn: Round) -> float:
    """Microseconds of the subject's own processor time an answer: what its rate comes to on a core that nobody else uses."""
    return turn["busy"] / turn["rps"] * 1e6 if turn["rps"] else 0.0


def main() -> None:
    print(json.dumps(verdict(**json.loads(Path(sys.argv[1]).read_text("utf-8"))), ensure_ascii=False))


if __name__ == "__main__":
    main()
