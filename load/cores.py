"""One core each: which cores there are, how a command is bound to one, and how busy a process was. Linux only."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def two_cores() -> tuple[int, int]:
    """A core for the gateway and another for the load; a benchmark on one core would measure both at once."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("the benchmark needs two cores: one for the gateway, one for the load")
    return allowed[0], allowed[1]


def pinned(core: int) -> list[str]:
    """The command prefix that binds a process and its threads to a core."""
    return ["taskset", "-c", str(core)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads; children are not counted."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


class Stopwatch:
    """The share of one core that a process used between two looks."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._wall, self._cpu = time.monotonic(), cpu_seconds(pid)

    def busy(self) -> float:
        """0 to about 1, since it was made."""
        return (cpu_seconds(self._pid) - self._cpu) / (time.monotonic() - self._wall)
