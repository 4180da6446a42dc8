"""Calls that book nothing: they go out masked, come back with the shop's own values, and speak of the shop's own parcels alone."""

from __future__ import annotations

import json

import pytest

from tests.canary import RECIPIENT
from tests.gateway.couriers import says
from tests.gateway.orders import CONSIGNEE, HIDDEN, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(world: World, service: str, document: object, key: str | None = None) -> Answer:
    return await world.call("POST", SF_PATH, key=key, body=sf_form(document, service=service), headers=FORM)


async def test_a_look_up_goes_through_and_names_its_shipment(world: World) -> None:
    document = sf_document()
    order = await world.sf_order(document)
    answer = await ask(world, "EXP_RECE_SEARCH_ORDER_RESP", {"searchType": "1", "orderId": document["orderId"]})
    assert (answer.status, answer.waybill, answer.shipment) == (200, order.waybill, order.shipment)
    assert (await world.tags())[-1] == "call.forwarded"


async def test_another_shop_s_reference_opens_nothing_of_this_one_s(world: World) -> None:
    document = sf_document()
    await world.sf_order(document)
    other = await world.shop("Curious Shop")
    answer = await ask(world, "EXP_RECE_SEARCH_ORDER_RESP", {"searchType": "1", "orderId": document["orderId"]}, other)
    assert answer.shipment == "" and RECIPIENT.seen_in(answer.raw) == []


async def test_a_trace_asks_the_last_four_digits_of_the_real_phone_on_record(world: World) -> None:
    order = await world.sf_order(sf_document())
    before = len(await world.tags())
    answer = await ask(
        world,
        "EXP_RECE_SEARCH_ROUTES",
        {"trackingType": "1", "trackingNumber": [order.waybill], "checkPhoneNo": CONSIGNEE.phone[-4:]},
    )
    assert answer.status == 200
    sent = json.loads(world.sf.last.form["msgData"])
    assert sent["checkPhoneNo"] == CONSIGNEE.phone[-4:]
    assert HIDDEN.seen_in(world.sf.last.raw) == []
    assert len((await world.tags())[before:]) >= 2


async def test_a_cancel_closes_the_parcel_and_releases_its_number(world: World) -> None:
    document = sf_document()
    order = await world.sf_order(document)
    answer = await ask(world, "EXP_RECE_UPDATE_ORDER", {"orderId": document["orderId"], "dealType": 2})
    assert answer.status == 200
    shown = await world.op("shipment.show", shipment=order.shipment)
    assert shown["stage"] == "closed"
    assert {"order.cancelled", "binding.released"} <= set(await world.tags())


async def test_a_cancel_that_the_carrier_refuses_changes_nothing(world: World) -> None:
    document = sf_document()
    order = await world.sf_order(document)
    world.sf.act.append(
        says(200, b'{"apiErrorMsg":"no","apiResponseID":"1","apiResultCode":"A1004","apiResultData":null}')
    )
    await ask(world, "EXP_RECE_UPDATE_ORDER", {"orderId": document["orderId"], "dealType": 2})
    assert (await world.op("shipment.show", shipment=order.shipment))["stage"] == "created"


async def test_an_update_is_masked_like_an_order(world: World) -> None:
    document = sf_document()
    await world.sf_order(document)
    change = {
        "orderId": document["orderId"],
        "dealType": 1,
        "destContactInfo": {"contact": CONSIGNEE.name, "tel": CONSIGNEE.phone, "address": CONSIGNEE.address},
    }
    answer = await ask(world, "EXP_RECE_UPDATE_ORDER", change)
    assert answer.status == 200 and HIDDEN.seen_in(world.sf.last.raw) == []


async def test_a_phone_slipped_into_a_question_is_refused_and_on_record(world: World) -> None:
    heard = len(world.sf.received)
    document = {
        "orderId": "X1",
        "dealType": 1,
        "language": CONSIGNEE.phone,
        "destContactInfo": {"contact": CONSIGNEE.name, "tel": CONSIGNEE.phone, "address": CONSIGNEE.address},
    }
    answer = await ask(world, "EXP_RECE_UPDATE_ORDER", document, await world.shop("Hot", hotline="4008001234"))
    assert (answer.status, answer.code, len(world.sf.received)) == (422, "guard_hit", heard)
    assert (await world.tags())[-1] == "order.guard_hit"


async def test_an_answer_that_is_nothing_but_a_label_is_masked_like_any_label(world: World) -> None:
    order = await world.sf_order(sf_document())
    asked = {"templateCode": "fm_150_standard", "documents": [{"masterWaybillNo": order.waybill}]}
    world.sf.act.append(says(200, f"^XA^FO40,40^FD{CONSIGNEE.phone} {order.waybill}^FS^XZ".encode(), "text/plain"))
    told = await ask(world, "COM_RECE_CLOUD_PRINT_WAYBILLS", asked)
    assert told.status == 200 and CONSIGNEE.phone.encode() not in told.raw and order.waybill.encode() in told.raw

    world.sf.act.append(says(200, b"%PDF-1.4 nobody can read this", "application/pdf"))
    told = await ask(world, "COM_RECE_CLOUD_PRINT_WAYBILLS", asked)
    assert (told.status, told.body, told.headers["Veilway-Label"]) == (200, b"", "withheld")


async def test_garbage_is_told_as_the_carrier_s_fault(world: World) -> None:
    world.sf.act.append(says(200, b"<html>"))
    answer = await ask(world, "EXP_RECE_SEARCH_ORDER_RESP", {"searchType": "1", "orderId": "X"})
    assert (answer.status, answer.code) == (502, "carrier_garbage")
