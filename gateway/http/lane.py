"""The short way for the hottest routes: what a plain request is to their handlers, and what they answer. Knows no socket.

aiohttp's application spends as much on a request's way to its handler and back (a task and a reader for each connection, the
router, its match, signals, a response that is put together from a multidict) as the gateway on sealing an order. A lane is a
short cut and no second door: the same handler stands in the application's router, too, and whatever is not quite plain goes
there (`porter.py` tells them apart).
"""

from __future__ import annotations

import time
from asyncio import Transport
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import ClassVar

from aiohttp import web
from msgspec import Struct

from gateway.heads import head

STARTS = {int(status): f"HTTP/1.1 {int(status)} {status.phrase}" for status in HTTPStatus}
BODILESS = (204, 304)


class Asked(Struct, frozen=True, eq=False):
    """A plain POST, whole. It answers to those names of aiohttp's own request that the lanes' handlers ask for."""

    raw_path: str
    """Path and query, as sent."""
    headers: Mapping[str, str]
    """Names in lower case; each came once."""
    body: bytes
    remote: str
    transport: Transport
    method: ClassVar[str] = "POST"
    can_read_body: ClassVar[bool] = False
    """Nothing is left to read."""

    def __repr__(self) -> str:
        return f"<Asked {len(self.body)} bytes>"

    async def read(self) -> bytes:
        """The body."""
        return self.body


class Written(Struct, frozen=True, eq=False):
    """An answer that goes out as it is: head and body in one write.

    `fields` names all that is said beside `Content-Length`, `Date` and `Connection`.
    """

    status: int
    body: bytes
    fields: Mapping[str, str]
    close: bool = False
    """Whether the connection takes no further request."""

    def __repr__(self) -> str:
        return f"<Written {self.status} {len(self.body)} bytes>"


Handler = Callable[[web.Request | Asked], Awaitable[web.StreamResponse | Written]]
LANES: web.AppKey[dict[str, Handler]] = web.AppKey("lanes", dict)
"""A whole path, or its first segment between slashes -> handler of POST. Each stands in the router as well."""


def routed(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse | Written]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The same handler as one of the application's."""

    async def run(request: web.Request) -> web.StreamResponse:
        answer = await handler(request)
        if isinstance(answer, Written):
            return web.Response(status=answer.status, body=answer.body, headers=answer.fields)
        return answer

    return run


def octets(answer: Written, *, stays: bool) -> bytes:
    """Head and body. `stays`: the connection takes a further request. Raises `BrokenHead`."""
    status, body = answer.status, answer.body
    lines = [STARTS.get(status) or f"HTTP/1.1 {status} ", _date()]
    for name, value in answer.fields.items():
        lines.append(name + ": " + value)
    if not stays:
        lines.append("Connection: close")
    if status in BODILESS:
        return head(lines)
    lines.append("Content-Length: " + str(len(body)))
    return head(lines) + body


_now = (0, "")


def _date() -> str:
    """The line with the field `Date`, made once a second."""
    global _now
    second = int(time.time())
    if second != _now[0]:
        _now = second, "Date: " + formatdate(second, usegmt=True)
    return _now[1]
