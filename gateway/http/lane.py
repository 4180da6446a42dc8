"""The short way for the hottest routes: an order or a scan reaches its handler without the router and is answered in one write.

aiohttp's application spends as much on a request's way to its handler and back (the router, its match, signals, a response that
is put together from a multidict) as the gateway on sealing an order. A lane is a short cut and no second door: the same handler
stands in the application's router, too, and whatever is not quite plain goes there.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, hdrs, web

from gateway.heads import head

Handler = Callable[[Any], Awaitable[web.StreamResponse]]
"""Of a `web.Request`; the server that aiohttp calls low-level knows its base alone."""
LANES: web.AppKey[dict[str, Handler]] = web.AppKey("lanes", dict)
"""A whole path, or its first segment between slashes -> handler of POST. Each stands in the router as well."""

STARTS = {int(status): f"HTTP/1.1 {int(status)} {status.phrase}" for status in HTTPStatus}
BODILESS = (204, 304)


class Written(web.StreamResponse):
    """An answer that goes out as it is: head and body in one write, no header of aiohttp's own.

    `fields` names all that is said beside `Content-Length`, `Date` and `Connection`.
    """

    def __init__(self, status: int, body: bytes, fields: Mapping[str, str], *, close: bool = False) -> None:
        super().__init__(status=status)
        self._octets = body
        self._said = fields
        self._stays = not close

    @property
    def body(self) -> bytes:
        """What is sent."""
        return self._octets

    @property
    def keep_alive(self) -> bool:
        """Whether the connection takes a further request."""
        return self._stays

    def force_close(self) -> None:
        """Take no further request on this connection."""
        self._stays = False

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send it, whole."""
        status, body = self.status, self._octets
        stays = self._stays = self._stays and request.keep_alive
        lines = [STARTS.get(status) or f"HTTP/1.1 {status} ", _date()]
        for name, value in self._said.items():
            lines.append(name + ": " + value)
        if status not in BODILESS:
            lines.append("Content-Length: " + str(len(body)))
        if request.version != HttpVersion11:
            lines[0] = lines[0].replace("1.1", "1.0", 1)
            if stays:
                lines.append("Connection: keep-alive")
        elif not stays:
            lines.append("Connection: close")
        octets = head(lines)
        if request.method != "HEAD" and status not in BODILESS:
            octets += body
        await request.writer.write_eof(octets)

    async def write_eof(self, data: bytes = b"") -> None:
        """It has ended already."""


def open_lanes(runner: web.AppRunner) -> None:
    """Let plain POSTs take the application's lanes. The runner is set up and does not listen yet.

    An application has no way round its own router; its server's handler is one attribute, which new connections read.
    """
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up")
    lanes = {path: _direct(handler) for path, handler in runner.app[LANES].items()}
    application = server.request_handler

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        path = request.raw_path
        lane = lanes.get(path) or lanes.get(path[: path.find("/", 1) + 1])
        if lane is None or request.method != "POST" or hdrs.EXPECT in request.headers:
            return application(request)
        return lane(request)

    server.request_handler = handle


def _direct(handler: Handler) -> Handler:
    """The handler, its refusals written like its answers: no signal of the application's sees what leaves here."""

    async def run(request: web.Request) -> web.StreamResponse:
        answer = await handler(request)
        if type(answer) is Written:
            return answer
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            return Written(answer.status, answer.body, answer.headers, close=answer.keep_alive is False)
        return answer

    return run


_now = (0, "")


def _date() -> str:
    """The line with the field `Date`, made once a second."""
    global _now
    second = int(time.time())
    if second != _now[0]:
        _now = second, "Date: " + formatdate(second, usegmt=True)
    return _now[1]
