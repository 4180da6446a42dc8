"""A carrier's push moves the parcel once, in order, whatever is doubled, late or forged; and tells strangers nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.canary import Canaries
from tests.gateway.orders import fresh_reference, sf_document
from tests.gateway.world import Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


def route(waybill: str, code: str, at: str, id: str = "", **more: str) -> dict[str, str]:
    """One event of SF's route push."""
    event = {"mailno": waybill, "opCode": code, "acceptTime": at, "id": id or fresh_reference(), "orderid": ""}
    return event | {"remark": "", "acceptAddress": "杭州市"} | more


async def order_of_an_hour_ago(world: World) -> Answer:
    order = await world.sf_order(sf_document())
    world.clock.turn(timedelta(hours=1))
    return order


def ago(world: World, minutes: int) -> str:
    """A moment in the carrier's own time and spelling."""
    return (
        (world.clock() - timedelta(minutes=minutes)).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    )


async def push(world: World, *events: dict[str, str], path: str = "") -> Answer:
    body = json.dumps({"Body": {"WaybillRoute": list(events)}}, ensure_ascii=False).encode()
    return await world.call(
        "POST", path or world.hooks["sf-express"], key="", body=body, headers={"Content-Type": "application/json"}
    )


async def stage(world: World, shipment: str) -> str:
    return str((await world.op("shipment.show", shipment=shipment))["stage"])


async def test_a_push_moves_the_stage_and_is_acknowledged_as_sf_expects(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    answer = await push(world, route(order.waybill, "50", ago(world, 50)))
    assert (answer.status, answer.json["return_code"]) == (200, "0000")
    assert await stage(world, order.shipment) == "picked_up"
    assert "push.applied" in await world.tags()


async def test_doubled_and_disordered_events_end_where_they_should(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    picked = route(order.waybill, "50", ago(world, 50))
    out = route(order.waybill, "44", ago(world, 10))
    await push(world, out)
    await push(world, picked, out)
    assert await stage(world, order.shipment) == "out_for_delivery"
    history = (await world.op("shipment.show", shipment=order.shipment))["history"]
    assert [step["stage"] for step in history] == ["out_for_delivery"]


async def test_one_push_sent_many_times_at_once_counts_once(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    event = route(order.waybill, "50", ago(world, 50))
    before = (await world.tags()).count("push.applied")
    answers = await asyncio.gather(*(push(world, event) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert (await world.tags()).count("push.applied") == before + 1


async def test_events_of_one_moment_all_arrive(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    codes = [("50", 40), ("36", 30), ("44", 20), ("80", 10)]
    sent = [push(world, route(order.waybill, code, ago(world, minutes))) for code, minutes in codes]
    assert {answer.status for answer in await asyncio.gather(*sent)} == {200}
    assert await stage(world, order.shipment) == "delivered"


async def test_a_push_about_a_parcel_of_nobody_s_is_thanked_for_and_forgotten(world: World) -> None:
    before = len(await world.tags())
    answer = await push(world, route("SF0000000000000", "50", ago(world, 50)))
    assert answer.status == 200 and len(await world.tags()) == before


async def test_a_wrong_secret_and_an_unknown_carrier_are_the_same_nothing(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    event = route(order.waybill, "80", ago(world, 50))
    asked = [
        await push(world, event, path="/hooks/sf-express/" + "A" * 32),
        await push(world, event, path=world.hooks["sf-express"].replace("sf-express", "ups")),
        await push(world, event, path="/hooks/nobody/" + "A" * 32),
        await push(world, event, path="/hooks/sf-express/"),
    ]
    assert {(answer.status, answer.code) for answer in asked} == {(404, "not_found")}
    assert await stage(world, order.shipment) == "created"


@pytest.mark.parametrize("body", [b"", b"{", b'{"Body":1}', b'{"Body":{"WaybillRoute":[1]}}', b"[]"])
async def test_a_malformed_push_changes_nothing(world: World, body: bytes) -> None:
    before = (await world.tags()).count("push.applied")
    answer = await world.call(
        "POST", world.hooks["sf-express"], key="", body=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status < 500 and (await world.tags()).count("push.applied") == before


async def test_who_is_named_in_a_push_is_not_stored(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    named = Canaries({"courier": "18250816649", "signer": "欧阳听雨轩"})
    remark = f"已签收，签收人：{named.values['signer']}，派件员电话：{named.values['courier']}"
    await push(world, route(order.waybill, "80", ago(world, 50), remark=remark))
    files = [path for path in world.folder.iterdir() if path.is_file()]
    assert named.seen_in_files(files) == []
    log: Any = await world.op("audit.export", chain="veilway/main")
    assert named.seen_in(json.dumps(log, ensure_ascii=False)) == []


@pytest.mark.parametrize(
    ("minutes", "stands"), [(1, "out_for_delivery"), (8 * 60, "out_for_delivery"), (27 * 60, "created")]
)
async def test_a_first_event_dated_before_the_booking_counts_within_a_day(
    world: World, minutes: int, stands: str
) -> None:
    order = await world.sf_order(sf_document())
    await push(world, route(order.waybill, "44", ago(world, minutes)))
    assert await stage(world, order.shipment) == stands


async def test_a_clock_that_went_back_closes_and_never_opens(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    await push(world, route(order.waybill, "36", ago(world, 10)))
    await push(world, route(order.waybill, "44", ago(world, 40)))
    assert await stage(world, order.shipment) == "in_transit"
    await push(world, route(order.waybill, "80", ago(world, 40)))
    told = await world.op("shipment.show", shipment=order.shipment)
    assert told["stage"] == "delivered"
    # What is counted from the delivery is counted from the latest report, not from a clock that went back.
    assert [step["at_ms"] for step in told["history"]] == sorted(step["at_ms"] for step in told["history"])


async def test_a_push_dated_in_the_future_does_not_hold_back_what_follows(world: World) -> None:
    order = await order_of_an_hour_ago(world)
    await push(world, route(order.waybill, "50", "2031-01-01 00:00:00"))
    await push(world, route(order.waybill, "44", ago(world, 0)))
    assert await stage(world, order.shipment) == "out_for_delivery"
