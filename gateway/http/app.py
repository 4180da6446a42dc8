"""The web application of one process: routes to handlers of a few lines. Knows paths; decides nothing.

The front door is `/c/{carrier}/…`; our own API stands under `/v1`, pushes under `/hooks`, calls under `/relay`.
"""

from __future__ import annotations

from aiohttp import web

from gateway.flows import Flows
from gateway.http import api, hooks, keys, labels, openapi, ops, proxy, relay, relay_providers, scan_page, scans
from gateway.http.lane import LANES
from gateway.http.problems import problem
from gateway.service import Service
from masking.errors import VeilwayError

SERVICE: web.AppKey[Service] = web.AppKey("service", Service)
FLOWS: web.AppKey[Flows] = web.AppKey("flows", Flows)


class NotFound(VeilwayError):
    """Nothing stands at this path."""

    code = "not_found"


def build_app(service: Service, flows: Flows) -> web.Application:
    """The public application: front door, API, pushes, calls, health, keys."""
    app = web.Application(client_max_size=service.settings.body_limit)
    app[SERVICE], app[FLOWS], app[LANES] = service, flows, {}
    proxy.add_routes(app, service, flows)
    api.add_routes(app, service, flows)
    labels.add_routes(app, service, flows)
    scans.add_routes(app, service, flows)
    scan_page.add_routes(app)
    hooks.add_routes(app, service, flows)
    relay.add_routes(app, service, flows)
    relay_providers.add_routes(app, service, flows)
    keys.add_routes(app, service)
    openapi.add_routes(app)
    app.router.add_route("*", "/{anything:.*}", _nothing_here)
    app.on_response_prepare.append(_quiet)
    return app


def build_local_app(service: Service, flows: Flows) -> web.Application:
    """The application behind the folder's socket: the command line's verbs, for whoever may open the folder."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    ops.add_routes(app, service, flows)
    return app


async def _nothing_here(request: web.Request) -> web.Response:
    return problem(NotFound("nothing stands at this path"))


async def _quiet(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Tell nobody what runs here."""
    response.headers.popall("Server", None)
