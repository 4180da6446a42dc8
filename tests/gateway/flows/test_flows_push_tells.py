"""What a push tells the shop, and an order in doubt: each event once, without a text, and a booking that the carrier itself reports."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.tables import outbox
from tests.gateway.flows.test_flows_push import ago, order_of_an_hour_ago, push, route
from tests.gateway.flows.test_flows_settle import HASTY, lost, status
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world


async def told(world: World, shipment: str) -> list[dict[str, Any]]:
    """The shop's events about one shipment, in order."""
    rows = await world.service.database.read(
        lambda c: [
            event
            for (event,) in c.execute(select(outbox.c.event).where(outbox.c.shipment == shipment).order_by(outbox.c.id))
        ]
    )
    return [json.loads(event) for event in rows]


async def test_every_event_is_told_once_with_its_code_and_moment_and_no_text(own_world: World) -> None:
    order = await order_of_an_hour_ago(own_world)
    picked = route(order.waybill, "50", ago(own_world, 50), remark="派件员：欧阳听雨轩 18250816649")
    nowhere = route(order.waybill, "9999", ago(own_world, 40))
    await push(own_world, picked, nowhere)
    await push(own_world, picked)

    heard = await told(own_world, order.shipment)

    tracking = [event["data"] for event in heard if event["type"] == "shipment.tracking"]
    assert sorted((data["code"], data["waybill"]) for data in tracking) == [
        ("50", order.waybill),
        ("9999", order.waybill),
    ]
    assert all(data["at"].endswith("+00:00") for data in tracking)
    assert [event["data"]["stage"] for event in heard if event["type"] == "shipment.stage"] == ["picked_up"]
    assert "欧阳听雨轩" not in json.dumps(heard, ensure_ascii=False) and "18250816649" not in json.dumps(heard)


async def test_an_order_in_doubt_is_booked_by_the_carrier_s_own_word(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        document = sf_document()
        shipment = await lost(own, document, booked=True)
        assert await status(own, shipment) == "unknown"
        own.clock.turn(timedelta(hours=1))

        await push(own, route("SF7000000000123", "50", ago(own, 10), orderid=str(document["orderId"])))

        shown = await own.op("shipment.show", shipment=shipment)
        assert (shown["status"], shown["waybill"], shown["stage"]) == ("booked", "SF7000000000123", "picked_up")
        assert {"order.booked", "push.applied"} <= set(await own.tags())
        heard = {event["type"] for event in await told(own, shipment)}
        assert heard == {"shipment.settled", "shipment.stage", "shipment.tracking"}


@pytest.mark.parametrize("reference", ["", "another order"])
async def test_a_waybill_of_nobody_s_settles_nothing(tmp_path: Path, reference: str) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        shipment = await lost(own, sf_document(), booked=True)
        await push(own, route("SF7000000000124", "50", ago(own, 10), orderid=reference))
        assert await status(own, shipment) == "unknown"


async def test_a_reference_of_two_shops_settles_neither(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        document = sf_document()
        first = await lost(own, document, booked=True)
        mine, own.key = own.key, (await own.op("shop.add", name="a neighbour"))["api_key"]
        second = await lost(own, document, booked=True)
        own.key = mine
        await push(own, route("SF7000000000125", "50", ago(own, 10), orderid=str(document["orderId"])))
        assert [await status(own, shipment) for shipment in (first, second)] == ["unknown", "unknown"]


async def test_a_booked_order_keeps_its_waybill_whatever_a_push_says(own_world: World) -> None:
    document = sf_document()
    order = await own_world.sf_order(document)
    await push(own_world, route("SF7000000000126", "50", ago(own_world, 10), orderid=str(document["orderId"])))
    assert (await own_world.op("shipment.show", shipment=order.shipment))["waybill"] == order.waybill
