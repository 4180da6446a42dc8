"""Couriers to practise on, behind a loopback port: `/{carrier}/{native path}` for each profile. The one file of this wing that serves HTTP.

Used by the demo and the tests. What a courier answers is decided in `practice.py`; here are the port and the faults that real couriers have.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from carriers.profile import CarrierProfile, load_profiles
from carriers.sandbox.practice import Courier, practice_secrets
from carriers.wire import WireReply, WireRequest

_BODY_LIMIT = 16 * 1024 * 1024
_BOMB_BYTES = 1 << 30
_CHUNK = 1 << 20


class Fault(StrEnum):
    """What goes wrong."""

    NONE = ""
    SLOW = "slow"
    """Answers after `Sandbox.slow_seconds`."""
    ERROR = "500"
    """Fails before booking."""
    GARBAGE = "garbage"
    """Books, and answers with bytes that are no document."""
    HANG_AFTER_BOOKING = "hang-after-booking"
    """Books, and never answers."""
    RESET_AFTER_BOOKING = "reset-after-booking"
    """Books, and drops the connection."""
    BOMB = "bomb"
    """Books, and answers with a gigabyte that travels as one megabyte."""


@dataclass(slots=True)
class Sandbox:
    """The couriers by carrier id, and the fault they all have at present."""

    couriers: dict[str, Courier]
    fault: Fault = Fault.NONE
    faults_left: int = -1
    """How many requests the fault still hits; -1 for all."""
    slow_seconds: float = 5.0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """Lets hanging requests go, so that a server can stop."""

    def take_fault(self) -> Fault:
        """The fault that hits this request."""
        if self.fault is Fault.NONE or self.faults_left == 0:
            return Fault.NONE
        self.faults_left -= self.faults_left > 0
        return self.fault


SANDBOX: web.AppKey[Sandbox] = web.AppKey("sandbox", Sandbox)


def create_sandbox(
    profile_ids: Iterable[str] | None = None,
    *,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    profiles: Mapping[str, CarrierProfile] | None = None,
) -> web.Application:
    """The application. `app[SANDBOX]` shows what was received and booked, and switches faults.

    `secrets` overrides `practice_secrets`, `profiles` the built-in ones.
    """
    profiles = load_profiles() if profiles is None else profiles
    chosen = list(profile_ids) if profile_ids is not None else list(profiles)
    couriers = {
        name: Courier(profiles[name], (secrets or {}).get(name) or practice_secrets(profiles[name])) for name in chosen
    }
    app = web.Application(client_max_size=_BODY_LIMIT)
    app[SANDBOX] = Sandbox(couriers)
    app.router.add_route("*", "/{carrier}/{path:.*}", _handle)
    app.on_shutdown.append(_release)
    return app


async def _release(app: web.Application) -> None:
    app[SANDBOX].release.set()


async def _handle(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    courier = sandbox.couriers.get(request.match_info["carrier"])
    if courier is None:
        raise web.HTTPNotFound
    fault = sandbox.take_fault()
    if fault is Fault.SLOW:
        await asyncio.sleep(sandbox.slow_seconds)
    if fault is Fault.ERROR:
        return web.Response(status=500, text="practice courier: internal error")
    reply = courier.answer(await _wire(request, len(courier.profile.id) + 1))
    return await _answered(request, sandbox, fault, reply)


async def _wire(request: web.Request, prefix: int) -> WireRequest:
    path, _, query = request.raw_path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return WireRequest(request.method, path[prefix:], query, headers, await request.read())


async def _answered(request: web.Request, sandbox: Sandbox, fault: Fault, reply: WireReply) -> web.StreamResponse:
    match fault:
        case Fault.GARBAGE:
            return web.Response(status=200, body=b"\x00\xff<<<{{{ practice garbage", content_type="application/json")
        case Fault.HANG_AFTER_BOOKING:
            await sandbox.release.wait()
        case Fault.RESET_AFTER_BOOKING:
            if request.transport is not None:
                request.transport.abort()
        case Fault.BOMB:
            return await _bomb(request)
        case _:
            pass
    return web.Response(
        status=reply.status, body=reply.body, headers={name.title(): value for name, value in reply.headers.items()}
    )


async def _bomb(request: web.Request) -> web.StreamResponse:
    """A gigabyte of blanks, packed. Made chunk by chunk, so that it fills the other side's memory and not this one's."""
    response = web.StreamResponse(headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    await response.prepare(request)
    packed = gzip.compress(b" " * _CHUNK, 9)
    try:
        for _ in range(_BOMB_BYTES // _CHUNK):
            await response.write(packed)
        await response.write_eof()
    except ConnectionError:
        pass  # the other side had enough, as it should
    return response
