"""One reader fed for so long: what it refused, what it let fall, how slow and how large it grew. Chooses no input itself but by chance.

A finding is anything but a typed refusal: another exception, a failed promise of a codec, an input that takes ten seconds of the processor, memory that
grows. It is kept under `out/fuzz/`, with the input.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import traceback
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time

from masking.errors import VeilwayError
from tests.fuzz.mutate import LONGEST, mutated
from tests.fuzz.targets import Target

OUT = Path("out/fuzz")
SLOW = 10  # seconds of the processor that no input of 64 kB may take
GROWTH = 48 << 20
"""Bytes by which a reader's process may grow after its first tenth: caches fill, arenas fragment; a leak of one input in ten passes it in minutes."""
ADDRESS_SPACE = 6 << 30  # an input that wants more is a bomb that went off
KINDS = 20  # different findings kept of one reader


@dataclass
class Report:
    """What one reader did."""

    target: str
    engine: str
    runs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    grown_kb: int = 0
    findings: list[str] = field(default_factory=list)


class _TooSlow(BaseException):
    """Not an Exception, so that no reader swallows it."""


def _alarm(_signal: int, _frame: object) -> None:
    raise _TooSlow


class Run:
    """Feeds one reader and keeps what it does."""

    def __init__(self, name: str, target: Target, engine: str, seconds: float) -> None:
        self.target = target
        self.report = Report(name, engine)
        self.started = monotonic()
        self.ends = self.started + seconds
        self.warm = 0
        self._known: set[str] = set()
        signal.signal(signal.SIGPROF, _alarm)

    @property
    def over(self) -> bool:
        return monotonic() >= self.ends

    def feed(self, data: bytes) -> None:
        """One input."""
        began = process_time()
        signal.setitimer(signal.ITIMER_PROF, SLOW)
        try:
            self.target.read(data)
        except VeilwayError:
            self.report.refused += 1
        except _TooSlow:
            self._found(f"slower than {SLOW} s", data)
        except Exception as error:
            self._found("".join(traceback.format_exception(error)), data, type(error).__name__)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.report.runs += 1
        self.report.slowest_ms = max(self.report.slowest_ms, (process_time() - began) * 1000)
        if not self.warm and monotonic() - self.started > (self.ends - self.started) / 10:
            self.warm = _resident()

    def _found(self, what: str, data: bytes, kind: str = "") -> None:
        lines = [line.strip() for line in what.splitlines()]
        ours = [line for line in lines if "/carriers/" in line or "/masking/" in line]
        frames = [line for line in lines if line.startswith("File ")]
        mark = f"{kind} {(ours or frames or lines)[-1][:160]}"
        if mark in self._known or len(self._known) >= KINDS:
            return
        self._known.add(mark)
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / f"{self.report.target}-{sha256(data).hexdigest()[:12]}"
        file.write_bytes(data)
        file.with_suffix(".txt").write_text(what, "utf-8", "backslashreplace")
        self.report.findings.append(f"{file}: {mark}")

    def done(self) -> Report:
        self.report.seconds = round(monotonic() - self.started, 1)
        self.report.slowest_ms = round(self.report.slowest_ms, 1)
        if self.warm:
            self.report.grown_kb = (_resident() - self.warm) >> 10
            if self.report.grown_kb << 10 > GROWTH:
                self.report.findings.append(f"memory grew by {self.report.grown_kb} kB")
        return self.report


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def limit() -> None:
    """Let an input that wants gigabytes fail in this process, and not the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def by_chance(run: Run, seed: int) -> Report:
    """Seeds first, then what chance makes of them."""
    chance = random.Random(f"{seed} {run.report.target}")
    for data in run.target.seeds:
        run.feed(data)
    while not run.over:
        run.feed(mutated(run.target.seeds, chance))
    return run.done()


def by_coverage(run: Run) -> None:
    """Inputs that follow the code's branches. libFuzzer ends the process, so the report is printed when the time is over."""
    import atheris  # type: ignore[import-not-found]

    corpus = OUT / "corpus" / run.report.target
    corpus.mkdir(parents=True, exist_ok=True)
    for at, data in enumerate(run.target.seeds):
        (corpus / f"seed-{at}").write_bytes(data[:LONGEST])

    def one(data: bytes) -> None:
        run.feed(data)
        if run.over:
            tell(run.done())
            os._exit(0)

    instrumented = atheris.instrument_func(one)
    arguments = [sys.argv[0], str(corpus), f"-max_len={LONGEST}", "-rss_limit_mb=0", "-timeout=60", "-verbosity=0"]
    atheris.Setup(arguments, instrumented)
    atheris.Fuzz()


def tell(report: Report) -> None:
    """The report as one line."""
    print(json.dumps(asdict(report), ensure_ascii=False), flush=True)
