"""Labels for shops: batches under `/v1/labels` (ask, look how far it is, fetch once), and a carrier's own. Handlers of a few lines."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from gateway.flows import Flows
from gateway.flows.label_batch import Wanted
from gateway.http.api import NO_STORE, decode, guarded
from gateway.http.proxy import BadRequest
from gateway.identity import Shop, bearer
from gateway.service import Service

AT_MOST = 1_000  # labels in one job
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    shipments: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=AT_MOST)]
    format: Literal["png", "pdf", "zpl", "tspl"] = "pdf"
    size: Literal["76x130", "100x150", "100x180", "4x6", "a6"] = "100x150"
    dpi: Literal[203, 300] = 203
    bundle: Literal["", "pdf", "zip"] = ""


_batch = msgspec.json.Decoder(_Batch)


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The routes of batches and of carriers' own labels."""

    async def shop(request: web.Request) -> Shop:
        key = request.headers.get("X-Veilway-Key", "") or bearer(request.headers.get("Authorization", ""))
        return await service.identity.shop(key)

    async def ask(request: web.Request) -> web.Response:
        who = await shop(request)
        job = await flows.label_batches.accept(who, _wanted(await request.read()))
        headers = NO_STORE | {"Location": f"/v1/labels/{job.id}"}
        return web.json_response(job.as_dict(), status=202, headers=headers)

    async def show(request: web.Request) -> web.Response:
        job = flows.label_batches.show(await shop(request), request.match_info["job"])
        return web.json_response(job.as_dict(), headers=NO_STORE)

    async def fetch(request: web.Request) -> web.Response:
        id = request.match_info["job"]
        data, media_type = flows.label_batches.fetch(await shop(request), id)
        name = f"{id}.{'pdf' if media_type == 'application/pdf' else 'zip'}"
        headers = {"Content-Type": media_type, "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, headers=NO_STORE | headers)

    async def carriers_own(request: web.Request) -> web.Response:
        shipment = request.match_info["id"]
        data, media_type = await flows.carrier_label.run(await shop(request), shipment, request.query.get("of", ""))
        return web.Response(body=data, headers=NO_STORE | {"Content-Type": media_type, "Veilway-Shipment": shipment})

    for method, path, handler in (
        ("GET", "/v1/shipments/{id}/carrier-label", carriers_own),
        ("POST", "/v1/labels", ask),
        ("GET", "/v1/labels/{job}", show),
        ("GET", "/v1/labels/{job}/file", fetch),
    ):
        app.router.add_route(method, path, guarded(service, handler))


def _wanted(body: bytes) -> Wanted:
    asked = decode(_batch, body)
    if len(set(asked.shipments)) != len(asked.shipments):
        raise BadRequest("a shipment stands in the list twice", code="bad_argument", path="shipments")
    if asked.bundle == "pdf" and asked.format != "pdf":
        raise BadRequest("one PDF can be made of PDF labels only", code="bad_argument", path="bundle")
    zipped = asked.bundle == "zip" or asked.format != "pdf"
    return Wanted(asked.shipments, asked.format, asked.size, asked.dpi, zipped)
