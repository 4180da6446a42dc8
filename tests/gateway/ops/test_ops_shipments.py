"""What is told of a shipment: its state, waybill, stages and relay numbers; never a person."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.ops.registry import OpRefused
from masking.errors import VeilwayError
from tests.gateway.orders import HIDDEN, SENDER, sf_document
from tests.gateway.world import World


async def test_a_shipment_is_told_without_a_person(own_world: World) -> None:
    order = await own_world.sf_order(sf_document())
    shown = await own_world.op("shipment.show", shipment=order.shipment)
    assert shown["waybill"] == order.waybill and shown["stage"] == "created" and shown["erased"] is False
    text = json.dumps(shown, ensure_ascii=False)
    assert HIDDEN.seen_in(text) == [] and SENDER.seen_in(text) == []


@pytest.mark.parametrize(
    "verb", ["shipment.show", "shipment.disclosures", "shipment.resolve", "label.render", "audit.prove"]
)
async def test_a_shipment_of_nobody_is_not_found(own_world: World, verb: str) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op(verb, shipment="shp_nothing")
    assert refused.value.code == "shipment_not_found"


async def test_a_shop_s_shipments_are_found_by_carrier_waybill_and_reference(own_world: World) -> None:
    name = (await own_world.op("shop.list"))[0]["name"]
    document = sf_document()
    order = await own_world.sf_order(document)
    own_world.clock.turn(timedelta(seconds=1))
    other = await own_world.sf_order(sf_document())
    assert [row["shipment"] for row in await own_world.op("shipment.list", name=name)] == [
        other.shipment,
        order.shipment,
    ]
    for asked in ({"waybill": order.waybill}, {"reference": document["orderId"]}):
        found = await own_world.op("shipment.list", name=name, carrier="sf-express", **asked)
        assert [(row["shipment"], row["status"]) for row in found] == [(order.shipment, "booked")]
        with pytest.raises(OpRefused):
            await own_world.op("shipment.list", name=name, **asked)
    assert await own_world.op("shipment.list", name=name, carrier="ups") == []
    assert await own_world.op("shipment.list", name=name, carrier="sf-express", waybill="SF0") == []
