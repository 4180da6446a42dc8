"""Who receives a connection: its porter answers plain requests for a lane, and shows everybody else to aiohttp.

A request is plain if there is nothing about it to have an opinion on: a whole `POST` of HTTP/1.1 to a lane, its length said once and
within the limit, no field twice, none that changes how a message is read, nothing behind it. At the first doubt aiohttp gets the
connection for good, and every byte of that request; so there is one judge of what is odd, slow, too long or broken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

from aiohttp import web
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from gateway.http.lane import Asked, Handler, Written, octets
from gateway.http.problems import problem
from gateway.logs import log
from masking.errors import VeilwayError

KEPT = 75.0
"""Seconds that a connection may rest between two requests."""
PATIENCE = 0.5
"""Seconds in which a request is whole, or is aiohttp's to wait for."""
LONGEST_HEAD = 8190
"""What aiohttp takes as one line; here it is the whole head."""
MOST_FIELDS = 100
LONGEST_NAME = 64
"""Of a field that is remembered."""
ODD = frozenset(
    (
        "content-encoding",
        "expect",
        "proxy-connection",
        "sec-websocket-key1",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Fields that change how a message is read, or ask for more than an answer."""


class _Odd(Exception):
    """The request is not plain."""


class Listener:
    """A port, the lanes behind it, and the application for all else."""

    def __init__(self, runner: web.AppRunner, lanes: Mapping[str, Handler], *, limit: int) -> None:
        """The runner is set up and has no site of its own. `limit`: bytes of a body."""
        if runner.server is None:
            raise RuntimeError("the runner is not set up")
        self.desk = runner.server
        """Makes aiohttp's protocol for one connection."""
        self.lanes = lanes
        self.limit = limit
        self.leaving = False
        self.porters: set[Porter] = set()
        self._runner = runner
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> None:
        """Listen. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Porter(self), host, port, reuse_port=reuse_port or None, backlog=1024
        )

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, close what rests, let what is under way end within `seconds`, the application's as well."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(self._runner.cleanup(), self._end(seconds))

    async def _end(self, seconds: float) -> None:
        await asyncio.sleep(0)  # what was accepted before has its porter after this
        self.leaving = True
        busy = {task for porter in list(self.porters) if (task := porter.leave())}
        if busy:
            _, late = await asyncio.wait(busy, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class Porter(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        """Every byte of the request so far, for aiohttp."""
        self._body: list[bytes] = []
        self.on_body = self._body.append
        self._parser = HttpRequestParser(self)
        self._task: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._full = False
        self._fresh()

    def _fresh(self) -> None:
        """Be ready for a request."""
        self._url = b""
        self._fields: dict[str, str] = {}
        self._begun = self._whole = False
        self._handler: Handler | None = None
        self._rests = self._loop.time()

    # -- what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if isinstance(peer, tuple | list) and peer else ""
        self._listener.porters.add(self)
        self._timer = self._loop.call_later(KEPT, self._ring)

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        if self._task is not None or self._full:
            self._transport.pause_reading()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._hand_over()
            return
        if self._whole and self._handler is not None:
            self._serve(self._handler)
        elif self._handler is None and sum(map(len, self._held)) > LONGEST_HEAD:
            self._hand_over()
        elif self._patience is None:
            self._patience = self._loop.call_later(PATIENCE, self._hand_over)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._task is None:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._let_go()
        if self._task is None:  # an order under way ends, whoever has left
            self._listener.porters.discard(self)

    # -- what the parser tells; whatever is raised here comes back from it as its own error

    def on_message_begin(self) -> None:
        if self._begun:
            raise _Odd  # a second one came with the first
        self._begun = True

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        known = _names.get(name) or _know(name)
        if known in self._fields:
            raise _Odd
        self._fields[known] = value.decode().rstrip(" \t")

    def on_headers_complete(self) -> None:
        fields, url = self._fields, self._url
        if not self._held[0].startswith(b"POST " + url + b" HTTP/1.1\r\n") or "host" not in fields:
            raise _Odd
        target, length, lanes = url.decode("ascii"), fields.get("content-length"), self._listener.lanes
        handler = lanes.get(target[: target.find("/", 1) + 1]) or lanes.get(target)
        if handler is None or length is None or int(length) > self._listener.limit or self._is_long():
            raise _Odd
        self._handler, self._target = handler, target
        self._stays = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self._whole = True

    def _is_long(self) -> bool:
        """Whether the head is longer than is plain."""
        if len(self._fields) > MOST_FIELDS:
            return True
        if len(self._held) == 1 and len(self._held[0]) <= LONGEST_HEAD:
            return False
        fields = self._fields
        return len(self._url) + sum(map(len, fields)) + sum(map(len, fields.values())) > LONGEST_HEAD

    # -- one request

    def _serve(self, handler: Handler) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._held.clear()
        asked = Asked(self._target, self._fields, body, self._remote, self._transport)
        self._task = self._loop.create_task(self._answer(handler, asked))

    async def _answer(self, handler: Handler, asked: Asked) -> None:
        transport = self._transport
        try:
            answer = await handler(asked)
            if not isinstance(answer, Written):
                answer = _written(answer)
            stays = self._stays and not answer.close and not self._listener.leaving
            said = octets(answer, stays=stays)
        except asyncio.CancelledError:
            transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 - a lane's handler refuses by answering; the cause may hold content
            log.error("request.failed", error=type(error).__name__, operation="porter")
            fault = problem(VeilwayError("something went wrong on our side", code="internal"))
            stays, said = False, octets(_written(fault), stays=False)
        finally:
            self._task = None
        if transport.is_closing():
            self._listener.porters.discard(self)
            return
        transport.write(said)
        if stays:
            self._next()
        else:
            transport.close()

    def _next(self) -> None:
        """Take the next request, which may have come already."""
        self._fresh()
        if self._held and not self._full and not self._transport.is_closing():
            held = b"".join(self._held)
            self._held.clear()
            self._transport.resume_reading()
            self.data_received(held)

    def _hand_over(self) -> None:
        """Aiohttp has the connection from here, as if it had had it from this request's first byte."""
        transport, held = self._transport, b"".join(self._held)
        if self._listener.leaving or transport.is_closing():
            transport.close()
            return
        self._let_go()
        self._listener.porters.discard(self)
        clerk = self._listener.desk()
        transport.set_protocol(clerk)
        clerk.connection_made(transport)
        clerk.data_received(held)

    # -- its end

    def leave(self) -> asyncio.Task[None] | None:
        """Take no further request. Gives the one under way."""
        if self._task is None:
            self._transport.close()
        return self._task

    def _ring(self) -> None:
        rested = 0.0 if self._task is not None else self._loop.time() - self._rests
        if rested >= KEPT:
            self._transport.abort()
        else:
            self._timer = self._loop.call_later(KEPT - rested, self._ring)

    def _let_go(self) -> None:
        """Nothing comes any more: no timer runs on, and the parser, which knows this object's methods, is let go with it."""
        self._timer.cancel()
        if self._patience is not None:
            self._patience.cancel()
        self._held.clear()
        self._body.clear()
        del self._parser


def _written(answer: web.StreamResponse) -> Written:
    """What a handler answers that refuses."""
    if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
        raise TypeError("a lane's answer is whole")
    return Written(answer.status, answer.body, answer.headers, close=answer.keep_alive is False)


_names: dict[bytes, str] = {}
"""Names of fields as clients write them -> in lower case."""


def _know(name: bytes) -> str:
    known = name.decode("ascii").lower()
    if known in ODD:
        raise _Odd
    if len(name) > LONGEST_NAME:
        return known
    if len(_names) > 1000:
        _names.clear()
    return _names.setdefault(name, known)
