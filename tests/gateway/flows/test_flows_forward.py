"""An order goes out masked, comes back with the shop's own values, and is durable and on record before it is told."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from pathlib import Path

import pytest

from carriers.wire import WireRequest
from tests.canary import RECIPIENT, Canaries
from tests.gateway.couriers import CHECK_WORD, PARTNER, breaks_off, says
from tests.gateway.orders import (
    AMERICAN,
    CONSIGNEE,
    HIDDEN,
    SELLER,
    SENDER,
    SHIPPER,
    consignee,
    fresh_reference,
    sf_contact,
    sf_document,
    sf_form,
    ups_document,
)
from tests.gateway.world import FORM, NUMBERS, SECRETS, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
DIAL = re.compile(rf"({'|'.join(NUMBERS)})-\d{{4}}")


def sent(world: World) -> dict[str, object]:
    """The business document that SF received last."""
    return json.loads(world.sf.last.form["msgData"])


# -- what goes out


async def test_no_personal_value_of_either_party_reaches_the_carrier(world: World) -> None:
    remark = f"急件，联系{CONSIGNEE.name} {CONSIGNEE.phone}，{CONSIGNEE.door}，{CONSIGNEE.email}"
    answer = await world.sf_order(sf_document(remark=remark, cargoDesc=f"赠 {CONSIGNEE.name}"))
    assert answer.status == 200
    assert HIDDEN.seen_in(world.sf.last.raw) == []
    assert SENDER.seen_in(world.sf.last.raw) == []


async def test_names_and_addresses_are_masked_and_phones_are_relay_numbers(world: World) -> None:
    await world.sf_order(sf_document())
    by, to = sent(world)["contactInfoList"]
    assert (by["contact"], to["contact"]) == ("秦**", "麦**")
    assert DIAL.fullmatch(by["tel"]) and DIAL.fullmatch(to["tel"]) and by["tel"] != to["tel"]
    assert to["address"].startswith(CONSIGNEE.area) and CONSIGNEE.door[-8:] not in to["address"]
    assert "email" not in to and CONSIGNEE.id not in to["certNo"]


async def test_each_order_has_its_own_recipient_number_and_the_shop_keeps_one_for_its_sender(world: World) -> None:
    pairs = []
    for _ in range(3):
        await world.sf_order(sf_document())
        pairs.append([party["tel"] for party in sent(world)["contactInfoList"]])
    assert len({sender for sender, _ in pairs}) == 1
    assert len({recipient for _, recipient in pairs}) == 3


async def test_a_hotline_stands_for_its_shop_s_sender(world: World) -> None:
    key = await world.shop("Hotline Shop", hotline="4008001234")
    await world.sf_order(sf_document(), key=key)
    assert sent(world)["contactInfoList"][0]["tel"] == "4008001234"


async def test_the_shop_s_credentials_are_replaced_by_the_carrier_s(world: World) -> None:
    await world.sf_order(sf_document(), timestamp="1234567890123")
    form = world.sf.last.form
    assert form["partnerID"] == PARTNER
    # The courier checked the digest over these very bytes, or it would have refused.
    assert form["timestamp"] != "1234567890123" and form["msgDigest"]
    assert CHECK_WORD not in world.sf.last.body.decode()
    assert world.key not in world.sf.last.raw.decode()


async def test_headers_of_the_shop_stay_behind(world: World) -> None:
    await world.call(
        "POST",
        "/c/ups/api/shipments/v2409/ship",
        body=json.dumps(ups_document()).encode(),
        headers={"Cookie": "a=b", "X-Buyer": "13900090817", "transId": "abc123", "Content-Type": "application/json"},
    )
    names = {name.lower() for name in world.ups.last.headers}
    assert names <= {"host", "authorization", "content-type", "content-length", "transid"}
    assert world.ups.last.headers["Authorization"] == f"Bearer {world.ups.tokens[-1]}"


async def test_a_carrier_that_delivers_from_its_label_gets_the_street_and_nothing_more(world: World) -> None:
    answer = await world.ups_order(ups_document())
    assert answer.status == 200
    raw = world.ups.last.raw
    assert AMERICAN.door.encode() in raw
    assert Canaries({"name": AMERICAN.name, "phone": AMERICAN.phone, "seller": SELLER.name}).seen_in(raw) == []
    entries = (await world.op("audit.prove", shipment=answer.shipment))["entries"]
    granted = json.loads(entries[0]["entry"])["detail"]["granted"]
    assert any("address_line" in line for line in granted)


async def test_a_long_house_number_does_not_stop_a_carrier_that_delivers_from_the_label(world: World) -> None:
    answer = await world.ups_order(ups_document(to=dataclasses.replace(AMERICAN, door="8817 Vine Hollow Terrace")))
    assert answer.status == 200


async def test_a_shop_may_have_a_label_carrier_s_addresses_masked(tmp_path: Path) -> None:
    # The override is the route's, so the world is this test's own.
    async with open_world(tmp_path) as own:
        await own.op(
            "carrier.enable",
            carrier="ups",
            base_url=own.ups.url,
            secrets=SECRETS["ups"],
            options={"last_mile": "ticket"},
        )
        await own.ups_order(ups_document())
        assert AMERICAN.door.encode() not in own.ups.last.raw


# -- what is refused


async def test_an_unclaimed_field_is_refused_with_its_path_and_never_with_its_value(world: World) -> None:
    before = len(world.sf.received)
    answer = await world.sf_order(sf_document(buyerNote=CONSIGNEE.phone))
    assert (answer.status, answer.code) == (422, "unclaimed_field")
    assert answer.json["errors"] == [{"pointer": "form:msgData~$.buyerNote"}]
    assert RECIPIENT.seen_in(answer.raw) == [] and len(world.sf.received) == before


async def test_an_unclaimed_key_that_is_no_plain_identifier_is_not_shown(world: World) -> None:
    answer = await world.sf_order(sf_document(**{f"{CONSIGNEE.name}{CONSIGNEE.phone}": "1"}))
    assert answer.code == "unclaimed_field" and RECIPIENT.seen_in(answer.raw) == []


@pytest.mark.parametrize(
    "disguise",
    [
        "1·3·9·0·0·0·9·0·8·1·7",
        "%31%33%39%30%30%30%39%30%38%31%37",
        "&#49;&#51;&#57;&#48;&#48;&#48;&#57;&#48;&#56;&#49;&#55;",
        "1_3_9_0_0_0_9_0_8_1_7",
    ],
)
async def test_a_phone_slipped_through_the_remark_never_leaves(world: World, disguise: str) -> None:
    before = len(world.sf.received)
    answer = await world.sf_order(sf_document(remark=f"请打 {disguise}"))
    if answer.status != 200:
        assert (answer.status, answer.code, len(world.sf.received)) == (422, "guard_hit", before)
        assert RECIPIENT.seen_in(answer.raw) == []
    else:
        assert disguise not in sent(world)["remark"] and HIDDEN.seen_in(world.sf.last.raw) == []


async def test_a_phone_in_a_plain_field_is_a_hit_and_it_is_counted(world: World) -> None:
    def counted() -> float:
        return world.service.metrics.guard_hits.labels("phone")._value.get()

    before, forwarded = counted(), len(world.sf.received)
    answer = await world.sf_order(sf_document(custReferenceNo=CONSIGNEE.phone))
    assert (answer.code, counted() - before, len(world.sf.received) - forwarded) == ("guard_hit", 1, 0)


async def test_a_guard_s_refusal_is_on_record(world: World) -> None:
    before = len(await world.tags())
    await world.sf_order(sf_document(custReferenceNo=CONSIGNEE.phone))
    assert "order.guard_hit" in (await world.tags())[before:]


async def test_a_phone_without_a_digit_is_refused(world: World) -> None:
    answer = await world.sf_order(
        sf_document(contactInfoList=[sf_contact(SHIPPER, 1), sf_contact(consignee("none"), 2)])
    )
    assert (answer.status, answer.code) == (422, "undialable_phone")


async def test_an_order_without_a_free_number_is_refused_and_nothing_is_forwarded(tmp_path: Path) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1) as own:
        # Ten extensions, of which half may be bound at once: the sender's own and four recipients'.
        answers = [await own.sf_order(sf_document()) for _ in range(5)]
        assert [answer.code for answer in answers] == ["", "", "", "", "pool_exhausted"]
        assert answers[-1].status == 503 and int(answers[-1].headers["Retry-After"]) > 0
        assert len(own.sf.received) == 4


# -- what comes back


async def test_echoes_come_back_as_the_shop_sent_them(world: World) -> None:
    document = sf_document(remark="请放门卫处")
    answer = await world.sf_order(document)
    told = answer.sf["msgData"]
    assert told["remark"] == "请放门卫处"
    for theirs, ours in zip(told["contactInfoList"], document["contactInfoList"]):
        for name in ("contact", "tel", "address"):
            assert theirs[name] == ours[name]


async def test_the_waybill_is_kept_and_the_shipment_is_named(world: World) -> None:
    answer = await world.sf_order(sf_document())
    shown = (await world.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert (shown["status"], shown["waybill"]) == ("booked", answer.waybill)


async def test_a_carrier_s_refusal_keeps_the_carrier_s_shape_and_restores_its_echoes(world: World) -> None:
    document = sf_document()

    async def refuses(request: object, body: bytes) -> object:
        message = f"收件人 {sent(world)['contactInfoList'][1]['contact']} 地址不详"
        inner = {"success": False, "errorCode": "8057", "errorMsg": message, "msgData": None}
        outer = {"apiErrorMsg": "", "apiResponseID": "1", "apiResultCode": "A1000", "apiResultData": json.dumps(inner)}
        return await says(400, json.dumps(outer).encode())(request, body)  # type: ignore[arg-type]

    world.sf.act.append(refuses)  # type: ignore[arg-type]
    answer = await world.sf_order(document)
    assert (answer.status, answer.headers["Veilway-Error-Source"]) == (400, "carrier")
    assert answer.sf["errorCode"] == "8057" and answer.code == ""
    shown = (await world.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert shown["status"] == "refused"


async def test_a_refused_order_may_be_sent_again_with_another_document(world: World) -> None:
    reference = fresh_reference()
    world.sf.act.append(
        says(200, json.dumps({"apiResultCode": "A1006", "apiErrorMsg": "x", "apiResultData": None}).encode())
    )
    first = await world.sf_order(sf_document(reference, remark="one"))
    second = await world.sf_order(sf_document(reference, remark="two"))
    assert (first.status, second.status) == (200, 200)
    assert world.sf.booked[reference] == 1 and second.waybill


async def test_the_order_is_on_record_before_the_carrier_hears_of_it(world: World) -> None:
    seen: list[tuple[str | None, bool]] = []

    async def looks(request: object, body: bytes) -> object:
        entry = (await world.tags())[-1]
        seen.append((entry, bool(world.sf.received)))
        return await world.sf.answer(request, body)  # type: ignore[arg-type]

    world.sf.act.append(looks)  # type: ignore[arg-type]
    await world.sf_order(sf_document())
    assert seen == [("order.sealed", True)]
    assert (await world.tags())[-1] == "order.booked"


# -- faults of the carrier


async def test_a_carrier_that_is_down_is_502_and_the_order_was_not_sent(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        await own.op(
            "carrier.enable", carrier="sf-express", base_url="http://127.0.0.1:9", secrets=SECRETS["sf-express"]
        )
        answer = await own.sf_order(sf_document())
        assert (answer.status, answer.code) == (502, "carrier_unreachable")
        assert "was not sent" in answer.json["detail"]
        shown = (await own.call("GET", f"/v1/shipments/{answer.shipment}")).json
        assert shown["status"] == "not_sent"


GARBAGE = [b"<html>bad gateway</html>", b"", b'{"apiResultCode":', b"\xff\xfe\x00", b"[]", b"null", b'{"hello":1}']


@pytest.mark.parametrize("body", GARBAGE)
async def test_garbage_is_502_and_the_order_is_unknown(world: World, body: bytes) -> None:
    world.sf.act.append(says(200, body))
    answer = await world.sf_order(sf_document())
    assert (answer.status, answer.code) == (502, "carrier_garbage")
    assert "unknown" in answer.json["detail"] and answer.headers["Veilway-Error-Source"] == "gateway"
    shown = (await world.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert shown["status"] == "unknown"


async def test_a_success_without_its_inner_answer_is_unknown(world: World) -> None:
    world.sf.act.append(says(200, b'{"apiErrorMsg":"","apiResultCode":"A1000","apiResultData":""}'))
    answer = await world.sf_order(sf_document())
    shown = (await world.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert (answer.status, shown["status"]) == (502, "unknown")


async def test_an_answer_that_breaks_off_is_502_and_the_order_is_unknown(world: World) -> None:
    world.sf.act.append(breaks_off())
    answer = await world.sf_order(sf_document())
    shown = (await world.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert (answer.status, answer.code, shown["status"]) == (502, "carrier_garbage", "unknown")


@pytest.mark.parametrize(("turns", "leased"), [(1, 0), (3, 1), (4, 1)])
async def test_an_order_that_is_given_up_before_it_is_written_leaves_no_number_leased(
    tmp_path: Path, turns: int, leased: int
) -> None:
    async with open_world(tmp_path) as own:
        await own.sf_order(sf_document())  # the sender's own number is made with the first order
        before, heard = own.service.desk.status()["first"]["live"], len(own.sf.received)
        shop, profile = await own.service.identity.shop(own.key), own.service.profile("sf-express")
        request = WireRequest(
            "POST", "/std/service", "", {"content-type": FORM["Content-Type"]}, sf_form(sf_document())
        )
        route, operation = own.service.route("sf-express"), profile.match(request)
        order = asyncio.create_task(own.running.flows.front(shop, profile, route, operation, request, ""))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert own.service.desk.status()["first"]["live"] == before + leased
        order.cancel()
        await asyncio.wait([order])
        assert order.cancelled() and own.service.commits.waiting == 0 and len(own.sf.received) == heard
        assert own.service.desk.status()["first"]["live"] == before
