"""The project's own closed-loop generator, for machines without wrk: so many connections, each asking again once answered.

Sends each body of a corpus once and prints the same JSON line as wrk's script. One process, one core.
Run: `python -m load.generator URL CORPUS KEY [--connections 64] [--seconds 10]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from load.wire import Tally, connect, requests


async def drive(url: str, bodies: Iterator[bytes], connections: int, seconds: float) -> Tally:
    """Ask until the time is over; answers still under way then are neither waited for nor counted."""
    tally = Tally()
    start = time.perf_counter()
    workers = [asyncio.ensure_future(_work(url, bodies, tally, start + seconds)) for _ in range(connections)]
    _, unfinished = await asyncio.wait(workers, timeout=seconds + 0.05)
    tally.seconds = min(time.perf_counter() - start, seconds)
    for worker in unfinished:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return tally


async def _work(url: str, bodies: Iterator[bytes], tally: Tally, until: float) -> None:
    target = urlsplit(url)
    connection = await connect(target)
    try:
        while (now := time.perf_counter()) < until:
            body = next(bodies, None)
            if body is None:
                tally.exhausted = 1
                return
            tally.sent += 1
            try:
                answer = await connection.ask(body)
            except ConnectionError:
                tally.broken += 1
                connection = await connect(target)
                continue
            if (done := time.perf_counter()) < until:
                tally.take(answer, done - now)
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Send each order of a corpus once, closed loop.")
    parser.add_argument("url")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("key")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    bodies = requests(options.url, options.key, options.corpus)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tally = runner.run(drive(options.url, bodies, options.connections, options.seconds))
    print(json.dumps(tally.summary()))


if __name__ == "__main__":
    main()
