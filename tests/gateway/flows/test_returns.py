"""Goods that go back: booked like an order, with the roles flipped. The customer sends, and no number of theirs crosses shipments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.flows.relays import owner_index
from gateway.store import relay_reads
from tests.gateway.orders import CONSIGNEE, HIDDEN, SENDER, SHIPPER, fresh_reference, sf_document, sf_form
from tests.gateway.world import FORM, NUMBERS, SF_PATH, Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent_back(world: World, reference: str = "") -> tuple[Answer, Any]:
    document = sf_document(reference, to=SHIPPER, by=CONSIGNEE)
    body = sf_form(document, service="EXP_RECE_CREATE_REVERSE_ORDER")
    answer = await world.call("POST", SF_PATH, body=body, headers=FORM)
    return answer, json.loads(world.sf.last.form["msgData"])["contactInfoList"]


async def test_a_return_is_a_shipment_of_its_own_and_shows_nobody(world: World) -> None:
    answer, parties = await sent_back(world)
    assert answer.status == 200 and answer.waybill and answer.shipment
    assert (await world.op("shipment.show", shipment=answer.shipment))["status"] == "booked"
    assert HIDDEN.seen_in(world.sf.last.raw) == [] and SENDER.seen_in(world.sf.last.raw) == []
    assert all(party["tel"].startswith(NUMBERS) for party in parties)


async def test_the_shop_keeps_its_number_and_the_customer_never_does(world: World) -> None:
    await world.sf_order(sf_document())
    shop = json.loads(world.sf.last.form["msgData"])["contactInfoList"][0]["tel"]
    (_, first), (_, second) = await sent_back(world), await sent_back(world)
    assert first[1]["tel"] == second[1]["tel"] == shop
    assert len({first[0]["tel"], second[0]["tel"], shop}) == 3


async def test_the_customer_is_who_rings_behind_the_number_of_the_return(world: World) -> None:
    _, parties = await sent_back(world)
    x, _, ext = parties[0]["tel"].partition("-")
    assert (await world.ring("13600000002", x, ext))["callee"].endswith(CONSIGNEE.phone[-8:])


async def test_a_customer_s_number_is_no_sender_s_number_of_the_shop(world: World) -> None:
    await sent_back(world)
    shop = (await world.service.identity.shop(world.key)).id
    owner = owner_index(world.service.keys.keyring, shop, f"+86{CONSIGNEE.phone}")
    found = await world.service.database.read(lambda c: relay_reads.sender_binding(c, shop, "sf-express", owner))
    assert found is None


async def test_goods_may_go_back_under_the_reference_they_came_by_and_once(world: World) -> None:
    reference = fresh_reference()
    order = await world.sf_order(sf_document(reference))
    (first, _), (again, _) = await sent_back(world, reference), await sent_back(world, reference)
    assert first.shipment != order.shipment and first.waybill != order.waybill
    assert again.body == first.body and again.headers["Veilway-Replayed"] == "yes"


async def test_a_number_ends_with_its_return(world: World) -> None:
    answer, _ = await sent_back(world)
    before = (await world.tags()).count("binding.released")
    shipment = await world.service.database.read(lambda c: _row(c, answer.shipment))
    flows, now = world.running.flows, world.clock()
    from gateway.store.unit import Unit

    unit = Unit()
    then = await flows.lifecycle.end(unit, shipment, now, "cancelled")
    await world.service.commit(unit)
    then()
    assert (await world.tags()).count("binding.released") == before + 1


def _row(connection: Any, id: str) -> Any:
    from gateway.store import reads

    return reads.shipment(connection, id)


async def test_a_return_s_label_says_so(world: World) -> None:
    answer, _ = await sent_back(world)
    label = await world.call("GET", f"/v1/shipments/{answer.shipment}/label")
    assert label.status == 200 and HIDDEN.seen_in(label.body) == []
