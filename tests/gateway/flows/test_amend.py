"""An order changed at the carrier is sealed anew: who scans, calls or asks meets what it says now, under the number that it always had."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from carriers.order import OpenOrder
from gateway.flows.amend import merged
from gateway.flows.push_outbox import push_row
from gateway.store import push_reads, reads
from gateway.store.tables import pushes
from masking.personal import Party, PostalAddress, Role
from masking.record import Order
from tests.canary import Canaries
from tests.gateway.couriers import says
from tests.gateway.orders import CONSIGNEE, SHIPPER, fresh_reference, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, Answer, World
from virtual_numbers.binding import Slot
from virtual_numbers.legs import Leg, LegState

pytestmark = pytest.mark.asyncio(loop_scope="module")
NEW = {"contact": "顾听澜", "tel": "13900099001", "address": "浙江省杭州市滨江区江陵路88号听澜阁3幢2202"}
HIDDEN = Canaries({"name": "顾听澜", "phone": "13900099001", "door": "3幢2202"})


async def changed(world: World, reference: str, **change: Any) -> Answer:
    document = {"orderId": reference, "dealType": 1} | change
    body = sf_form(document, service="EXP_RECE_UPDATE_ORDER")
    return await world.call("POST", SF_PATH, body=body, headers=FORM)


async def order(world: World) -> tuple[str, Answer]:
    document = sf_document(remark="轻放")
    return document["orderId"], await world.sf_order(document)


def sent(world: World) -> Any:
    return json.loads(world.sf.last.form["msgData"])


async def view(world: World, shipment: str) -> Any:
    """What a delivery courier sees at the door."""
    waybill = (await world.op("shipment.show", shipment=shipment))["waybill"]
    await world.scan(await world.courier("station"), waybill=waybill)
    return (await world.scan(await world.courier("delivery"), waybill=waybill)).json


async def dialled(world: World, shipment: str) -> Any:
    """Whom the shipment's number leads to."""
    x, _, ext = (await world.op("shipment.show", shipment=shipment))["relay"]["recipient"].partition("-")
    return (await world.ring("13600000001", x, ext)).get("callee", "")


async def test_the_new_address_is_what_a_courier_sees_and_the_new_phone_is_what_rings(world: World) -> None:
    reference, booked = await order(world)
    number = (await world.op("shipment.show", shipment=booked.shipment))["relay"]["recipient"]
    assert (await dialled(world, booked.shipment)).endswith(CONSIGNEE.phone[-8:])
    answer = await changed(world, reference, destContactInfo=NEW)
    assert answer.status == 200 and HIDDEN.seen_in(world.sf.last.raw) == []
    # The label is printed: its number stays, and leads to the new phone.
    assert (await world.op("shipment.show", shipment=booked.shipment))["relay"]["recipient"] == number
    assert sent(world)["destContactInfo"]["tel"] == number
    assert (await dialled(world, booked.shipment)).endswith(NEW["tel"][-8:])
    seen = await view(world, booked.shipment)
    assert "3幢2202" in seen["recipient"]["address"]["street"] and CONSIGNEE.door not in json.dumps(
        seen, ensure_ascii=False
    )
    assert "order.amended" in await world.tags()


async def test_what_a_change_leaves_out_stays_as_it_was(world: World) -> None:
    reference, booked = await order(world)
    await changed(world, reference, destContactInfo={"contact": "顾听澜"})
    assert (await dialled(world, booked.shipment)).endswith(CONSIGNEE.phone[-8:])
    assert CONSIGNEE.door[-4:] in (await view(world, booked.shipment))["recipient"]["address"]["street"]


async def test_a_look_up_after_the_change_comes_back_with_the_shop_s_new_values(world: World) -> None:
    reference, _ = await order(world)
    await changed(world, reference, destContactInfo=NEW)
    masked = sent(world)["destContactInfo"]["contact"]
    inner = {
        "success": True,
        "errorCode": "S0000",
        "msgData": {"orderId": reference, "contactInfoList": [{"contactType": 2, "contact": masked}]},
    }
    outer = {"apiResultCode": "A1000", "apiResultData": json.dumps(inner)}
    world.sf.act.append(says(200, json.dumps(outer).encode()))
    body = sf_form({"searchType": "1", "orderId": reference}, service="EXP_RECE_SEARCH_ORDER_RESP")
    answer = await world.call("POST", SF_PATH, body=body, headers=FORM)
    assert masked != "顾听澜" and CONSIGNEE.name not in answer.body.decode()


async def test_a_change_that_the_carrier_refuses_changes_nothing_here(world: World) -> None:
    reference, booked = await order(world)
    refusal = b'{"apiErrorMsg":"no","apiResponseID":"1","apiResultCode":"A1004","apiResultData":null}'
    world.sf.act.append(says(200, refusal))
    before = (await world.tags()).count("order.amended")
    await changed(world, reference, destContactInfo=NEW)
    assert (await dialled(world, booked.shipment)).endswith(CONSIGNEE.phone[-8:])
    assert (await world.tags()).count("order.amended") == before


async def test_a_shop_that_changes_its_own_phone_is_reached_by_another_number_from_then_on(world: World) -> None:
    reference, booked = await order(world)
    old = (await world.op("shipment.show", shipment=booked.shipment))["relay"]["sender"]
    own = {"contactType": 1, "contact": SHIPPER.name, "tel": "13700010077", "address": SHIPPER.address}
    await changed(world, reference, contactInfoList=[own])
    new = (await world.op("shipment.show", shipment=booked.shipment))["relay"]["sender"]
    assert new != old and sent(world)["contactInfoList"][0]["tel"] == new
    x, _, ext = new.partition("-")
    assert (await world.ring("13600000003", x, ext))["callee"].endswith("13700010077"[-8:])


async def test_a_provider_that_holds_the_old_phone_lets_it_go_and_is_told_the_new_one(world: World) -> None:
    reference, booked = await order(world)
    row = await world.service.database.read(lambda c: reads.shipment(c, booked.shipment))
    assert row is not None
    slot, up = Slot(*row.relays["recipient"]), Leg("psh_1", "one", LegState.UP, "handle", "95013990001")

    def told_before(connection: Any) -> None:
        connection.execute(insert(pushes).values(push_row(slot, row.tenant, "bind", 1)))
        push_reads.save_leg(connection, slot, row.tenant, up, 1)

    await world.service.database.write(told_before)
    await changed(world, reference, destContactInfo={"contact": "顾听澜"})
    assert await legs(world, slot) == (["up"], ["bind"])  # the phone is the same
    await changed(world, reference, destContactInfo=NEW)
    assert await legs(world, slot) == (["ending"], ["bind", "repair"])


async def legs(world: World, slot: Slot) -> tuple[list[str], list[str]]:
    """The states of a binding's legs at its providers, and what they are to be told."""
    here = (pushes.c.x == slot.x, pushes.c.ext == slot.ext, pushes.c.turn == slot.turn)

    def look(connection: Any) -> tuple[list[str], list[str]]:
        asked = connection.execute(select(pushes.c.change).where(*here).order_by(pushes.c.id)).scalars()
        return [leg.state.value for leg in push_reads.legs_of(connection, slot)], list(asked)

    return await world.service.database.read(look)


async def test_the_kept_answer_still_opens_after_the_change(world: World) -> None:
    document = sf_document()
    first = await world.sf_order(document)
    await changed(world, document["orderId"], destContactInfo=NEW)
    again = await world.sf_order(document)
    assert again.body == first.body and again.headers["Veilway-Replayed"] == "yes"


async def test_another_shop_s_order_is_not_changed(world: World) -> None:
    reference, booked = await order(world)
    stranger = await world.shop(f"Stranger {fresh_reference()}")
    body = sf_form({"orderId": reference, "dealType": 1, "destContactInfo": NEW}, service="EXP_RECE_UPDATE_ORDER")
    await world.call("POST", SF_PATH, key=stranger, body=body, headers=FORM)
    assert (await dialled(world, booked.shipment)).endswith(CONSIGNEE.phone[-8:])


class Changed(OpenOrder):
    """An opened change of which only the parties matter."""

    def __init__(self, **parties: Party) -> None:
        self._parties = {Role(role): party for role, party in parties.items()}

    @property
    def remark(self) -> str:
        return ""


async def test_parts_are_merged_one_by_one() -> None:
    old = Party("A", "1", "a@x", "C", PostalAddress("CN", "省", "市", "区", "路1号", "100"), ("id",))
    before = Order({"recipient": old, "sender": Party("S")}, "remark", "tea")
    new = merged(before, Changed(recipient=Party(phone="2", address=PostalAddress(street="路2号"))), "")
    assert new.parties["recipient"] == Party(
        "A", "2", "a@x", "C", PostalAddress("CN", "省", "市", "区", "路2号", "100"), ("id",)
    )
    assert (new.parties["sender"], new.remark, new.goods) == (Party("S"), "remark", "tea")
