"""A constant rate, whatever the gateway does: the second opinion on latency.

A closed loop sends less when the gateway is slow and so forgets the waiting of those who would have come. Here requests
are due at fixed moments, and a latency counts from the moment the request was due, not from when a connection was free.
Run: `python -m load.open_model URL CORPUS KEY --rate 1000 [--seconds 10] [--connections 256]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import uvloop

from load.wire import Connection, Tally, connect, requests

PATIENCE = 5.0
"""Seconds after the last request for answers to come in; what is missing then counts as broken."""


async def drive(url: str, bodies: Iterator[bytes], rate: float, seconds: float, connections: int) -> Tally:
    """Send `rate` requests a second for so long; a request due while every connection is busy waits, and its wait counts."""
    target, tally = urlsplit(url), Tally()
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in await asyncio.gather(*(connect(target) for _ in range(connections))):
        idle.put_nowait(connection)
    start = time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        body = next(bodies, None)
        if body is None:
            tally.exhausted = 1
            break
        tally.sent += 1
        task = asyncio.ensure_future(_send(target, idle, body, due, tally))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    tally.seconds = time.perf_counter() - start
    if under_way:
        _, missing = await asyncio.wait(under_way, timeout=PATIENCE)
        tally.broken += len(missing)
        for task in missing:
            task.cancel()
    return tally


async def _send(target: SplitResult, idle: asyncio.Queue[Connection], body: bytes, due: float, tally: Tally) -> None:
    connection = await idle.get()
    try:
        answer = await connection.ask(body)
    except ConnectionError:
        tally.broken += 1
        connection = await connect(target)
    else:
        tally.take(answer, time.perf_counter() - due)
    idle.put_nowait(connection)


def main() -> None:
    parser = argparse.ArgumentParser(description="Send orders at a constant rate; latency counts from the due moment.")
    parser.add_argument("url")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("key")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=256)
    options = parser.parse_args()
    bodies = requests(options.url, options.key, options.corpus)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tally = runner.run(drive(options.url, bodies, options.rate, options.seconds, options.connections))
    print(json.dumps({"rate": options.rate, **tally.summary()}))


if __name__ == "__main__":
    main()
