"""One order is one shipment: however often, however fast and through however many faults it is sent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.gateway.couriers import books_and_falls_silent, falls_silent, says, waits
from tests.gateway.orders import CONSIGNEE, consignee, fresh_reference, sf_document, ups_document
from tests.gateway.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_retry_gets_the_first_answer_byte_for_byte_and_books_nothing(world: World) -> None:
    document = sf_document(remark="请放门卫处")
    first = await world.sf_order(document)
    heard = len(world.sf.received)
    # A real retry: new timestamp, request id and digest.
    again = await world.sf_order(document)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.shipment == first.shipment and again.headers["Veilway-Replayed"] == "yes"
    assert len(world.sf.received) == heard and world.sf.booked[document["orderId"]] == 1


async def test_a_retry_may_spell_its_document_differently(world: World) -> None:
    document = sf_document()
    first = await world.sf_order(document)
    turned = dict(reversed(document.items()))
    again = await world.sf_order(turned)
    assert again.body == first.body and world.sf.booked[document["orderId"]] == 1


async def test_a_hundred_posts_of_one_order_at_once_are_one_booking(world: World) -> None:
    document = sf_document()
    answers = await asyncio.gather(*(world.sf_order(document) for _ in range(100)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.shipment for answer in answers}) == 1
    assert world.sf.booked[document["orderId"]] == 1


async def test_the_same_reference_with_another_document_is_a_conflict(world: World) -> None:
    document = sf_document()
    first = await world.sf_order(document)
    for change in (
        {"remark": "x"},
        {
            "contactInfoList": [
                document["contactInfoList"][0],
                sf_document()["contactInfoList"][1] | {"tel": "13900090818"},
            ]
        },
    ):
        answer = await world.sf_order(document | change)
        assert (answer.status, answer.code) == (409, "reference_conflict")
        assert answer.shipment == first.shipment
    assert world.sf.booked[document["orderId"]] == 1


async def test_two_shops_may_use_the_same_reference(world: World) -> None:
    other = await world.shop("Another Shop")
    reference = fresh_reference()
    mine = await world.sf_order(sf_document(reference))
    theirs = await world.sf_order(sf_document(reference, to=consignee("13900090899")), key=other)
    assert (mine.status, theirs.status) == (200, 200) and mine.shipment != theirs.shipment
    assert "Veilway-Replayed" not in theirs.headers


async def test_what_is_in_flight_is_waited_for_and_then_refused_with_a_time_to_come_back(tmp_path: Path) -> None:
    async with open_world(tmp_path, inflight_wait=timedelta(milliseconds=50)) as own:
        until = asyncio.Event()
        own.sf.act.append(waits(own.sf, until))
        document = sf_document()
        first = asyncio.create_task(own.sf_order(document))
        while not own.sf.received:
            await asyncio.sleep(0)
        early = await own.sf_order(document)
        assert (early.status, early.code) == (409, "order_in_flight")
        assert int(early.headers["Retry-After"]) >= 1
        until.set()
        told = await first
        late = await own.sf_order(document)
        assert late.body == told.body and own.sf.booked[document["orderId"]] == 1


async def test_a_retry_that_comes_while_the_first_is_in_flight_waits_for_its_answer(world: World) -> None:
    until, document = asyncio.Event(), sf_document()
    world.sf.act.append(waits(world.sf, until))
    heard = len(world.sf.received)
    first = asyncio.create_task(world.sf_order(document))
    while len(world.sf.received) == heard:
        await asyncio.sleep(0)
    second = asyncio.create_task(world.sf_order(document))
    until.set()
    assert (await first).body == (await second).body


async def test_a_shop_that_hangs_up_gets_its_answer_at_the_next_try(world: World) -> None:
    until, document = asyncio.Event(), sf_document()
    world.sf.act.append(waits(world.sf, until))
    heard = len(world.sf.received)
    first = asyncio.create_task(world.sf_order(document))
    while len(world.sf.received) == heard:
        await asyncio.sleep(0)
    first.cancel()
    until.set()
    again = await world.sf_order(document)
    assert again.status == 200 and world.sf.booked[document["orderId"]] == 1


async def test_a_restart_forgets_no_answer(tmp_path: Path) -> None:
    document = sf_document()
    async with open_world(tmp_path) as own:
        first = await own.sf_order(document)
        await own.restart()
        answer = await own.sf_order(document)
        assert answer.body == first.body and own.sf.booked[document["orderId"]] == 1


# -- formats without a reference


async def test_ups_orders_are_kept_apart_by_their_idempotency_key(world: World) -> None:
    key = fresh_reference()
    booked = world.ups.shipments
    first = await world.ups_order(ups_document(), idempotency=key)
    again = await world.ups_order(ups_document(), idempotency=key)
    other = await world.ups_order(ups_document(description="Rakes"), idempotency=key)
    assert first.status == 200 and again.body == first.body and world.ups.shipments == booked + 1
    assert "Veilway-Idempotent" not in first.headers
    assert (other.status, other.code) == (409, "reference_conflict")


async def test_without_a_key_ups_books_each_time_and_the_answer_says_so(world: World) -> None:
    booked = world.ups.shipments
    answers = [await world.ups_order(ups_document()) for _ in range(2)]
    assert [answer.headers["Veilway-Idempotent"] for answer in answers] == ["no", "no"]
    assert world.ups.shipments == booked + 2


async def test_the_token_of_ups_is_fetched_once_for_all_who_wait(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        answers = await asyncio.gather(*(own.ups_order(ups_document()) for _ in range(20)))
        assert {answer.status for answer in answers} == {200} and len(own.ups.tokens) == 1


# -- in doubt


async def in_doubt(own: World, document: dict[str, object], *, booked: bool) -> str:
    """An order that timed out; gives its shipment id."""
    until = asyncio.Event()
    own.sf.act.append(books_and_falls_silent(own.sf, until) if booked else falls_silent(until))
    answer = await own.sf_order(document)
    until.set()
    assert (answer.status, answer.code) == (504, "carrier_timeout")
    assert "unknown" in answer.json["detail"]
    shown = (await own.call("GET", f"/v1/shipments/{answer.shipment}")).json
    assert shown["status"] == "unknown"
    return answer.shipment


@pytest.fixture
def hasty() -> dict[str, object]:
    return {"carrier_timeout": timedelta(milliseconds=300)}


async def test_after_a_timeout_a_retry_asks_and_never_books_twice(tmp_path: Path, hasty: dict[str, object]) -> None:
    async with open_world(tmp_path, **hasty) as own:
        document = sf_document()
        shipment = await in_doubt(own, document, booked=True)
        again = await own.sf_order(document)
        assert (again.status, again.code, again.shipment) == (409, "already_booked", shipment)
        assert own.sf.orders[document["orderId"]] in again.json["detail"]
        assert own.sf.booked[document["orderId"]] == 1
        shown = (await own.call("GET", f"/v1/shipments/{shipment}")).json
        assert (shown["status"], shown["waybill"]) == ("booked", own.sf.orders[document["orderId"]])


async def test_what_the_carrier_does_not_know_is_open_to_the_shop_s_retry(
    tmp_path: Path, hasty: dict[str, object]
) -> None:
    async with open_world(tmp_path, **hasty) as own:
        document = sf_document()
        first = await in_doubt(own, document, booked=False)
        again = await own.sf_order(document)
        assert again.status == 200 and again.shipment != first
        assert own.sf.booked[document["orderId"]] == 1


async def test_what_cannot_be_looked_up_stays_unknown_and_is_never_sent_again(
    tmp_path: Path, hasty: dict[str, object]
) -> None:
    async with open_world(tmp_path, **hasty) as own:
        until, key = asyncio.Event(), fresh_reference()
        await own.ups_order(ups_document())
        own.ups.act.append(books_and_falls_silent(own.ups, until))
        first = await own.ups_order(ups_document(), idempotency=key)
        until.set()
        assert first.code == "carrier_timeout"
        again = await own.ups_order(ups_document(), idempotency=key)
        assert (again.status, again.code) == (409, "order_unknown") and own.ups.shipments == 2
        await own.op("shipment.resolve", shipment=first.shipment, waybill="1Z7R04W20000000001")
        told = await own.ups_order(ups_document(), idempotency=key)
        assert (told.status, told.code) == (409, "already_booked") and own.ups.shipments == 2


async def test_an_order_resolved_as_not_booked_is_open_again(tmp_path: Path, hasty: dict[str, object]) -> None:
    async with open_world(tmp_path, **hasty) as own:
        until, key = asyncio.Event(), fresh_reference()
        await own.ups_order(ups_document())
        own.ups.act.append(falls_silent(until))
        first = await own.ups_order(ups_document(), idempotency=key)
        until.set()
        await own.op("shipment.resolve", shipment=first.shipment)
        again = await own.ups_order(ups_document(), idempotency=key)
        assert again.status == 200 and again.shipment != first.shipment


async def test_another_document_may_not_slip_in_while_the_first_is_in_doubt(
    tmp_path: Path, hasty: dict[str, object]
) -> None:
    async with open_world(tmp_path, **hasty) as own:
        document = sf_document()
        await in_doubt(own, document, booked=True)
        answer = await own.sf_order(document | {"remark": "changed"})
        assert answer.status == 409 and own.sf.booked[document["orderId"]] == 1


async def test_a_refused_order_s_retry_is_a_new_attempt(world: World) -> None:
    document = sf_document(to=consignee("13900090866", CONSIGNEE.name))
    world.sf.act.append(
        says(200, b'{"apiErrorMsg":"no","apiResponseID":"1","apiResultCode":"A1004","apiResultData":null}')
    )
    first, second = await world.sf_order(document), await world.sf_order(document)
    assert first.shipment != second.shipment and world.sf.booked[document["orderId"]] == 1
