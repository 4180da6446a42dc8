"""The front door: `ANY /c/{carrier}/{native path}`. Reads a bounded body in bounded time, finds out who speaks, runs the flow.

A Veilway key in `Authorization: Bearer` or `X-Veilway-Key` decides, and credential fields in the body are then ignored and
replaced. Without one, a credential that Veilway issued in the carrier's own shape is verified as the carrier would.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from carriers.errors import CarrierRefusal
from carriers.profile import CarrierProfile, Operation
from carriers.unknown import unknown_operation
from carriers.wire import WireRequest
from gateway.flows import Flows
from gateway.http.lane import LANES, Asked, Written, routed
from gateway.http.problems import problem
from gateway.identity import Shop, bearer
from gateway.ids import SHOP_KEY
from gateway.logs import log
from gateway.service import Service
from masking.errors import VeilwayError


class BadRequest(VeilwayError):
    """The request is refused before anything is read from it."""

    code = "bad_request"


def _operation(profile: CarrierProfile, wire: WireRequest) -> Operation:
    """The operation that a request is; what no profile describes follows the carrier's `passthrough` rule."""
    try:
        return profile.match(wire)
    except CarrierRefusal as refusal:
        if refusal.code != "unknown_operation":
            raise
        return unknown_operation(profile, wire)


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The one route that shops know."""
    door = FrontDoor(service, flows)
    app[LANES]["/c/"] = door.handle
    app.router.add_route("*", "/c/{carrier}/{path:.*}", routed(door.handle))


class FrontDoor:
    """Holds what every request needs, so that a request looks nothing up twice."""

    def __init__(self, service: Service, flows: Flows) -> None:
        self._service = service
        self._flows = flows
        self._limit = service.settings.body_limit
        self._seconds = service.settings.body_timeout.total_seconds()

    async def handle(self, request: web.Request | Asked) -> web.StreamResponse | Written:
        """Answer one request. Whatever goes wrong becomes a problem with a stable code."""
        try:
            return await self._forward(request)
        except VeilwayError as error:
            self._service.metrics.refusals.labels(error.code).inc()
            answer = problem(error)
            if request.can_read_body:
                answer.force_close()  # a body that nobody read would end the connection under the sender's next request
            return answer
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the last line: the cause may hold content, so only its kind is told
            self._service.metrics.refusals.labels("internal").inc()
            log.error("request.failed", error=type(error).__name__, operation="front_door")
            return problem(VeilwayError("something went wrong on our side; nothing more was sent", code="internal"))

    async def _forward(self, request: web.Request | Asked) -> Written:
        service = self._service
        if service.draining:
            raise BadRequest("the service is shutting down", code="shutting_down")
        carrier, path, query = _addressed(request.raw_path)
        profile = service.profile(carrier)
        wire = await self._read(request, path, query)
        granted = await self._flows.shop_credential.token(profile, wire)
        if granted is not None:
            return Written(granted.status, granted.body, granted.headers)
        shop = await self._who(profile.id, wire)
        operation = _operation(profile, wire)
        route = service.route(carrier)
        answer = await self._flows.front(shop, profile, route, operation, wire, wire.headers.get("idempotency-key", ""))
        said = {"Content-Type": answer.content_type}
        if answer.shipment:
            said["Veilway-Shipment"] = answer.shipment
        if answer.replayed:
            said["Veilway-Replayed"] = "yes"
        if not answer.idempotent:
            said["Veilway-Idempotent"] = "no"
        if answer.withheld:
            said["Veilway-Label"] = "withheld"
        if answer.status >= 400:
            said["Veilway-Error-Source"] = "carrier"
        return Written(answer.status, answer.body, said)

    async def _read(self, request: web.Request | Asked, path: str, query: str) -> WireRequest:
        """The request as a value. `path` is the carrier's own."""
        if isinstance(request, Asked):
            return WireRequest(request.method, path, query, request.headers, request.body)
        if any(word != "identity" for word in request.headers.getall("Content-Encoding", ())):
            raise BadRequest("a packed body is not taken; send it plain", code="unsupported_media_type")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if int(headers.get("content-length") or 0) > self._limit:
            raise BadRequest(f"a body has at most {self._limit} bytes", code="body_too_large")
        body = b""
        if request.content.is_eof():
            body = request.content.read_nowait()  # came with its headers: there is nothing to wait for
            if len(body) > self._limit:
                raise BadRequest(f"a body has at most {self._limit} bytes", code="body_too_large")
        elif request.body_exists:
            try:
                async with asyncio.timeout(self._seconds):
                    body = await request.read()
            except TimeoutError:
                raise BadRequest("the body did not arrive in time", code="body_timeout") from None
            except web.HTTPRequestEntityTooLarge:
                raise BadRequest(f"a body has at most {self._limit} bytes", code="body_too_large") from None
        return WireRequest(request.method, path, query, headers, body)

    async def _who(self, carrier: str, wire: WireRequest) -> Shop:
        key = wire.headers.get("x-veilway-key", "") or bearer(wire.headers.get("authorization", ""))
        if key.startswith(SHOP_KEY):
            return await self._service.identity.shop(key)
        return await self._flows.shop_credential.verify(carrier, wire)


def _addressed(target: str) -> tuple[str, str, str]:
    """Carrier, native path and query of `/c/{carrier}/…`, as they came. Raises `not_found`."""
    query = ""
    if "?" in target:
        target, _, query = target.partition("?")
    parts = target.split("/", 3)
    if len(parts) < 4 or parts[:2] != ["", "c"] or not parts[2]:
        raise BadRequest("nothing stands at this path", code="not_found")
    return parts[2], "/" + parts[3], query
