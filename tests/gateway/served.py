"""`veilway serve` as a process of its own, and the command line beside it: what is tested with kill -9, full disks and signals."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VEILWAY = [sys.executable, "-c", "from gateway.cli import main; main()"]
REPOSITORY = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    """Ours, with the repository first on the path and no setting of the caller's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEILWAY_")}
    return kept | {"PYTHONPATH": str(REPOSITORY)} | more


def verb(folder: Path | None, *words: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one verb of the command line to its end."""
    command = [*VEILWAY, *(["--dir", str(folder)] if folder else []), *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment(**more), timeout=60)


def told(folder: Path, *words: str, stdin: str | None = None) -> Any:
    """The JSON document that a verb gives. The verb must succeed."""
    done = verb(folder, *words, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A server process."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        return self.process.wait(30)


def start(folder: Path, *, wrap: list[str] | None = None, **more: str) -> Served:
    """Start `veilway serve` on a free port and wait until it says that it is ready."""
    port, log = free_port(), folder.parent / f"{folder.name}.log"
    command = [*(wrap or []), *VEILWAY, "--dir", str(folder), "serve", "--port", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment(**more))
    served = Served(process, f"http://127.0.0.1:{port}", log)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{served.url}/readyz", timeout=2):
                return served
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    process.kill()
    raise AssertionError(f"veilway serve did not become ready:\n{log.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def serving(folder: Path, **more: Any) -> Iterator[Served]:
    """A server for the length of a `with`."""
    served = start(folder, **more)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait(10)
