"""Pushes from carriers: `POST /hooks/{carrier}/{route secret}`. Verified as that carrier signs, deduplicated, applied in order."""

from __future__ import annotations

import hmac

from aiohttp import web

from carriers.wire import WireRequest
from gateway.flows import Flows
from gateway.http.api import guarded
from gateway.http.proxy import BadRequest
from gateway.ids import key_digest
from gateway.service import Service


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The one route for every carrier. A wrong secret, an unknown carrier: the same nothing."""

    async def push(request: web.Request) -> web.Response:
        carrier, secret = request.match_info["carrier"], request.match_info["secret"]
        expected = service.hooks.get(carrier)
        given = key_digest(secret)
        if not hmac.compare_digest(given, expected or b"\0" * 32) or expected is None:
            raise BadRequest("nothing stands at this path", code="not_found")
        raw_path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        wire = WireRequest(request.method, raw_path, query, headers, await request.read())
        ack = await flows.push.run(carrier, wire)
        return web.Response(status=200, body=ack.body, headers={"Content-Type": ack.content_type})

    app.router.add_post("/hooks/{carrier}/{secret}", guarded(service, push))
