"""The product's own sandbox couriers behind a fixed port, as the upstream of a load run: `python -m load.sandbox_server PORT`."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web

from carriers.sandbox import SANDBOX, create_sandbox


async def ready(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def booked(request: web.Request) -> web.Response:
    """How many orders the couriers know, and how many waybills they gave: more waybills than orders is a parcel booked twice."""
    couriers = request.app[SANDBOX].couriers.values()
    orders = sum(len(courier.bookings) for courier in couriers)
    return web.json_response({"orders": orders, "waybills": sum(courier.waybills for courier in couriers)})


def main(port: int, *carriers: str) -> None:
    app = create_sandbox(carriers or None)
    app.router.add_get("/ready", ready)
    app.router.add_get("/booked", booked)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
