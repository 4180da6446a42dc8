"""How many scans a second on one core, beside a bare aiohttp JSON echo on the same core in the same run: one JSON line.

Parcels are booked through the front door with a sandbox courier behind it, their tickets read from their labels; then each is
scanned by a courier of each leg in turn, so that every scan of `moving` writes a stage, a disclosure and an event for the shop;
`looking` scans them once more. Every scan has an id of its own. The store's own count of scans is compared with the answers:
a refused scan writes none. Echo and gateway take turns; rates are the best of the rounds for both. Steps are timed in process.
Run: `python -m load.bench_scan [--json] [--parcels 600] [--rounds 3] [--connections 64]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import uvloop
from aiohttp import web

from carriers.profile import load_profiles
from carriers.sandbox import practice_secrets
from load.bench import free_ports
from load.cores import cpu_seconds, pinned, two_cores
from load.generator import drive
from load.orders import new_salt, sf_orders
from load.scan_steps import scan_steps
from load.served import Served, prepare, serving, told
from load.upstream import wait_ready
from load.wire import FORM, Tally, head

CARRIER = "sf-express"
LEGS = ("pickup", "linehaul", "station", "delivery")
TICKET = re.compile(rb"HTTPS://[^/^]+/Q/[A-Z2-7]+")
TARGET = 0.20
_numbers = count()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# -- the measure


def echo(port: int) -> None:
    """The bare echo: a JSON body read and written by aiohttp alone."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    app = web.Application()
    app.router.add_post("/v1/scans", answer)
    app.router.add_get("/ready", lambda _request: _ready())
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


async def _ready() -> web.Response:
    return web.Response(status=204)


@contextmanager
def process(command: Sequence[str], ready: str) -> Iterator[int]:
    """A server for the length of a `with`."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_ready(ready, server)
        yield server.pid
    finally:
        server.terminate()
        server.wait(10)


# -- parcels and scans


def fetch(url: str, key: str, body: bytes | None = None, kind: str = "") -> tuple[dict[str, str], bytes]:
    asked = Request(url, body, {"Authorization": f"Bearer {key}"} | ({"Content-Type": kind} if kind else {}))
    with urlopen(asked, timeout=30) as reply:
        return dict(reply.headers), reply.read()


def book(served: Served, parcels: int) -> list[str]:
    """Tickets of so many fresh orders, read from the printed labels."""
    body, tickets = sf_orders(new_salt()), []
    for index in range(parcels):
        headers, _ = fetch(f"{served.base}/c/{CARRIER}/std/service", served.key, body(index), FORM)
        label = f"{served.base}/v1/shipments/{headers['Veilway-Shipment']}/label?format=zpl&size=76x130"
        found = TICKET.search(fetch(label, served.key)[1])
        if found is None:
            raise SystemExit("a label without a ticket")
        tickets.append(found[0].decode())
    return tickets


def scans(base: str, token: str, tickets: Sequence[str]) -> Iterator[bytes]:
    """One whole request a ticket, each scan with an id of its own."""
    start = head(urlsplit(f"{base}/v1/scans"), token, "application/json")
    for ticket in tickets:
        body = json.dumps({"ticket": ticket, "station": "D7", "scan_id": f"s{next(_numbers)}"}).encode()
        yield start + str(len(body)).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one subject."""

    tally: Tally
    cpu: float
    """Seconds of processor that the subject used."""

    @property
    def rate(self) -> float:
        return self.tally.answers / self.tally.seconds

    @property
    def us(self) -> float:
        """Processor time of one request; on a busy machine steadier than the rate."""
        return self.cpu / self.tally.answers * 1e6


def play(base: str, pid: int, token: str, tickets: Sequence[str], connections: int) -> Turn:
    """Send each scan once, closed loop."""
    before = cpu_seconds(pid)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        started = time.perf_counter()
        tally = runner.run(drive(f"{base}/v1/scans", scans(base, token, tickets), connections, 60.0))
        tally.seconds = time.perf_counter() - started
    if tally.broken:
        raise SystemExit(f"{tally.broken} connections broke")
    return Turn(tally, cpu_seconds(pid) - before)


def stored(folder: Path) -> int:
    """Scans in the store of a folder that nobody serves."""
    store = sqlite3.connect(f"file:{folder / 'veilway.db'}?mode=ro", uri=True)
    try:
        return int(store.execute("SELECT count(*) FROM scans").fetchone()[0])
    finally:
        store.close()


# -- the run


def measure(folder: Path, parcels: int, rounds: int, connections: int) -> dict[str, Any]:
    core, load = two_cores()
    courier, bare, front = free_ports(3)
    me = [sys.executable, "-m", "load.bench_scan"]
    sandbox = [sys.executable, "-m", "load.sandbox_server", str(courier), CARRIER]
    kept: dict[str, list[Turn]] = {"echo": [], "moving": [], "looking": []}
    home = folder / "veilway"
    with process(sandbox, f"http://127.0.0.1:{courier}/ready"):
        secrets = {CARRIER: practice_secrets(load_profiles()[CARRIER])}
        key = prepare(home, {CARRIER: f"http://127.0.0.1:{courier}/{CARRIER}"}, 60, secrets)
        tokens = {leg: told(home, "courier", "add", CARRIER, leg, "--role", leg, "--json")["token"] for leg in LEGS}
        with (
            process([*pinned(core), *me, "--echo", str(bare)], f"http://127.0.0.1:{bare}/ready") as hop,
            serving(home, key, front, pinned(core)) as served,
        ):
            os.sched_setaffinity(0, {load})
            for number in range(rounds):
                tickets = book(served, parcels)
                for leg in LEGS:
                    kept["moving"].append(play(served.base, served.pid, tokens[leg], tickets, connections))
                    kept["echo"].append(play(f"http://127.0.0.1:{bare}", hop, tokens[leg], tickets * 4, connections))
                kept["looking"].append(play(served.base, served.pid, tokens["delivery"], tickets, connections))
                say(f"round {number + 1}: " + ", ".join(f"{name} {rate(turns):.0f}/s" for name, turns in kept.items()))
    answered = sum(turn.tally.answers for name in ("moving", "looking") for turn in kept[name])
    written = stored(home)
    steps = {"steps_us": scan_steps(home, tokens["delivery"], tickets)}
    return verdict(kept, answered, written) | steps | {"parcels": parcels, "connections": connections}


def rate(turns: Sequence[Turn]) -> float:
    """The best turn's: a busy machine only ever takes away."""
    return max(turn.rate for turn in turns)


def verdict(kept: dict[str, list[Turn]], answered: int, written: int) -> dict[str, Any]:
    """The figures; void where a scan was answered and not written."""
    found: dict[str, Any] = {}
    for name, turns in kept.items():
        best = max(turns, key=lambda turn: turn.rate).tally.summary()
        found |= {f"{name}_rps": round(rate(turns)), f"{name}_p50_ms": best["p50_ms"], f"{name}_p99_ms": best["p99_ms"]}
        found[f"{name}_us"] = round(min(turn.us for turn in turns), 1)
    for name in ("moving", "looking"):
        found[f"{name}_ratio"] = round(rate(kept[name]) / rate(kept["echo"]), 3)
        found[f"{name}_cpu_ratio"] = round(found["echo_us"] / found[f"{name}_us"], 3)
    return found | {"target": TARGET, "answered": answered, "written": written, "void": answered != written}


def main() -> None:
    parser = argparse.ArgumentParser(description="Scans a second beside a bare JSON echo; one JSON line.")
    parser.add_argument("--json", action="store_true", help="only the JSON line on stdout (as always; for symmetry)")
    parser.add_argument("--parcels", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--echo", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.echo:
        return echo(options.echo)
    with tempfile.TemporaryDirectory(prefix="veilway-scan-") as folder:
        result = measure(Path(folder), options.parcels, options.rounds, options.connections)
    print(json.dumps(result))
    raise SystemExit(1 if result["void"] else 0)


if __name__ == "__main__":
    main()
