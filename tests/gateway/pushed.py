"""Number providers as real servers on loopback: the fakes behind a socket, with the faults that a network and a vendor have.

The fakes check signatures and keep their own bindings. `lose` takes a request and drops the answer, `down` drops the connection
before the request is looked at; every request that arrived is kept, so that a test may search it. A `Town` is a gateway whose one
pool is pushed to such providers.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import select

from gateway.flows.push_outbox import put_push
from gateway.flows.relays import party_index
from gateway.store.relay_reads import binding_at
from gateway.store.tables import binding_legs, binding_states, outbox, pushes
from gateway.store.unit import Unit
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, Hands, World, open_world
from virtual_numbers.binding import State, reopen
from virtual_numbers.fakes.alibaba import FakeAlibaba
from virtual_numbers.fakes.huawei import FakeHuawei

XS = ("17000000001", "17000000002")
SECRETS = {
    "alibaba": {"access_key": "ak", "access_secret": "access-secret-7719", "pool_key": "FC1"},
    "huawei": {"app_key": "app_Key", "app_secret": "app-secret-7719"},
}


@dataclass
class Provider:
    """A fake behind a socket."""

    kind: str
    fake: FakeAlibaba | FakeHuawei
    clock: Callable[[], datetime]
    down: bool = False
    lose: int = 0
    """So many answers are dropped after the request was done."""
    url: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """(action, URL and body) of every request that arrived."""

    async def take(self, request: web.Request) -> web.Response:
        if self.down:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        body = await request.read()
        action = request.headers.get("x-acs-action") or f"{request.method} {request.path}"
        self.seen.append((action, str(request.url) + body.decode()))
        answer = self.fake.handle(request.method, str(request.rel_url), request.headers, body, self.clock())
        if self.lose:
            self.lose -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=answer.status, body=answer.body, content_type="application/json")

    def count(self, word: str) -> int:
        """How many requests of an action arrived."""
        return sum(word in action for action, _ in self.seen)

    @property
    def live(self) -> list[Any]:
        """What the provider holds now."""
        return self.fake._live(self.clock())


def fake_of(kind: str, numbers: tuple[str, ...] = XS) -> FakeAlibaba | FakeHuawei:
    if kind == "alibaba":
        return FakeAlibaba("ak", SECRETS[kind]["access_secret"], "FC1", list(numbers))
    return FakeHuawei("app_Key", SECRETS[kind]["app_secret"], [f"86{x}" for x in numbers])


@asynccontextmanager
async def provider(kind: str, clock: Callable[[], datetime]) -> AsyncIterator[Provider]:
    """A provider that listens."""
    made = Provider(kind, fake_of(kind), clock)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


async def add_account(world: World, made: Provider, name: str = "") -> str:
    """The provider as an account of this world's, in a test's hurry."""
    name = name or made.kind
    asked = {"name": name, "kind": made.kind, "endpoint": made.url, "secrets": SECRETS[made.kind], "rate": 5000}
    await world.op("numbers.provider.add", **asked)
    return name


COURIER = "13811112222"


@dataclass
class Town:
    """A gateway whose pool is pushed, and its providers in the order of failover."""

    world: World
    providers: list[Provider]
    key: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def first(self) -> Provider:
        return self.providers[0]

    async def drain(self, rounds: int = 6) -> None:
        """Send until nothing is due at this moment."""
        for _ in range(rounds):
            if not await self.world.running.flows.provider_push.once():
                return

    async def pass_time(self, by: timedelta, step: timedelta = timedelta(seconds=5)) -> None:
        """Time goes by while the sender works."""
        end = self.world.clock.now + by
        while self.world.clock.now < end:
            self.world.clock.turn(min(step, end - self.world.clock.now))
            await self.drain()

    async def order(self, **more: Any) -> tuple[str, str, str, str]:
        """Shipment, waybill, X and extension of a fresh order."""
        answer = await self.world.sf_order(sf_document(**more), key=self.key)
        dial = json.loads(self.world.sf.last.form["msgData"])["contactInfoList"][1]["tel"]
        x, _, ext = dial.partition("-")
        booked = answer.status == 200 and b"waybillNo" in answer.body
        return answer.shipment, answer.waybill if booked else "", x, ext

    async def cancel(self, waybill: str) -> None:
        reference = next(r for r, w in self.world.sf.orders.items() if w == waybill)
        body = sf_form({"orderId": reference, "dealType": 2}, service="EXP_RECE_UPDATE_ORDER")
        assert (await self.world.call("POST", SF_PATH, key=self.key, body=body, headers=FORM)).status == 200

    async def action(self, x: str, ext: str) -> tuple[str, str]:
        decided = await self.world.op("relay.route", caller=COURIER, called=x, ext=ext)
        return decided["action"], decided["reason"]

    async def narrow(self, x: str, ext: str, courier: str, phone: str, until: datetime) -> None:
        """What a courier's scan does where the carrier wants it: the binding is theirs until then, and providers are to hear of it."""
        service, unit = self.world.service, Unit()
        held = await service.database.read(lambda c: binding_at(c, x, ext))
        assert held is not None and held.expires_at is not None
        peer = party_index(service.keys.keyring, x, phone)
        ms, ends = (int(at.timestamp() * 1000) for at in (self.world.clock.now, until))
        state = (held.tenant, held.state.value, int(held.expires_at.timestamp() * 1000), None, peer, ends, "narrowed")
        unit.add(binding_states, *held.slot, ms, *state)
        put_push(unit, held.slot, held.tenant, "narrow", ms, courier)
        await service.commit(unit)

    async def reopen(self, x: str, ext: str) -> None:
        """What a return does to a released binding whose place still rests."""
        service, unit, now = self.world.service, Unit(), self.world.clock.now
        held = await service.database.read(lambda c: binding_at(c, x, ext))
        assert held is not None
        again = reopen(held, now, self.world.running.flows.lifecycle.terms)
        assert again.expires_at is not None
        ms, ends = (int(at.timestamp() * 1000) for at in (now, again.expires_at))
        unit.add(binding_states, *held.slot, ms, held.tenant, State.BOUND.value, ends, None, None, None, "reopened")
        put_push(unit, held.slot, held.tenant, "extend", ms)
        await service.commit(unit)

    async def states(self) -> list[tuple[str, str]]:
        """(change, state) of every push, oldest first."""
        rows = await self.world.service.database.read(
            lambda c: [tuple(r) for r in c.execute(select(pushes.c.change, pushes.c.state).order_by(pushes.c.id))]
        )
        return [(str(change), str(state)) for change, state in rows]

    async def legs(self) -> list[tuple[str, str]]:
        rows = await self.world.service.database.read(
            lambda c: [tuple(r) for r in c.execute(select(binding_legs.c.account, binding_legs.c.state))]
        )
        return sorted((str(account), str(state)) for account, state in rows)

    async def events(self) -> list[str]:
        rows = await self.world.service.database.read(lambda c: list(c.execute(select(outbox.c.event)).scalars()))
        return [json.loads(row)["type"] for row in rows]

    async def entries(self, tag: str) -> list[dict[str, Any]]:
        """The audit entries of a tag, oldest first."""
        page = await self.world.op("audit.export", chain=f"veilway/{self.world.service.holder}")
        return [entry["entry"] for entry in page["entries"] if entry["entry"]["tag"] == tag]

    async def rows(self, *tables: Any) -> str:
        """Everything that stands in some tables."""
        return await self.world.service.database.read(
            lambda c: repr([list(c.execute(select(table))) for table in tables])
        )


Towns = Callable[..., AbstractAsyncContextManager[Town]]


def towns_in(folder: Path, database: str) -> Towns:
    """`towns("alibaba", "huawei")`: a town on a store, its pool pushed to these in this order."""

    @asynccontextmanager
    async def make(*kinds: str, **overrides: Any) -> AsyncIterator[Town]:
        clock = Hands()
        settings = {"database": database, "numbers": XS, "ext_digits": 3, "clock": clock} | overrides
        async with AsyncExitStack() as stack:
            providers = [await stack.enter_async_context(provider(kind, clock)) for kind in kinds or ("alibaba",)]
            world = await stack.enter_async_context(open_world(folder, **settings))
            town = Town(world, providers, await world.shop("Hotline", hotline="4008001234"))
            names = [await add_account(world, made) for made in providers]
            await world.op("numbers.provider.use", pool="first", accounts=names)
            yield town

    return make
