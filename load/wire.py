"""The generators' side of HTTP: one request at a time on a raw connection, and what its answer is worth.

Far cheaper than an HTTP client, so that one core can load a gateway on another. Reads status, length and the two things
that void a benchmark: an answer that is an error, and an answer that was told before (`Veilway-Replayed`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

SUCCESS = b'"apiResultCode":"A1000"'
FORM = "application/x-www-form-urlencoded"


class Answer(NamedTuple):
    """What an answer is worth; its content is gone."""

    good: bool
    replayed: bool


class Connection(asyncio.Protocol):
    """A kept connection with at most one request in flight."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._settle(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if (answer := parse(self._buffer)) is not None:
            self._buffer.clear()
            self._settle(answer)

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send one request. The future fails with ConnectionError where the connection does."""
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        if self._transport is None:
            self._settle(ConnectionError("the connection is closed"))
        else:
            self._transport.write(request)
        return waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _settle(self, outcome: Answer | Exception) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, Exception):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)


def parse(buffer: bytearray) -> Answer | None:
    """The worth of the answer in a buffer, None while it is not whole. Only answers with Content-Length are understood."""
    head_end = buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = bytes(buffer[:head_end]).lower()
    at = head.find(b"\r\ncontent-length:")
    length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    if len(buffer) < head_end + 4 + length:
        return None
    good = head[9:12] == b"200" and buffer.find(SUCCESS, head_end) >= 0
    return Answer(good, b"\r\nveilway-replayed:" in head)


async def connect(url: SplitResult) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, url.hostname or "127.0.0.1", url.port or 80)
    return connection


def head(url: SplitResult, key: str, kind: str = FORM) -> bytes:
    """The request's head up to the value of Content-Length."""
    return (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: "
    ).encode()


def requests(url: str, key: str, corpus: Path) -> Iterator[bytes]:
    """Each body of a corpus once, as a whole request."""
    start = head(urlsplit(url), key)
    with corpus.open("rb", buffering=1 << 20) as file:
        for line in file:
            body = line.rstrip(b"\n")
            yield start + str(len(body)).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Tally:
    """What a generator counted. `broken` are requests whose connection failed, `exhausted` that the corpus was too short."""

    sent: int = 0
    answers: int = 0
    bad: int = 0
    replays: int = 0
    broken: int = 0
    exhausted: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds an answer."""

    def take(self, answer: Answer, latency: float) -> None:
        self.answers += 1
        self.replays += answer.replayed
        self.bad += not answer.good and not answer.replayed
        self.latencies.append(latency)

    def summary(self) -> dict[str, float]:
        """The counts and the percentiles in ms, as wrk's script gives them."""
        counts = {name: getattr(self, name) for name in ("sent", "answers", "bad", "replays", "broken", "exhausted")}
        ordered = sorted(self.latencies)
        ranks = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}
        found = {name: round(percentile(ordered, rank) * 1000, 3) for name, rank in ranks.items()}
        return {"seconds": round(self.seconds, 6), **counts, **found}


def percentile(ordered: list[float], rank: float) -> float:
    """The value at a rank of 0 to 1 in an ordered list; 0 where the list is empty."""
    return ordered[min(len(ordered) - 1, int(rank * len(ordered)))] if ordered else 0.0
