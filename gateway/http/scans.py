"""Couriers' routes under `/v1`: scans, one or a batch; frames of a camera; the device. Handlers of a few lines.

The body is read before anybody is asked who they are, because a device's proof is a signature over it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from aiohttp import web

from gateway.courier_door import CourierDoor, Knock
from gateway.flows import Flows
from gateway.flows.scan import ScanRequest
from gateway.http.api import NO_STORE, decode, guarded
from gateway.http.lane import LANES, Asked, Written, routed
from gateway.http.peer import Peers
from gateway.http.proxy import BadRequest
from gateway.identity import Courier, bearer
from gateway.scan.frame import LONGEST, read_frame
from gateway.service import Service
from gateway.store.errors import Overloaded
from masking.errors import VeilwayError

BATCH = 100  # scans in one request, as a courier's device sends them after a dead zone
JSON = {"Content-Type": "application/json", **NO_STORE}
FRAMES = 8  # that wait for a decoder; a phone sends another in half a second
Short = Annotated[str, msgspec.Meta(max_length=64)]


class _Scan(ScanRequest, frozen=True, forbid_unknown_fields=True):
    """The flow's own question, with the bounds of what may be asked."""

    ticket: Annotated[str, msgspec.Meta(max_length=512)] = ""
    waybill: Short = ""
    station: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[\w.-]*$")] = ""
    purpose: Short = ""
    event: Short = ""
    reason: Short = ""
    scan_id: Short = ""
    made_at: int = 0


class _Device(msgspec.Struct, forbid_unknown_fields=True):
    device_key: Annotated[str, msgspec.Meta(max_length=128)]


_one, _many, _device = msgspec.json.Decoder(_Scan), msgspec.json.Decoder(list[_Scan]), msgspec.json.Decoder(_Device)


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The courier's routes."""
    door, peers = CourierDoor(service), Peers(service.settings.proxies)
    waiting, decoding = asyncio.Semaphore(FRAMES), asyncio.Semaphore(1)

    async def knock(request: web.Request | Asked) -> Knock:
        return Knock(
            bearer(request.headers.get("authorization", "")),
            request.method,
            request.raw_path,
            await request.read(),
            request.headers.get("veilway-proof", ""),
            peers.address(request),
            peers.fingerprint(request),
        )

    async def scan(request: web.Request | Asked) -> Written:
        asked = await knock(request)
        courier = await door.admit(asked)
        return _json(await flows.scan.run(decode(_one, asked.body), courier, source=asked.address))

    async def scan_batch(request: web.Request) -> Written:
        asked = await knock(request)
        courier = await door.admit(asked)
        wanted = decode(_many, asked.body)
        if len(wanted) > BATCH:
            raise BadRequest(f"a batch has at most {BATCH} scans", code="batch_too_large")
        results = []
        for one in wanted:
            try:
                results.append(await flows.scan.run(one, courier, source=asked.address))
            except VeilwayError as error:
                results.append({"code": error.code})
        return _json({"results": results})

    async def frame(request: web.Request) -> Written:
        if (request.content_length or 0) > LONGEST:
            raise BadRequest("a frame is at most 640 points wide and high", code="body_too_large")
        asked = await knock(request)
        await door.admit(asked)
        if waiting.locked():
            raise Overloaded("frames come faster than they can be read")
        async with waiting, decoding:
            found = await asyncio.get_running_loop().run_in_executor(None, read_frame, asked.body)
        return _json({"ticket": found.ticket, "waybill": found.waybill})

    async def me(request: web.Request) -> Written:
        return _json(_account(await door.admit(await knock(request))))

    async def device(request: web.Request) -> Written:
        asked = await knock(request)
        return _json(_account(await door.enrol(asked, decode(_device, asked.body).device_key)))

    app[LANES]["/v1/scans"] = guarded(service, scan)
    for method, path, handler in (
        ("POST", "/v1/scans", scan),
        ("POST", "/v1/scans/batch", scan_batch),
        ("POST", "/v1/scans/frame", frame),
        ("GET", "/v1/couriers/me", me),
        ("POST", "/v1/couriers/device", device),
    ):
        app.router.add_route(method, path, routed(guarded(service, handler)))


def _account(courier: Courier) -> dict[str, Any]:
    """What a courier's own page shows of the account."""
    return {
        "courier": courier.id,
        "carrier": courier.carrier,
        "role": courier.role,
        "station": courier.station,
        "device": "carrier" if courier.vouched else "enrolled" if courier.device_key else "none",
    }


def _json(value: Any) -> Written:
    return Written(200, msgspec.json.encode(value), JSON)
