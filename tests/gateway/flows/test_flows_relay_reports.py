"""What a provider reports is kept once however often it comes, holds no phone, and is summed up for the shop that pays."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store import relay_reads
from gateway.store.errors import StoreError
from gateway.store.tables import bindings, outbox
from gateway.store.unit import Unit
from tests.gateway.orders import sf_document
from tests.gateway.world import World
from virtual_numbers.events import Direction, Event, Kind, Outcome, Tariff


def call(x: str, ext: str, world: World, *, seconds: int = 61, id: str = "c1") -> list[Event]:
    """A call that was answered after five seconds."""
    at = world.clock()
    began = Event("sandbox", id, Kind.STARTED, at, x=x, ext=ext, direction=Direction.TO_PARTY)
    answered = at + timedelta(seconds=5)
    ended = replace(
        began, kind=Kind.ENDED, at=answered + timedelta(seconds=seconds), outcome=Outcome.ANSWERED, answered_at=answered
    )
    return [began, replace(began, kind=Kind.ANSWERED, at=answered), ended]


async def bound(world: World) -> tuple[str, str, str]:
    """Shipment, X and extension of a fresh order."""
    shipment = (await world.sf_order(sf_document())).shipment
    x, _, ext = (await world.op("shipment.show", shipment=shipment))["relay"]["recipient"].partition("-")
    return shipment, x, ext


async def test_minutes_and_cost_fall_to_the_shipment_whose_number_it_was(own_world: World) -> None:
    shipment, x, ext = await bound(own_world)
    await own_world.running.flows.relay_reports.take(call(x, ext, own_world))
    since = own_world.clock() - timedelta(days=1)
    tariff = {"sandbox": Tariff(minute=Decimal("0.10"))}
    (row,) = await own_world.running.flows.relay_reports.summary(since, tariff)

    assert (row["shipment"], row["carrier"]) == (shipment, "sf-express") and row["shop"].startswith("shop_")
    assert (row["calls"], row["answered"], row["minutes"]) == (1, 1, 2)
    assert Decimal(row["cost"]) == Decimal("0.20")


async def test_reports_that_come_again_and_out_of_order_count_once(own_world: World) -> None:
    _, x, ext = await bound(own_world)
    reports = own_world.running.flows.relay_reports
    for events in (call(x, ext, own_world)[::-1], call(x, ext, own_world), call(x, ext, own_world)[1:]):
        await reports.take(events)
    await reports.take([])
    (row,) = await own_world.op("relay.report", last="1d")
    assert (row["calls"], row["minutes"]) == (1, 2)


async def test_a_call_through_a_number_of_nobody_s_falls_to_nobody(own_world: World) -> None:
    await own_world.running.flows.relay_reports.take(call("95099999999", "", own_world))
    (row,) = await own_world.op("relay.report")
    assert (row["shop"], row["shipment"], row["carrier"]) == ("", "", "")


async def test_what_is_older_than_asked_for_is_left_out(own_world: World) -> None:
    _, x, ext = await bound(own_world)
    await own_world.running.flows.relay_reports.take(call(x, ext, own_world))
    own_world.clock.turn(timedelta(days=2))
    assert await own_world.op("relay.report", last="1d") == []
    assert len(await own_world.op("relay.report", last="3d")) == 1


async def test_a_report_that_cannot_be_kept_is_not_thanked_for(own_world: World) -> None:
    own_world.service.commits.close()
    with pytest.raises(StoreError):
        await own_world.running.flows.relay_reports.take(call("95013990001", "0001", own_world))


async def test_a_shop_s_report_holds_its_own_calls_and_no_others(own_world: World) -> None:
    other_key = await own_world.shop("Other Shop")
    shipment, x, ext = await bound(own_world)
    answer = await own_world.sf_order(sf_document(), key=other_key)
    shown = await own_world.op("shipment.show", shipment=answer.shipment)
    other_x, _, other_ext = shown["relay"]["recipient"].partition("-")
    reports = own_world.running.flows.relay_reports
    await reports.take([*call(x, ext, own_world), *call(other_x, other_ext, own_world, seconds=200, id="c2")])
    await reports.take(call("95099999999", "", own_world, id="c3"))

    rows = {row["shipment"]: row for row in await own_world.op("relay.report")}
    assert {id: row["minutes"] for id, row in rows.items()} == {shipment: 2, answer.shipment: 4, "": 2}
    for row in (rows[shipment], rows[answer.shipment]):
        assert await own_world.op("relay.report", shop=row["shop"]) == [row]
    assert await own_world.op("relay.report", shop="shop_of_nobody") == []


async def test_what_one_report_of_a_call_tells_counts_for_its_others(own_world: World) -> None:
    # A provider names the number in its fee record alone; beginning and answer come without it.
    shipment, x, ext = await bound(own_world)
    began, answered, ended = call(x, ext, own_world)
    bare = [replace(event, x="", ext="") for event in (began, answered)]
    await own_world.running.flows.relay_reports.take([*bare, replace(ended, answered_at=None)])
    (row,) = await own_world.op("relay.report")
    assert (row["shipment"], row["calls"], row["minutes"]) == (shipment, 1, 2)
    assert await own_world.op("relay.report", shop=row["shop"]) == [row]


@pytest.mark.parametrize("of", ["decision", "shipment"])
async def test_an_id_of_ours_tells_whose_call_it_was_where_the_number_does_not(own_world: World, of: str) -> None:
    shipment, x, ext = await bound(own_world)
    decided = await own_world.running.flows.relay_call.route("+8613811112222", x, ext, actor="switch:test")
    id = {"decision": decided.decision_id, "shipment": shipment}[of]
    await own_world.running.flows.relay_reports.take([replace(e, binding=id) for e in call(x, "", own_world)])
    (row,) = await own_world.op("relay.report")
    assert (row["shipment"], row["carrier"], row["minutes"]) == (shipment, "sf-express", 2)


async def test_x_alone_charges_nobody_where_extensions_are_dialled(own_world: World) -> None:
    _, x, _ = await bound(own_world)
    await own_world.running.flows.relay_reports.take(call(x, "", own_world))
    (row,) = await own_world.op("relay.report")
    assert (row["shop"], row["shipment"], row["minutes"]) == ("", "", 2)


async def test_a_number_that_lives_again_charges_each_shipment_its_own_calls(own_world: World) -> None:
    shipment, x, ext = await bound(own_world)
    early = call(x, ext, own_world)
    own_world.clock.turn(timedelta(days=40))
    held = await own_world.service.database.read(lambda c: relay_reads.binding_of_turn(c, x, ext, 0))
    assert held is not None
    ms = int(own_world.clock().timestamp() * 1000)
    unit = Unit()
    later = ("shop_b", "shp_later", "ups", "recipient", "axn-ext", b"q" * 16, b"r" * 16, ms, ms + 9000, "callable")
    unit.add(bindings, x, ext, 1, *later)
    await own_world.service.commit(unit)
    await own_world.running.flows.relay_reports.take([*early, *call(x, ext, own_world, seconds=10, id="c2")])
    rows = await own_world.op("relay.report", last="90d")
    assert {(row["shop"], row["shipment"], row["minutes"]) for row in rows} == {
        (held.tenant, shipment, 2),
        ("shop_b", "shp_later", 1),
    }


async def told_to_shops(world: World) -> list[dict[str, Any]]:
    """Every event about calls and messages that waits for a shop."""
    rows = await world.service.database.read(
        lambda connection: [json.loads(text) for (text,) in connection.execute(select(outbox.c.event))]
    )
    return [row for row in rows if row["type"].startswith("relay.")]


async def test_a_shop_hears_of_a_call_once_when_it_is_over(own_world: World) -> None:
    shipment, x, ext = await bound(own_world)
    began, answered, ended = call(x, ext, own_world)
    reports = own_world.running.flows.relay_reports
    await reports.take([began, answered])
    assert await told_to_shops(own_world) == []
    for events in ([ended, ended], [ended], [began, ended]):
        await reports.take(events)
    (event,) = await told_to_shops(own_world)
    assert (event["type"], event["data"]["shipment"]) == ("relay.call", shipment)
    assert event["data"] == event["data"] | {
        "carrier": "sf-express", "direction": "to_party", "outcome": "answered", "seconds": 61, "minutes": 2, "blocked": False,
    }  # fmt: skip
    assert x not in json.dumps(event) and "ext" not in event["data"]


async def test_a_shop_hears_of_messages_and_refusals_and_nobody_of_what_is_nobody_s(own_world: World) -> None:
    _, x, ext = await bound(own_world)
    at = own_world.clock()
    kinds = (Kind.MESSAGE, Kind.MESSAGE_BLOCKED, Kind.BLOCKED)
    events = [Event("sandbox", f"c{n}", kind, at, x=x, ext=ext) for n, kind in enumerate(kinds)]
    await own_world.running.flows.relay_reports.take([*events, *call("95099999999", "", own_world, id="c9")])
    heard = [(event["type"], event["data"]["blocked"]) for event in await told_to_shops(own_world)]
    assert sorted(heard) == [("relay.call", True), ("relay.message", False), ("relay.message", True)]
