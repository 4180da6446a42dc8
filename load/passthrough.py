"""The measure: a bare aiohttp pass-through with uvloop. It forwards a request and its answer and looks at neither.

This is what any Python gateway pays before its first own line; the benchmark divides Veilway's rate by its rate. It is set
up as well as we know how: no log, no cookies, no redirects, no decompression, connections kept and unlimited.
Run: `python -m load.passthrough PORT UPSTREAM`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import aiohttp
import uvloop
from aiohttp import web

UPSTREAM = web.AppKey("upstream", str)
SESSION = web.AppKey("session", aiohttp.ClientSession)

HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"})
"""RFC 9110 section 7.6.1, and the host, which the client sets for the upstream."""


def end_to_end(headers: object) -> list[tuple[str, str]]:
    """The headers that concern the far end; the body's length is set anew by whoever writes it."""
    items = headers.items()  # type: ignore[attr-defined]
    return [(name, value) for name, value in items if name.lower() not in HOP_BY_HOP and name != "Content-Length"]


async def forward(request: web.Request) -> web.Response:
    session = request.app[SESSION]
    url = request.app[UPSTREAM] + request.raw_path
    body = await request.read()
    async with session.request(
        request.method, url, data=body, headers=end_to_end(request.headers), allow_redirects=False
    ) as answer:
        content = await answer.read()
        return web.Response(status=answer.status, body=content, headers=end_to_end(answer.headers))


async def client(app: web.Application) -> AsyncIterator[None]:
    """One session for the life of the server."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=300)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        app[SESSION] = session
        yield


def build(upstream: str) -> web.Application:
    app = web.Application(client_max_size=1 << 20)
    app[UPSTREAM] = upstream
    app.cleanup_ctx.append(client)
    app.router.add_route("*", "/{path:.*}", forward)
    return app


def main(port: int, upstream: str) -> None:
    web.run_app(build(upstream), host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
