"""Rounds: subjects take turns under one generator, and no order is ever sent twice.

Knows generators, corpora and how busy a process was; knows neither what the subjects are nor what their rates mean.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from load.cores import Stopwatch, pinned
from load.orders import new_salt, sf_orders, write_corpus
from load.wire import FORM

SCRIPT = Path(__file__).parent / "wrk" / "orders.lua"
PATH = "/c/sf-express/std/service"
WARM_UP = 2.0
"""Seconds before the first round: caches fill, and the rate seen says how large a corpus a round needs."""
SPARE = 2.0
"""So many times the orders that the warm-up's rate would need; a cold start is slower than what follows."""
MARGIN = 0.4
"""Seconds cut off both ends of a round when the core is watched, while connections open and close."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: its name, where it listens, its process."""

    name: str
    base: str
    key: str
    pid: int


@dataclass(slots=True)
class Corpora:
    """One subject's corpus files: each goes on where the last one was left, so no order is in two of them or sent twice."""

    folder: Path
    salt: int = field(default_factory=new_salt)
    used: int = 0
    """Orders sent so far."""

    @contextmanager
    def fresh(self, count: int) -> Iterator[Path]:
        """The next orders in a file, written before it is needed and removed after."""
        path = self.folder / f"corpus-{self.salt:x}"
        write_corpus(path, map(sf_orders(self.salt), range(self.used, self.used + count)))
        try:
            yield path
        finally:
            path.unlink()


@dataclass(frozen=True, slots=True)
class Generator:
    """wrk from Debian, or the project's own; both print the same JSON line."""

    name: str
    core: int
    connections: int

    def command(self, url: str, key: str, corpus: Path, seconds: float) -> list[str]:
        if self.name == "wrk":
            options = ["-t1", f"-c{self.connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(SCRIPT)]
            return [*pinned(self.core), "wrk", *options, url, "--", str(corpus), key, "1", FORM]
        options = ["--connections", str(self.connections), "--seconds", str(seconds)]
        return [*pinned(self.core), sys.executable, "-m", "load.generator", url, str(corpus), key, *options]

    def run(self, subject: Subject, corpus: Path, seconds: float) -> dict[str, Any]:
        """One round against a subject, with how busy the subject was in the middle of it."""
        command = self.command(subject.base + PATH, subject.key, corpus, seconds)
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(MARGIN)
        watch = Stopwatch(subject.pid)
        time.sleep(seconds - 2 * MARGIN)
        busy = watch.busy()
        out, err = running.communicate(timeout=60)
        # wrk's script must leave stdout to wrk, so its line comes on stderr.
        line = (err if self.name == "wrk" else out).strip().rpartition("\n")[2]
        if running.returncode or not line.startswith("{"):
            raise SystemExit(f"{self.name} ended with {running.returncode}: {err.strip()[-500:]}")
        counted: dict[str, Any] = json.loads(line)
        return {**counted, "rps": counted["answers"] / counted["seconds"], "busy": busy}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def play(generator: Generator, subject: Subject, corpora: Corpora, count: int, seconds: float) -> dict[str, Any]:
    """One round with new orders, at most so many."""
    with corpora.fresh(count) as corpus:
        turn = generator.run(subject, corpus, seconds)
    corpora.used += turn["sent"]
    return {"subject": subject.name, **turn}


def alternate(
    subjects: list[tuple[Subject, Corpora]], generator: Generator, rounds: int, seconds: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Warm up, then let the subjects take turns. Gives the warm-ups and the rounds."""
    warm = [play(generator, *subject, int(WARM_UP * 12_000), WARM_UP) for subject in subjects]
    sizes = [int(turn["rps"] * seconds * SPARE) + 1000 for turn in warm]
    kept = []
    for number in range(1, rounds + 1):
        for subject, size in zip(subjects, sizes, strict=True):
            turn = play(generator, *subject, size, seconds)
            kept.append({"round": number, **turn})
            say(
                f"round {number}: {turn['subject']} {turn['rps']:.0f}/s, p50 {turn['p50_ms']:.1f} ms, "
                f"p99 {turn['p99_ms']:.1f} ms, core {turn['busy']:.0%} busy"
            )
    return warm, kept
