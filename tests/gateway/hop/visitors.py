"""Clients of a porter on real sockets, the handlers behind it, and what is heard. Any of them may say what no client should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from gateway.http.lane import Asked, Handler, Written, routed
from gateway.http.porter import Listener

LIMIT = 20_000
Request = web.Request | Asked


@asynccontextmanager
async def serving(
    handler: Handler, *, lanes: dict[str, Handler] | None = None, keepalive: float = 75
) -> AsyncIterator[Listener]:
    """An application on a free port, with one lane, `/c/`, unless others are given."""
    app = web.Application(client_max_size=LIMIT)
    app.router.add_route("*", "/c/{path:.*}", routed(handler))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, keepalive_timeout=keepalive)
    await runner.setup()
    listener = Listener(runner, {"/c/": handler} if lanes is None else lanes, limit=LIMIT)
    await listener.start("127.0.0.1", 0)
    try:
        yield listener
    finally:
        await listener.stop(0.1)


async def hello(request: Request) -> Written:
    """Says what it was asked and on which way it came."""
    way = "lane" if isinstance(request, Asked) else "application"
    return Written(200, b"<" + await request.read() + b">", {"Content-Type": "text/plain", "Way": way})


async def echo(request: Request) -> Written:
    """All that a handler learns of a request."""
    body = (await request.read()).decode("latin-1")
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = [request.method, request.raw_path, sorted(headers.items()), body, request.remote]
    return Written(200, json.dumps(told).encode(), {"Content-Type": "application/json"})


def post(*fields: str, version: str = "1.1", method: str = "POST", body: bytes = b"hi") -> bytes:
    lines = [f"{method} /c/x/y HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def fields(said: bytes) -> dict[str, str]:
    head = said.partition(b"\r\n\r\n")[0].decode()
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])}


class Client:
    """A client that says what it likes and hears what comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.patience = reader, writer, 5.0

    async def answer(self) -> bytes:
        """The next answer, by its own length."""
        async with asyncio.timeout(self.patience):
            head = await self.reader.readuntil(b"\r\n\r\n")
            return head + await self.reader.readexactly(int(fields(head).get("content-length", 0)))

    async def ask(self, octets: bytes) -> bytes:
        self.writer.write(octets)
        return await self.answer()

    async def rest(self) -> bytes:
        """All that comes until the other side closes."""
        async with asyncio.timeout(30):  # on a busy machine a lingering close takes its time
            with suppress(ConnectionError):
                return await self.reader.read()
            return b""

    async def verdict(self) -> bytes:
        """The next answer, and whether the connection ends with it; nothing where none comes."""
        try:
            said = await self.answer()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return b""
        ends = said.startswith(b"HTTP/1.0 4") or b"\r\nConnection: close" in said
        return said + await self.rest() + b"<closed>" if ends else said


@asynccontextmanager
async def client(listener: Listener) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


def answers(said: bytes) -> list[object]:
    """What is the same in an answer whoever gives it."""
    told: list[object] = []
    while said.startswith(b"HTTP/"):
        head, _, rest = said.partition(b"\r\n\r\n")
        named = {name: value for name, value in fields(head + b"\r\n\r\n").items() if name not in ("date", "server")}
        length = int(named.get("content-length", 0))
        told.append((head.partition(b"\r\n")[0], named, rest[:length]))
        said = rest[length:]
    return [*told, said]
