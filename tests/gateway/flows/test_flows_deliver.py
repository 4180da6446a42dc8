"""A shop hears of its shipments: signed, at least once, with growing pauses, and never with a personal value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from gateway.flows.deliver import PAUSES, put
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
