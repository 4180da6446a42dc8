"""The folder's socket: `POST /ops/{verb}` with JSON arguments. Only who may open the folder reaches it (mode 0600)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from gateway.flows import Flows
from gateway.http.problems import problem
from gateway.logs import log
from gateway.ops import OPS
from gateway.service import Service
from masking.errors import VeilwayError


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The one route behind the socket."""

    async def run(request: web.Request) -> web.Response:
        verb = OPS.get(request.match_info["verb"])
        if verb is None:
            return problem(VeilwayError("no such verb", code="not_found"))
        try:
            params = msgspec.json.decode(await request.read(), type=dict)
            return web.json_response({"result": await verb(service, flows, params)})
        except VeilwayError as error:
            return problem(error)
        except Exception as error:  # noqa: BLE001 - told by kind alone, as everywhere
            log.error("op.failed", operation=request.match_info["verb"], error=type(error).__name__)
            return problem(VeilwayError(f"the verb failed with {type(error).__name__}", code="internal"))

    app.router.add_post("/ops/{verb}", run)
