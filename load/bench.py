"""How many orders a second, beside a bare pass-through on the same core: one command, one JSON line, the last on stdout.

One core for the subject, one for generator and upstream. Pass-through and Veilway take turns; every order is new (reference,
consignee, phone, door) and sent once. The result says `void` and why where a round measured something else than the
subject (`load/verdict.py`). Talk goes to stderr; the rounds are kept in `out/bench/rounds.json`.
Run: `python -m load.bench [--json] [--rounds 3] [--seconds 15] [--connections 64] [--generator wrk|own]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from load import upstream
from load.cores import pinned, two_cores
from load.people import NAMES
from load.rounds import PATH, Corpora, Generator, Subject, alternate, play, say
from load.served import Served, booked, prepare, serving, told
from load.verdict import verdict
from load.wire import FORM

RELAY_NUMBERS = 200
"""2,000,000 pairs with four-digit extensions; the orders of a run fill less than half."""
KEPT = Path("out/bench")
CEILING_SECONDS = 2
CEILING_ORDERS = 200_000
"""Enough for 100,000 a second; a faster upstream is told as that."""


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def passthrough(base: str, port: int, core: int) -> Iterator[Subject]:
    command = [*pinned(core), sys.executable, "-m", "load.passthrough", str(port), base]
    server = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        upstream.wait_ready(f"{url}/ready", server)
        yield Subject("passthrough", url, "none", server.pid)
    finally:
        server.terminate()
        server.wait(10)


def replay_is_seen(served: Served, order: bytes) -> bool:
    """Send one order twice: the second answer must say that it is a replay, or no replay would ever void a run."""
    said = []
    for _ in range(2):
        line = HTTPConnection(urlsplit(served.base).netloc, timeout=10)
        line.request("POST", PATH, order, {"Authorization": f"Bearer {served.key}", "Content-Type": FORM})
        answer = line.getresponse()
        answer.read()
        said.append((answer.status, "Veilway-Replayed" in answer.headers))
        line.close()
    return said == [(200, False), (200, True)]


def upstream_ceiling(base: str, generator: Generator, corpora: Corpora) -> float:
    """Orders a second that generator and upstream manage with nothing between them, on the core they share in the run."""
    nothing_between = Subject("upstream", base, "none", os.getpid())
    turn = play(generator, nothing_between, corpora, CEILING_ORDERS, CEILING_SECONDS)
    say(f"upstream and generator on one core: {turn['rps']:.0f}/s")
    return float(turn["rps"])


def audited(folder: Path) -> dict[str, Any]:
    """What `veilway audit verify` says of the record that the run left."""
    found = told(folder, "audit", "verify", "--json")
    return {"audit_ok": found["ok"], "audit_entries": found["entries"]}


def measure(folder: Path, generator: Generator, core: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Set everything up in a folder of its own, run the rounds, count the books, judge."""
    courier, bare, front = free_ports(3)
    orders = Corpora(folder)
    with upstream.running(folder / "nginx", courier, pinned(generator.core)) as base:
        ceiling = upstream_ceiling(base, generator, Corpora(folder))
        key = prepare(folder / "veilway", {"sf-express": base}, RELAY_NUMBERS)
        with (
            passthrough(base, bare, core) as hop,
            serving(folder / "veilway", key, front, pinned(core)) as served,
        ):
            ours = Subject("veilway", served.base, key, served.pid)
            warm, kept = alternate([(hop, Corpora(folder)), (ours, orders)], generator, rounds, seconds)
            with orders.fresh(1) as corpus:
                seen = replay_is_seen(served, corpus.read_bytes().strip())
    answers = sum(turn["answers"] for turn in [*warm, *kept] if turn["subject"] == "veilway") + 1
    facts: dict[str, Any] = {
        "answers": answers,
        "shipments": booked(folder / "veilway"),
        "under_way": generator.connections * (rounds + 1),
        **audited(folder / "veilway"),
        "generator": generator.name,
        "connections": generator.connections,
        "seconds": seconds,
        "distinct_people": min(orders.used + 1, NAMES),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    record = {"rounds": kept, "upstream_rps": ceiling, "replay_seen": seen, **facts}
    (KEPT / "rounds.json").write_text(json.dumps(record, indent=1), "utf-8")
    return verdict(**record)


def main() -> None:
    parser = argparse.ArgumentParser(description="Orders a second beside a bare pass-through; one JSON line.")
    parser.add_argument("--json", action="store_true", help="only the JSON line on stdout (the table goes to stderr)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--generator", choices=("wrk", "own"), default="wrk" if shutil.which("wrk") else "own")
    options = parser.parse_args()
    gateway, load = two_cores()
    say(f"generator: {options.generator}; gateway on core {gateway}, load and upstream on core {load}")
    generator = Generator(options.generator, load, options.connections)
    os.sched_setaffinity(0, {load})
    with tempfile.TemporaryDirectory(prefix="veilway-bench-") as folder:
        result = measure(Path(folder), generator, gateway, options.rounds, options.seconds)
    for reason in result["reasons"]:
        say(f"void: {reason}")
    print(json.dumps(result, ensure_ascii=False))
    raise SystemExit(1 if result["void"] else 0)


if __name__ == "__main__":
    main()
