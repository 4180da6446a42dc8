"""A real gateway to load: a folder made with Veilway's own verbs, and `veilway serve` on it.

Nothing here reaches inside the gateway: what a benchmark measures is what an operator would have set up by hand.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load.upstream import wait_ready

VEILWAY = [str(Path(sys.executable).with_name("veilway"))]
SECRETS = {
    "sf-express": {"partner_id": "BENCHPARTNER", "check_word": "benchcheckword0123456789abcdefgh"},
    "ups": {"client_id": "bench-client", "client_secret": "bench-secret"},
}


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that answers, and the key of its one shop."""

    folder: Path
    base: str
    key: str
    pid: int


def verb(folder: Path, *words: str) -> str:
    """Run one verb beside the folder and give its stdout; a refusal ends the run with the verb's own words."""
    done = subprocess.run([*VEILWAY, "--dir", str(folder), *words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"veilway {' '.join(words[:2])} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def told(folder: Path, *words: str) -> dict[str, Any]:
    """The JSON document that a verb gives."""
    document: dict[str, Any] = json.loads(verb(folder, *words))
    return document


def numbers(count: int) -> list[str]:
    """Relay numbers of a block of their own: 12 digits, as a platform's numbers have."""
    return [f"9501399{line:05d}" for line in range(count)]


def prepare(
    folder: Path, carriers: dict[str, str], relay_numbers: int, secrets: dict[str, dict[str, str]] = SECRETS
) -> str:
    """Make the folder: config, keys, a shop, carriers by base URL, a pool of numbers. Gives the shop's key."""
    made = subprocess.run([*VEILWAY, "init", str(folder)], capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"veilway init ended with {made.returncode}: {made.stderr.strip()}")
    key = told(folder, "shop", "add", "bench", "--json")["api_key"]
    for carrier, base in carriers.items():
        given = [word for name, value in secrets[carrier].items() for word in ("--secret", f"{name}={value}")]
        verb(folder, "carrier", "enable", carrier, "--base-url", base, *given)
    verb(folder, "numbers", "add", "bench", *numbers(relay_numbers))
    return str(key)


@contextmanager
def serving(folder: Path, key: str, port: int, pin: list[str]) -> Iterator[Served]:
    """Serve the folder for the length of a `with`. A gateway that ends by itself ends the run with the tail of its log."""
    base = f"http://127.0.0.1:{port}"
    log = folder.parent / "serve.log"
    with log.open("wb") as file:
        command = [*pin, *VEILWAY, "--dir", str(folder), "serve", "--port", str(port)]
        server = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            wait_ready(f"{base}/readyz", server)
            yield Served(folder, base, key, server.pid)
        finally:
            ended = server.poll()
            server.terminate()
            server.wait(30)
            if ended is not None:
                tail = log.read_text("utf-8", "replace")[-1500:]
                print(f"veilway serve ended by itself with {ended}:\n{tail}", file=sys.stderr)


def booked(folder: Path) -> int:
    """How many orders of a folder that nobody serves have a waybill: the store's own word, past every layer of the gateway."""
    store = sqlite3.connect(f"file:{folder / 'veilway.db'}?mode=ro", uri=True)
    try:
        (count,) = store.execute("SELECT count(DISTINCT shipment) FROM outcomes WHERE waybill IS NOT NULL").fetchone()
    finally:
        store.close()
    return int(count)
