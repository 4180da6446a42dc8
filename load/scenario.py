"""`make load`: a real gateway, a courier to practise on, and Locust's mixed peak hour on them; a short summary at the end.

Writes Locust's report to `out/load.html` and its figures to `out/load.json`. Afterwards the open-model generator sends orders
at half the rate that the closed loop reached, and its percentiles stand beside Locust's: they count a request's wait from the
moment it was due. Run: `python -m load.scenario [--seconds 30] [--users 32]`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from carriers.profile import load_profiles
from carriers.sandbox import practice_secrets
from load.bench import free_ports
from load.locust_summary import summary
from load.orders import new_salt, sf_orders, write_corpus
from load.rounds import PATH, say
from load.served import Served, booked, prepare, serving, told
from load.upstream import wait_ready

OUT = Path("out")
RELAY_NUMBERS = 200
CARRIER = "sf-express"
ROLES = ("pickup", "linehaul", "station", "delivery")
OPEN_SECONDS = 10


@contextmanager
def sandbox(port: int, log: Path) -> Iterator[str]:
    """The courier to practise on: it checks signatures and keeps every booking."""
    with log.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "load.sandbox_server", str(port), CARRIER], stdout=file, stderr=file
        )
        try:
            base = f"http://127.0.0.1:{port}"
            wait_ready(f"{base}/ready", server)
            yield f"{base}/{CARRIER}"
        finally:
            server.terminate()
            server.wait(10)


def sandbox_secrets() -> dict[str, str]:
    """What the courier to practise on checks signatures with."""
    return practice_secrets(load_profiles()[CARRIER])


def couriers(folder: Path) -> dict[str, str]:
    """A token for each role of a parcel's journey."""
    return {
        role: str(told(folder, "courier", "add", CARRIER, f"Load {role}", "--role", role, "--json")["token"])
        for role in ROLES
    }


def locust(served: Served, tokens: dict[str, str], users: int, seconds: int) -> tuple[int, list[dict[str, Any]]]:
    """Locust's exit code and its figures, one entry a kind of request."""
    OUT.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).parent / "locustfile.py"), "--headless"]
    command += ["--host", served.base, "-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--only-summary"]
    command += ["--html", str(OUT / "load.html"), "--json-file", str(OUT / "load"), "--loglevel", "WARNING"]
    secrets = {"LOAD_SHOP_KEY": served.key, "LOAD_COURIERS": json.dumps(tokens)}
    done = subprocess.run(command, env={**os.environ, **secrets}, stdout=subprocess.DEVNULL)
    figures: list[dict[str, Any]] = json.loads((OUT / "load.json").read_text("utf-8"))
    return done.returncode, figures


def steady(served: Served, folder: Path, rate: float) -> dict[str, Any]:
    """Orders at a constant rate, latencies from the due moment."""
    corpus = folder / "corpus"
    write_corpus(corpus, map(sf_orders(new_salt()), range(int(rate * OPEN_SECONDS) + 1)))
    command = [sys.executable, "-m", "load.open_model", served.base + PATH, str(corpus), served.key]
    command += ["--rate", f"{rate:.0f}", "--seconds", str(OPEN_SECONDS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def at_courier(base: str) -> dict[str, int]:
    """What the sandbox courier has booked: orders, and waybills given for them."""
    with urlopen(f"{base.rsplit('/', 1)[0]}/booked", timeout=10) as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description="A mixed peak hour against a real gateway.")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--users", type=int, default=32)
    options = parser.parse_args()
    courier, front = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="veilway-load-") as name:
        folder = Path(name)
        with sandbox(courier, folder / "sandbox.log") as base:
            key = prepare(folder / "veilway", {CARRIER: base}, RELAY_NUMBERS, {CARRIER: sandbox_secrets()})
            tokens = couriers(folder / "veilway")
            with serving(folder / "veilway", key, front, []) as served:
                say(f"{options.users} users for {options.seconds} s: four orders, five scans, one call ...")
                code, figures = locust(served, tokens, options.users, options.seconds)
                orders = next((entry for entry in figures if entry["name"] == "order"), None)
                rate = orders["num_requests"] / options.seconds / 2 if orders else 100.0
                second = steady(served, folder, rate)
            told_by_courier = at_courier(base)
            books = {**told_by_courier, "gateway": booked(folder / "veilway")}
            audit = told(folder / "veilway", "audit", "verify", "--json")
    print(summary(figures, options.seconds))
    print(
        f"orders at a constant {second['rate']:.0f}/s, waits counted from the due moment: p50 {second['p50_ms']:.1f}, "
        f"p99 {second['p99_ms']:.1f}, p99.9 {second['p999_ms']:.1f} ms; {second['bad'] + second['broken']} failed"
    )
    agree = len(set(books.values())) == 1
    print(
        f"booked: {books['gateway']} by the gateway, {books['orders']} orders and {books['waybills']} waybills at the courier"
    )
    print(f"audit: {audit['entries']} entries, {'whole' if audit['ok'] else 'BROKEN'}")
    print(f"report: {OUT / 'load.html'}")
    clean = not (code or second["bad"] or second["broken"] or second["replays"]) and agree and audit["ok"]
    raise SystemExit(0 if clean else 1)


if __name__ == "__main__":
    main()
