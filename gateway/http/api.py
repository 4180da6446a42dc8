"""Our own API under `/v1` for shops: shipments, labels and events. Handlers of a few lines: parse, run, answer. Couriers' is `scans.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from gateway.flows import Flows
from gateway.http.problems import problem
from gateway.http.proxy import BadRequest
from gateway.identity import Shop, bearer
from gateway.logs import log
from gateway.ops.events import event_state, page_length, retry
from gateway.ops.shipments import describe, disclosures, listed
from gateway.service import Service
from gateway.store import shop_reads
from masking.errors import VeilwayError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
Request = TypeVar("Request")
Answer = TypeVar("Answer")
NO_STORE = {"Cache-Control": "no-store"}


def guarded(
    service: Service, handler: Callable[[Request], Awaitable[Answer]]
) -> Callable[[Request], Awaitable[Answer | web.Response]]:
    """Turn refusals into problems; anything else into `internal`, told by kind alone."""

    async def run(request: Request) -> Answer | web.Response:
        try:
            return await handler(request)
        except VeilwayError as error:
            service.metrics.refusals.labels(error.code).inc()
            return problem(error)
        except web.HTTPRequestEntityTooLarge:
            return problem(BadRequest("the body is too long", code="body_too_large"))
        except Exception as error:  # noqa: BLE001 - the cause may hold content
            log.error("request.failed", error=type(error).__name__, operation="api")
            return problem(VeilwayError("something went wrong on our side", code="internal"))

    return run


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The routes under `/v1`."""

    async def shop(request: web.Request) -> Shop:
        key = request.headers.get("X-Veilway-Key", "") or bearer(request.headers.get("Authorization", ""))
        return await service.identity.shop(key)

    async def show(request: web.Request) -> web.Response:
        who = await shop(request)
        id = request.match_info["id"]
        found = await service.database.read(lambda connection: describe(connection, id, who.id))
        return web.json_response(found, headers=NO_STORE)

    async def shipments(request: web.Request) -> web.Response:
        who = await shop(request)
        return web.json_response(_page(await listed(service, who.id, request.query), "shipment"), headers=NO_STORE)

    async def events(request: web.Request) -> web.Response:
        who = await shop(request)
        state, limit = event_state(request.query.get("state")), page_length(request.query.get("limit"))
        after = request.query.get("after", "")
        found = await service.database.read(
            lambda connection: shop_reads.event_page(connection, who.id, state=state, after=after, limit=limit)
        )
        return web.json_response(_page(found, "event"), headers=NO_STORE)

    async def again(request: web.Request) -> web.Response:
        who = await shop(request)
        tried = await retry(service, who.id, request.match_info["id"], actor=f"shop:{who.id}")
        return web.json_response({"events": tried}, headers=NO_STORE)

    async def disclosed(request: web.Request) -> web.Response:
        who = await shop(request)
        found = await disclosures(service, request.match_info["id"], who.id)
        return web.json_response(found, headers=NO_STORE)

    async def label(request: web.Request) -> web.Response:
        who = await shop(request)
        asked = request.query
        made = await flows.print_label.run(
            request.match_info["id"],
            tenant=who.id,
            actor=f"shop:{who.id}",
            format=asked.get("format", "png"),
            size=asked.get("size", "100x150"),
            dpi=_dpi(asked.get("dpi", "203")),
        )
        headers = NO_STORE | {"Content-Type": made.media_type, "Veilway-Shipment": request.match_info["id"]}
        return web.Response(body=made.data, headers=headers)

    for method, path, handler in (
        ("GET", "/v1/shipments", shipments),
        ("GET", "/v1/shipments/{id}", show),
        ("GET", "/v1/shipments/{id}/disclosures", disclosed),
        ("GET", "/v1/shipments/{id}/label", label),
        ("GET", "/v1/events", events),
        ("POST", "/v1/events/{id}/retry", again),
    ):
        app.router.add_route(method, path, guarded(service, handler))


def _page(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """One page; `next` is the `after` of the following one, and empty at the end."""
    return {"data": rows, "next": rows[-1][key] if rows else ""}


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A body of JSON. Raises `malformed_json` or, naming the member, `bad_argument`."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # msgspec names the path and the expected type, never the value.
        raise BadRequest(str(error), code="bad_argument") from None
    except msgspec.DecodeError:
        raise BadRequest("the body is not JSON", code="malformed_json") from None


def _dpi(text: str) -> int:
    if text not in ("203", "300"):
        raise BadRequest("dpi is 203 or 300", code="bad_argument", path="dpi")
    return int(text)
