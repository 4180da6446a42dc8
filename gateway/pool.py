"""The connections to one host: opened, kept while they are good, never more than allowed. Knows sockets; reads no answer."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohappyeyeballs

from carriers.wire import WireReply
from gateway.connection import Connection

RESOLVED = 30.0
"""Seconds that a host's addresses are believed."""


class NoConnection(Exception):
    """No connection could be had; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pool's connections go, and what they may cost."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    connections: int
    connect_timeout: float
    answer_limit: int


class Pool:
    """The connections to one place: kept while they are good, never more than the place allows."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._all: set[Connection] = set()
        self._connecting = 0
        self._resting: dict[Connection, None] = {}
        """Those that wait for a request, in the order in which they came back."""
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._addresses: Sequence[Any] = ()
        self._resolved = -math.inf
        self.time = asyncio.get_running_loop().time
        """The clock of every `until`. Kept, because to ask for the running loop is a system call (Python 3.11)."""

    def __repr__(self) -> str:
        return f"<Pool {len(self._all)} connections, {len(self._resting)} at rest, {len(self._waiting)} wait>"

    async def exchange(self, request: bytes, *, bodiless: bool, until: float) -> WireReply:
        """Send a request and wait for its answer, until a moment of the loop's clock.

        Raises `NoConnection` where nothing was sent; `TimeoutError`, `TooLong` or `Broken` where it may have been.
        """
        connection = self._resting.popitem()[0] if self._resting else await self._connection(until)
        answer = connection.ask(request, bodiless=bodiless, until=until)
        try:
            return await answer
        except asyncio.CancelledError:
            connection.leave(answer)
            raise

    async def _connection(self, until: float) -> Connection:
        while True:
            if self._resting:
                return self._resting.popitem()[0]
            if len(self._all) + self._connecting < self.place.connections:
                return await self._connect(until)
            connection = await self._turn(until)
            if connection is not None and not connection.closed:
                return connection

    async def _turn(self, until: float) -> Connection | None:
        """Wait for a connection that comes back, or (None) for leave to open one."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout_at(until):
                return await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn.done() and not turn.cancelled():
                self.pass_on(turn.result())
            if isinstance(error, TimeoutError):
                raise NoConnection from None
            raise

    async def _connect(self, until: float) -> Connection:
        loop = asyncio.get_running_loop()
        self._connecting += 1
        try:
            async with asyncio.timeout_at(min(until, self.time() + self.place.connect_timeout)):
                connection = await self._open(loop)
            if connection.closed:
                raise ConnectionResetError
        except BaseException as error:
            self.pass_on(None)
            # Refused, unknown, of a wrong certificate, or out of time: nothing was sent.
            if isinstance(error, OSError | UnicodeError):
                self._resolved = -math.inf
                raise NoConnection from None
            raise
        finally:
            self._connecting -= 1
        self._all.add(connection)
        return connection

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Connection:
        place = self.place
        if self._resolved + RESOLVED < self.time():
            self._addresses = await loop.getaddrinfo(
                place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
            self._resolved = self.time()
        plug = await aiohappyeyeballs.start_connection(
            self._addresses, happy_eyeballs_delay=0.25, interleave=1, loop=loop
        )
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = place.host.rstrip(".") if place.tls is not None else None
        _, connection = await loop.create_connection(
            lambda: Connection(self, place.answer_limit), sock=plug, ssl=place.tls, server_hostname=name
        )
        return connection

    def pass_on(self, connection: Connection | None) -> None:
        """A connection whose exchange ended well, or (None) leave to open one, to whoever waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is not None and not connection.closed:
            self._resting[connection] = None

    def set_aside(self, connection: Connection) -> None:
        """It is not to be used again."""
        self._resting.pop(connection, None)

    def lost(self, connection: Connection) -> None:
        """It is gone: there is room for another."""
        if connection in self._all:
            self._all.remove(connection)
            self.pass_on(None)

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._all):
            connection.close()
