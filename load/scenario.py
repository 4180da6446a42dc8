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

from load.bench import free_ports
from load.locust_summary import summary
from load.orders import new_salt, sf_orders, write_corpus
from load.rounds import PATH, say
from load.served import Served, prepare, serving, told
from load.upstream import wait_ready

OUT = Path("out")
RELAY_NUMBERS = 200
ROLES = ("pickup", "linehaul", "station", "delivery")
OPEN_SECONDS = 10


@contextmanager
def sandbox(port: int, log: Path) -> Iterator[str]:
    """The courier to practise on: it checks signatures and keeps every booking."""
    with log.open("wb") as file:
        server = subprocess.Popen([sys.executable, "-m", "load.sandbox_server", str(port)], stdout=file, stderr=file)
        try:
            base = f"http://127.0.0.1:{port}"
            wait_ready(f"{base}/ready", server)
            yield base
        finally:
            server.terminate()
            server.wait(10)


def couriers(folder: Path) -> dict[str, str]:
    """A token for each role of a parcel's journey."""
    return {
        role: str(told(folder, "courier", "add", "sf-express", f"Load {role}", "--role", role, "--json")["token"])
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


def main() -> None:
    parser = argparse.ArgumentParser(description="A mixed peak hour against a real gateway.")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--users", type=int, default=32)
    options = parser.parse_args()
    courier, front = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="veilway-load-") as name:
        folder = Path(name)
        with sandbox(courier, folder / "sandbox.log") as base:
            key = prepare(folder / "veilway", {"sf-express": base}, RELAY_NUMBERS)
            tokens = couriers(folder / "veilway")
            with serving(folder / "veilway", key, front, []) as served:
                say(f"{options.users} users for {options.seconds} s: four orders, five scans, one call ...")
                code, figures = locust(served, tokens, options.users, options.seconds)
                orders = next((entry for entry in figures if entry["name"] == "order"), None)
                rate = orders["num_requests"] / options.seconds / 2 if orders else 100.0
                second = steady(served, folder, rate)
            audit = told(folder / "veilway", "audit", "verify", "--json")
    print(summary(figures, options.seconds))
    print(
        f"orders at a constant {second['rate']:.0f}/s, waits counted from the due moment: p50 {second['p50_ms']:.1f}, "
        f"p99 {second['p99_ms']:.1f}, p99.9 {second['p999_ms']:.1f} ms; {second['bad'] + second['broken']} failed"
    )
    print(f"audit verify: {json.dumps(audit)}")
    print(f"report: {OUT / 'load.html'}")
    raise SystemExit(1 if code or second["bad"] or second["broken"] or second["replays"] else 0)


if __name__ == "__main__":
    main()
