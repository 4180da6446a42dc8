"""A shop hears of its shipments: signed, at least once, with growing pauses, and never with a personal value."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from gateway.flows import deliver
from gateway.flows.deliver import PAUSES, Deliver, put
from gateway.settings import ConfigError
from gateway.store.tables import outbox
from gateway.store.unit import Unit
from tests.gateway.world import World


@dataclass
class Shop:
    """A shop's own server."""

    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=self.status)


async def listen(shop: Shop) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/events", shop.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    return runner


async def tell(world: World) -> None:
    """Put one event of the first shop into the outbox."""
    shop = (await world.op("shop.list"))[0]["shop"]
    unit = Unit()
    put(unit, tenant=shop, shipment="shp_1", type="shipment.stage", now=world.clock(), stage="delivered")
    await world.service.commit(unit)


async def states(world: World) -> list[tuple[str, int]]:
    rows = await world.service.database.read(
        lambda c: [tuple(r) for r in c.execute(select(outbox.c.state, outbox.c.attempts))]
    )
    return [(str(state), int(attempts)) for state, attempts in rows]


async def second_shop(world: World, url: str) -> str:
    """Another shop with a webhook and an event in the outbox; gives its id."""
    made = await world.op("shop.add", name="second")
    await world.op("shop.webhook", name="second", url=url)
    unit = Unit()
    put(unit, tenant=made["shop"], shipment="shp_2", type="shipment.stage", now=world.clock(), stage="delivered")
    await world.service.commit(unit)
    return str(made["shop"])


async def webhook(world: World, url: str) -> str:
    name = (await world.op("shop.list"))[0]["name"]
    return str((await world.op("shop.webhook", name=name, url=url))["secret"])


async def test_an_event_arrives_signed_as_standard_webhooks(own_world: World) -> None:
    shop = Shop()
    runner = await listen(shop)
    secret = await webhook(own_world, shop.url)
    await tell(own_world)

    await own_world.running.flows.deliver.once()

    headers, body = shop.got[0]
    # The receiver's own library; the world's clock stands in the present century, so only the signature is under test here.
    expected = Webhook(secret).sign(headers["webhook-id"], own_world.clock(), body.decode())
    assert headers["webhook-signature"] == expected
    assert json.loads(body)["data"] == {"shipment": "shp_1", "stage": "delivered"}
    assert await states(own_world) == [("delivered", 1)]
    await runner.cleanup()


async def test_a_shop_that_fails_is_tried_again_later_and_later_and_then_kept_as_a_dead_letter(
    own_world: World,
) -> None:
    shop = Shop(status=500)
    runner = await listen(shop)
    await webhook(own_world, shop.url)
    await tell(own_world)

    for attempt, pause in enumerate(PAUSES, 1):
        await own_world.running.flows.deliver.once()
        assert len(shop.got) == attempt
        own_world.clock.turn(timedelta(seconds=pause - 1))
        await own_world.running.flows.deliver.once()
        assert len(shop.got) == attempt, "not before its pause is over"
        own_world.clock.turn(timedelta(seconds=1))

    assert await states(own_world) == [("dead", len(PAUSES))]
    assert len({headers["webhook-id"] for headers, _ in shop.got}) == 1, "one event, one id, however often it is sent"
    await runner.cleanup()


async def test_a_shop_without_a_webhook_is_not_called(own_world: World) -> None:
    await tell(own_world)

    await own_world.running.flows.deliver.once()

    assert await states(own_world) == [("unwanted", 1)]


async def test_a_webhook_url_in_clear_is_for_loopback_only(own_world: World) -> None:
    with pytest.raises(ConfigError):
        await webhook(own_world, "http://shop.example/events")


async def test_an_unreachable_shop_is_a_failed_try(own_world: World) -> None:
    await webhook(own_world, "http://127.0.0.1:9/events")
    await tell(own_world)

    await own_world.running.flows.deliver.once()

    assert await states(own_world) == [("waiting", 1)]


async def test_a_shop_that_does_not_answer_holds_up_nobody_else(own_world: World) -> None:
    deaf, heard = Shop(), Shop()
    answer = asyncio.Event()

    async def never(request: web.Request) -> web.Response:
        await answer.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/events", never)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    deaf.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    other = await listen(heard)
    await webhook(own_world, deaf.url)
    for _ in range(3):
        await tell(own_world)
    task = asyncio.ensure_future(own_world.running.flows.deliver.run())

    await asyncio.sleep(0.2)
    await second_shop(own_world, heard.url)
    async with asyncio.timeout(8):
        while not heard.got:
            await asyncio.sleep(0.05)

    answer.set()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await other.cleanup()
    await runner.cleanup()


async def test_two_that_deliver_at_once_send_each_event_once(own_world: World) -> None:
    shop = Shop()
    runner = await listen(shop)
    await webhook(own_world, shop.url)
    for _ in range(7):
        await tell(own_world)

    beside = Deliver(own_world.service)
    await asyncio.gather(own_world.running.flows.deliver.once(), beside.once(), beside.once())

    assert len(shop.got) == 7 and len({headers["webhook-id"] for headers, _ in shop.got}) == 7
    assert await states(own_world) == [("delivered", 1)] * 7
    await runner.cleanup()


async def test_an_event_whose_sender_died_is_sent_again_when_its_lease_is_over(own_world: World) -> None:
    shop = Shop()
    runner = await listen(shop)
    await webhook(own_world, shop.url)
    await tell(own_world)
    now = int(own_world.clock().timestamp() * 1000)
    taken, _ = await own_world.service.database.write(lambda connection: deliver._taken(connection, now, ()))
    assert len(taken) == 1

    await own_world.running.flows.deliver.once()
    assert shop.got == [], "it is still another's"
    own_world.clock.turn(timedelta(milliseconds=deliver.LEASE_MS))
    await own_world.running.flows.deliver.once()
    assert len(shop.got) == 1
    await runner.cleanup()


async def test_after_one_failure_a_shop_is_not_called_for_the_rest(own_world: World) -> None:
    shop = Shop(status=503)
    runner = await listen(shop)
    await webhook(own_world, shop.url)
    for _ in range(3):
        await tell(own_world)

    await own_world.running.flows.deliver.once()
    assert len(shop.got) == 1 and sorted(await states(own_world)) == [("waiting", 0), ("waiting", 0), ("waiting", 1)]

    shop.status = 200
    own_world.clock.turn(timedelta(seconds=PAUSES[0]))
    await own_world.running.flows.deliver.once()
    assert {state for state, _ in await states(own_world)} == {"delivered"}
    sent = [json.loads(body)["data"]["shipment"] for _, body in shop.got]
    assert len(sent) == 4
    await runner.cleanup()


async def test_what_is_settled_is_out_of_the_range_that_is_searched(own_world: World) -> None:
    await tell(own_world)
    await own_world.running.flows.deliver.once()
    due = await own_world.service.database.read(lambda c: [at for (at,) in c.execute(select(outbox.c.next_at))])
    assert due == [deliver.NEVER]
