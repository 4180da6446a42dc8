"""A courier that says exactly the bytes a test tells it to, on a real socket: what no HTTP library would let one say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Call:
    """One request on one connection, as it came."""

    connection: int
    head: str
    body: bytes
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def say(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def hang_up(self) -> None:
        self.writer.close()


Act = Callable[[Call], Awaitable[None]]


@dataclass
class RawCourier:
    """`acts` are taken in turn, one a request; afterwards it says `OK`."""

    url: str = ""
    port: int = 0
    acts: list[Act] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    under_way: int = 0
    most_under_way: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a client closes a connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    (line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Content-Length")), "0"
                )
                call = Call(number, head, await reader.readexactly(int(length)), reader, writer)
                self.calls.append(call)
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
                try:
                    await (self.acts.pop(0) if self.acts else says(OK))(call)
                finally:
                    self.under_way -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            self.ended.set()
        finally:
            writer.close()


def says(*parts: bytes, then_hang_up: bool = False, pause: float = 0.0) -> Act:
    """Say these, each in a packet of its own."""

    async def act(call: Call) -> None:
        for part in parts:
            await call.say(part)
            await asyncio.sleep(pause)
        if then_hang_up:
            await call.hang_up()

    return act


@asynccontextmanager
async def raw_courier(tls: ssl.SSLContext | None = None) -> AsyncIterator[RawCourier]:
    """Serve one on a free port of this machine."""
    courier = RawCourier()
    server = await asyncio.start_server(courier.serve, "127.0.0.1", 0, ssl=tls)
    courier.port = server.sockets[0].getsockname()[1]
    courier.url = f"{'https' if tls else 'http'}://localhost:{courier.port}"
    try:
        yield courier
    finally:
        for call in courier.calls:
            call.writer.close()
        server.close()
