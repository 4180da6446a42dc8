"""A relay number lives as its parcel lives: prolonged, shortened, released, and given back to rest for as long as it must."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.store import reads
from gateway.store.unit import Unit
from masking.stage import Stage
from tests.gateway.orders import consignee, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World, open_world

COURIER = "13811112222"
ONE_DIGIT = {"numbers": ["95013990009"], "ext_digits": 1, "occupancy": 1.0, "relay_sandbox": True}


async def booked(own: World, key: str, phone: str = "13900090801") -> tuple[str, str, str, str]:
    """Shipment, waybill, X and extension of a new order of a shop whose sender is its hotline."""
    answer = await own.sf_order(sf_document(to=consignee(phone)), key=key)
    if answer.code:
        return answer.code, "", "", ""
    dial = json.loads(own.sf.last.form["msgData"])["contactInfoList"][1]["tel"]
    x, _, ext = dial.partition("-")
    return answer.shipment, answer.waybill, x, ext


async def cancel(own: World, key: str, waybill: str) -> int:
    reference = next(r for r, w in own.sf.orders.items() if w == waybill)
    body = sf_form({"orderId": reference, "dealType": 2}, service="EXP_RECE_UPDATE_ORDER")
    return (await own.call("POST", SF_PATH, key=key, body=body, headers=FORM)).status


async def left_after(own: World, key: str) -> set[str]:
    """The extensions that can be leased now, taken until the pool is empty."""
    found = set()
    for at in range(11):
        made = await booked(own, key, f"1390009081{at % 10}")
        if made[0] == "pool_exhausted":
            return found
        found.add(made[3])
    return found


async def test_a_binding_ends_with_its_term_and_its_number_is_silent(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, _, x, ext = await booked(own, key)
        own.clock.turn(timedelta(days=29, hours=23))
        assert await own.running.flows.lifecycle.expire() == 0
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"
        own.clock.turn(timedelta(hours=2))
        assert (await own.ring(COURIER, x, ext))["reason"] == "shipment_closed"
        assert await own.running.flows.lifecycle.expire() == 1
        assert (await own.tags())[-1] == "binding.released"
        assert await own.running.flows.lifecycle.expire() == 0


async def test_a_delivered_parcel_is_called_for_three_days_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, x, ext = await booked(own, key)
        station = await own.courier("station")
        await own.scan(station, waybill=waybill)
        await own.scan(station, waybill=waybill, event="delivered")
        own.clock.turn(timedelta(hours=71))
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"
        own.clock.turn(timedelta(hours=2))
        assert (await own.ring(COURIER, x, ext))["action"] == "reject"


async def test_an_exception_prolongs_a_binding_that_is_about_to_end(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, x, ext = await booked(own, key)
        station = await own.courier("station")
        own.clock.turn(timedelta(days=29))
        await own.scan(station, waybill=waybill, event="exception")
        own.clock.turn(timedelta(days=2))
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("phone", "days"), [("", 365), ("13866667777", 30)])
async def test_a_number_shown_to_a_courier_rests_a_month_or_a_year(
    tmp_path: Path, phone: str, days: int, restart: bool
) -> None:
    # With a phone on record a tombstone keeps the courier away; without one only time does.
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, _, ext = await booked(own, key)
        view = await own.scan(await own.courier("pickup", phone=phone), waybill=waybill)
        assert view.json["dial"]
        assert await cancel(own, key, waybill) == 200
        own.clock.turn(timedelta(days=days - 1))
        if restart:
            await own.restart()
        assert ext not in await left_after(own, key)
    async with open_world(tmp_path / "b", **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, _, ext = await booked(own, key)
        await own.scan(await own.courier("pickup", phone=phone), waybill=waybill)
        await cancel(own, key, waybill)
        own.clock.turn(timedelta(days=days + 2))
        if restart:
            await own.restart()
        assert ext in await left_after(own, key)


async def test_a_courier_who_was_shown_a_number_does_not_reach_its_next_party(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, x, ext = await booked(own, key)
        await own.scan(await own.courier("pickup", phone=COURIER), waybill=waybill)
        await cancel(own, key, waybill)
        own.clock.turn(timedelta(days=31))
        assert ext in await left_after(own, key)
        assert (await own.ring(COURIER, x, ext))["action"] == "reject"
        assert (await own.ring("13844445555", x, ext))["action"] == "connect"


async def test_a_released_number_is_shown_to_nobody(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, _, _ = await booked(own, key)
        token = await own.courier("station")
        await own.scan(token, waybill=waybill)
        await own.scan(token, waybill=waybill, event="delivered")
        own.clock.turn(timedelta(days=4))
        await own.running.flows.lifecycle.expire()
        view = await own.scan(token, waybill=waybill)
        assert view.status == 200 and "dial" not in view.json and "dial" not in view.json.get("recipient", {})


async def released(own: World, key: str) -> tuple[str, str, str, str]:
    """A delivered parcel whose number was released: shipment, waybill, X and extension."""
    shipment, waybill, x, ext = await booked(own, key)
    station = await own.courier("station", phone="13800009999")
    await own.scan(station, waybill=waybill)
    await own.scan(station, waybill=waybill, event="delivered")
    own.clock.turn(timedelta(days=4))
    assert await own.running.flows.lifecycle.expire() == 1
    assert (await own.ring(COURIER, x, ext))["reason"] == "shipment_closed"
    own.clock.turn(timedelta(minutes=1))
    return shipment, waybill, x, ext


@pytest.mark.parametrize("restart", [False, True])
async def test_a_parcel_that_goes_back_has_its_number_again(tmp_path: Path, restart: bool) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, x, ext = await released(own, key)
        back = await own.scan(await own.courier("station", phone="13800008888"), waybill=waybill, event="returned")
        assert back.json["stage"] == "returned"
        assert (await own.ring(COURIER, x, ext))["callee"] == "+8613900090801"
        if restart:
            await own.restart()
        own.clock.turn(timedelta(days=14))
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"
        assert ext not in await left_after(own, key), "it is nobody else's meanwhile"
        own.clock.turn(timedelta(days=2))
        assert await own.running.flows.lifecycle.expire() == 1
        assert (await own.ring(COURIER, x, ext))["reason"] == "shipment_closed"
        own.clock.turn(timedelta(days=29))
        assert ext not in await left_after(own, key), "and rests its whole quarantine again"


async def test_a_number_that_has_rested_is_not_taken_back_for_a_return(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        _, waybill, x, ext = await released(own, key)
        own.clock.turn(timedelta(days=31))
        assert ext in await left_after(own, key)
        back = await own.scan(await own.courier("station", phone="13800008888"), waybill=waybill, event="returned")
        assert back.json["stage"] == "returned" and "dial" not in back.json
        told = await own.ring("13844445555", x, ext)
        assert told["callee"] != "+8613900090801" and told["action"] == "connect"
        assert (await own.audit())["ok"]


async def test_a_place_taken_back_for_nothing_rests_again(tmp_path: Path) -> None:
    async with open_world(tmp_path, **ONE_DIGIT) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        shipment, _, _, _ = await released(own, key)
        lifecycle, before = own.running.flows.lifecycle, own.service.desk.status()["first"]
        row = await own.service.database.read(lambda connection: reads.shipment(connection, shipment))
        assert row is not None
        for _ in range(2):  # the unit of the first try was refused, and a second one is made
            await lifecycle.follow(Unit(), row, Stage.RETURNED, own.clock())
        assert own.service.desk.status()["first"]["cooling"] == before["cooling"] - 1
        await lifecycle.expire()
        assert own.service.desk.status()["first"]["cooling"] == before["cooling"] - 1, "it may still be under way"
        own.clock.turn(timedelta(minutes=1))
        await lifecycle.expire()
        assert own.service.desk.status()["first"] == before
