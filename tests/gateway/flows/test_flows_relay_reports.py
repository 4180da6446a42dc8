"""What a provider reports is kept once however often it comes, holds no phone, and is summed up for the shop that pays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.store.errors import StoreError
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
