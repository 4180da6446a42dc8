"""What anybody may read: health, metrics, public keys, and what a stranger learns from a label's code (nothing)."""

from __future__ import annotations

import asyncio

from aiohttp import web

from gateway.service import Service
from gateway.store import audit_reads, call_reads
from gateway.store.errors import StoreError

STRANGER = (
    "<!doctype html><html lang='zh'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    "<title>Veilway</title><p>此码仅供承运快递员扫描。This code is for the parcel's own couriers. It tells nobody else anything.</p>"
)


def add_routes(app: web.Application, service: Service) -> None:
    """Health, metrics, `/.well-known/` and `/Q/`."""

    async def livez(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        why = await _not_ready(service)
        if why:
            return web.json_response({"status": "not_ready", "reason": why}, status=503)
        return web.json_response({"status": "ready"})

    async def metrics(_request: web.Request) -> web.Response:
        service.metrics.waiting.set(service.commits.waiting)
        for pool, status in service.desk.status().items():
            service.metrics.slots_free.labels(pool).set(status["usable"] - status["live"] - status["cooling"])
        return web.Response(body=service.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def tickets(_request: web.Request) -> web.Response:
        hosts = (service.settings.ticket_host.upper(),)
        return web.json_response(service.keys.tickets.public_jwks(service.clock(), hosts=hosts))

    async def checkpoint(_request: web.Request) -> web.Response:
        origin = f"veilway/{service.holder}"
        notes = await service.database.read(lambda connection: audit_reads.audit_notes(connection, origin))
        public = service.keys.checkpoint_public.hex()
        return web.json_response({"origin": origin, "ed25519": public, "checkpoint": notes[-1] if notes else None})

    async def stranger(_request: web.Request) -> web.Response:
        return web.Response(text=STRANGER, content_type="text/html", headers={"Cache-Control": "no-store"})

    app.router.add_get("/livez", livez)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/.well-known/veilway-tickets.json", tickets)
    app.router.add_get("/.well-known/veilway-audit.json", checkpoint)
    app.router.add_get("/Q/{ticket}", stranger)


async def _not_ready(service: Service) -> str:
    if service.draining:
        return "draining"
    try:
        async with asyncio.timeout(2):
            await service.database.read(lambda connection: call_reads.met(connection, "", "", b"", 0))
    except (StoreError, TimeoutError):
        return "store"
    return ""
