"""A running gateway: the service, its two listeners (the port and the folder's socket) and its sweeper, as one context.

`serve` runs it until a signal; the demo and the tests run the very same thing on a free port.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.http_parser import HttpRequestParser

from carriers.profile import CarrierProfile
from gateway.chores import kept
from gateway.cli.remote import SOCKET, socket_path
from gateway.flows import Flows, make_flows
from gateway.flows.leavers import Leavers
from gateway.http.app import build_app, build_local_app
from gateway.http.lane import LANES
from gateway.http.porter import KEPT, Listener
from gateway.keys import Keys
from gateway.logs import log
from gateway.policy_book import FILE
from gateway.service import Clock, Service, open_service, system_clock
from gateway.settings import ConfigError, Settings
from gateway.sip import SipRelay
from gateway.store.number_blocks import let_go, renew

FOLLOWED = 0.5
"""Seconds after which a process looks what the others changed."""


@dataclass(slots=True)
class Running:
    """A gateway that answers."""

    service: Service
    flows: Flows
    url: str


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    keys: Keys | None = None,
    clock: Clock = system_clock,
    reuse_port: bool = False,
    profiles: dict[str, CarrierProfile] | None = None,
) -> AsyncIterator[Running]:
    """Serve until the context ends, then drain: readiness falls, listeners close, what is in flight ends, the writer empties."""
    if HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise ConfigError(
            "aiohttp runs on its pure-Python parser here; install it with its C extension", path="aiohttp"
        )
    async with open_service(settings, keys=keys, clock=clock, profiles=profiles) as service:
        flows = make_flows(service)
        public = await _listen(service, flows, settings, reuse_port=reuse_port)
        local = await _listen_locally(service, flows, settings) if settings.embedded else None
        chores = [
            asyncio.ensure_future(kept(name, chore))
            for name, chore in (
                ("settle", flows.settle.run),
                ("lifecycle", flows.lifecycle.run),
                ("deliver", flows.deliver.run),
                ("push", flows.provider_push.run),
                ("reconcile", flows.reconcile.run),
                ("labels", flows.label_batches.run),
                ("sip", SipRelay(service, flows.relay_call).run),
                ("leavers", Leavers(service).run),
                ("neighbours", partial(service.neighbours.run, service.clock)),
                ("renew", partial(_renew, service)),
            )
        ]
        # A suspension holds within a second, whatever went wrong a moment before.
        chores.append(asyncio.ensure_future(kept("follow", partial(_follow, service), pause=0.1, longest=FOLLOWED)))
        url = settings.public_url or f"http://{settings.host}:{public.port}"
        # What was loaded up to here stays for the life of the process: the collector need not walk it with every order.
        gc.freeze()
        log.info("serve.started", host=settings.host, port=public.port)
        if service.policies.number and (settings.dir / FILE).is_file():
            log.warning("policy.file_ignored", path=FILE, version=service.policies.number)
        try:
            yield Running(service, flows, url)
        finally:
            gc.unfreeze()
            service.draining = True
            for chore in chores:
                chore.cancel()
                with suppress(asyncio.CancelledError):
                    await chore
            if local is not None:
                await local.cleanup()
                (settings.dir / SOCKET).unlink(missing_ok=True)
            await public.stop(_draining(settings))
            if not settings.embedded:
                await service.database.write(lambda connection: let_go(connection, holder=service.holder))
            log.info("serve.stopped")


def _draining(settings: Settings) -> float:
    """Seconds that what is under way has to end."""
    return settings.carrier_timeout.total_seconds() + 2


async def _listen(service: Service, flows: Flows, settings: Settings, *, reuse_port: bool) -> Listener:
    app = build_app(service, flows)
    lanes = app[LANES]
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEPT,
        lingering_time=5,
        shutdown_timeout=_draining(settings),
        handle_signals=False,
    )
    await runner.setup()
    listener = Listener(runner, lanes, limit=settings.body_limit)
    try:
        await listener.start(settings.host, settings.port, reuse_port=reuse_port)
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            f"port: cannot listen on {settings.host}:{settings.port} ({type(error).__name__})", path="port"
        ) from None
    return listener


async def _listen_locally(service: Service, flows: Flows, settings: Settings) -> web.AppRunner:
    runner = web.AppRunner(build_local_app(service, flows), access_log=None)
    await runner.setup()
    (settings.dir / SOCKET).unlink(missing_ok=True)
    before = os.umask(0o177)  # the socket is born with mode 0600; a chmod afterwards would leave a gap
    try:
        await web.UnixSite(runner, socket_path(settings.dir)).start()
    finally:
        os.umask(before)
    return runner


async def _renew(service: Service) -> None:
    """Keep this process's blocks of numbers, and see the numbers that other processes added."""
    while True:
        await asyncio.sleep(30)
        now = service.clock()
        await service.database.write(partial(renew, holder=service.holder, now=now))
        if not service.settings.embedded:
            await service.desk.load(now)


async def _follow(service: Service) -> None:
    """Beside other processes: see within a second what they enabled, suspended, asked of couriers or opened to them."""
    while not service.settings.embedded:
        await asyncio.sleep(FOLLOWED)
        await service.load_routes()
        if await service.load_policy():
            log.info("policy.in_force", version=service.policies.number)


async def serve(settings: Settings, *, reuse_port: bool = False) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, reuse_port=reuse_port):
        await stop.wait()
