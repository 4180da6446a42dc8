"""`python -m tests.fuzz --seconds 300`: feed every reader of foreign bytes what nobody thought of, each for so long, each in a process of its own.

One JSON line a reader; exit 1 where one has findings (`run.py` says what those are). With `--engine atheris` the inputs follow the code's branches,
where that package is installed. A file on the command line is read once, to see a finding again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

GRACE = 300  # seconds that a process may take beyond its time: to instrument the code, to end a slow input


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each reader")
    parser.add_argument("--only", action="append", metavar="READER", help="again for more than one")
    parser.add_argument("--engine", choices=["chance", "atheris"], default="chance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--here", action="store_true", help="run the one reader in this process")
    parser.add_argument("file", nargs="?", type=Path, help="read this once by the reader that --only names")
    asked = parser.parse_args()
    if asked.here or asked.file is not None:
        return _here(asked)
    from tests.fuzz.targets import targets

    failed = False
    for name in asked.only or targets():
        report = _apart(name, asked)
        failed = failed or bool(report["findings"])
        print(json.dumps(report, ensure_ascii=False), flush=True)
    return int(failed)


def _here(asked: argparse.Namespace) -> int:
    if asked.engine == "atheris":
        import atheris  # type: ignore[import-not-found]

        with atheris.instrument_imports(include=["carriers", "masking"]):
            pass
    from tests.fuzz.run import Run, by_chance, by_coverage, limit, tell
    from tests.fuzz.targets import targets

    (name,) = asked.only
    if asked.file is not None:
        targets()[name].read(asked.file.read_bytes())
        return 0
    run = Run(name, targets()[name], asked.engine, asked.seconds)
    if asked.engine == "atheris":
        by_coverage(run)
    else:
        limit()
        tell(by_chance(run, asked.seed))
    return 0


def _apart(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Fuzz one reader in a process of its own; one that dies or hangs is a finding."""
    more = ["--only", name, "--engine", asked.engine, "--seconds", str(asked.seconds), "--seed", str(asked.seed)]
    command = [sys.executable, "-m", "tests.fuzz", "--here", *more]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=asked.seconds + GRACE, check=False)
    except subprocess.TimeoutExpired:
        return _silent(name, asked.engine, "the process hangs")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return _silent(
            name, asked.engine, f"the process ended with {done.returncode} and no report: {done.stderr[-400:]}"
        )
    report: dict[str, Any] = json.loads(lines[-1])
    return report


def _silent(name: str, engine: str, what: str) -> dict[str, Any]:
    from tests.fuzz.run import Report

    return asdict(Report(name, engine, findings=[what]))


if __name__ == "__main__":
    sys.exit(main())
