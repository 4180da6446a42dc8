"""What a crash or a timeout left open is found out by asking only; an operator's word closes what cannot be asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from masking.errors import VeilwayError
from tests.gateway.couriers import books_and_falls_silent, falls_silent
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world

HASTY = {"carrier_timeout": timedelta(milliseconds=300)}


async def lost(own: World, document: dict[str, object], *, booked: bool) -> str:
    until = asyncio.Event()
    own.sf.act.append(books_and_falls_silent(own.sf, until) if booked else falls_silent(until))
    answer = await own.sf_order(document)
    until.set()
    return answer.shipment


async def status(own: World, shipment: str) -> str:
    return str((await own.op("shipment.show", shipment=shipment))["status"])


@pytest.mark.parametrize(("booked", "found"), [(True, "booked"), (False, "absent")])
async def test_the_sweeper_asks_the_carrier_and_books_nothing(tmp_path: Path, booked: bool, found: str) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        document = sf_document()
        shipment = await lost(own, document, booked=booked)
        settled = await own.running.flows.settle.sweep(older_than=timedelta(0) - timedelta(milliseconds=1))
        assert (settled, await status(own, shipment)) == (1, found)
        assert own.sf.booked[document["orderId"]] == int(booked)
        assert own.sf.last.form["serviceCode"] == "EXP_RECE_SEARCH_ORDER_RESP"
        assert f"order.{found}" in (await own.tags())[-2:]


async def test_a_sweep_while_the_carrier_is_away_changes_nothing_and_is_tried_again(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        document = sf_document()
        shipment = await lost(own, document, booked=True)
        until = asyncio.Event()
        own.sf.act.append(falls_silent(until))
        ago = timedelta(milliseconds=-1)
        assert await own.running.flows.settle.sweep(older_than=ago) == 0
        until.set()
        assert await status(own, shipment) == "unknown"
        assert await own.running.flows.settle.sweep(older_than=ago) == 0, "asking again has its pause"
        own.clock.turn(timedelta(seconds=30))
        assert await own.running.flows.settle.sweep(older_than=ago) == 1
        assert await status(own, shipment) == "booked"


async def test_the_sweeper_leaves_alone_what_is_young(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        await lost(own, sf_document(), booked=True)
        heard = len(own.sf.received)
        assert await own.running.flows.settle.sweep(older_than=timedelta(minutes=1)) == 0
        assert len(own.sf.received) == heard


async def test_an_operator_closes_an_order_in_doubt_once(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        shipment = await lost(own, sf_document(), booked=False)
        told = await own.op("shipment.resolve", shipment=shipment, waybill="SF7000000000099")
        assert told == {"shipment": shipment, "status": "booked", "waybill": "SF7000000000099"}
        with pytest.raises(VeilwayError) as refused:
            await own.op("shipment.resolve", shipment=shipment)
        assert refused.value.code == "not_resolvable"
        with pytest.raises(VeilwayError) as absent:
            await own.op("shipment.resolve", shipment="shp_nothing")
        assert absent.value.code == "shipment_not_found"


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize(("hours", "books"), [(23, 1), (25, 0)])
async def test_an_order_found_absent_is_closed_to_retries_after_its_window(
    tmp_path: Path, swept: bool, hours: int, books: int
) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        document = sf_document()
        shipment = await lost(own, document, booked=False)
        if swept:
            await own.running.flows.settle.sweep(older_than=timedelta(milliseconds=-1))
            assert await status(own, shipment) == "absent"
        own.clock.turn(timedelta(hours=hours))
        answer = await own.sf_order(document)
        assert (answer.status, answer.code) == ((200, "") if books else (409, "order_unknown"))
        assert own.sf.booked[document["orderId"]] == books


async def test_the_reference_is_opened_on_record(tmp_path: Path) -> None:
    async with open_world(tmp_path, **HASTY) as own:
        await lost(own, sf_document(), booked=True)
        before = len(await own.tags())
        await own.running.flows.settle.sweep(older_than=timedelta(milliseconds=-1))
        assert len((await own.tags())[before:]) == 2
        assert (await own.audit())["ok"]
