"""Our own API: a shop sees its own parcels, without anything personal, and a fault tells its kind alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.http.api import guarded
from tests.canary import RECIPIENT
from tests.gateway.orders import HIDDEN, SENDER, sf_document
from tests.gateway.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_shipment_is_shown_without_anything_personal(world: World) -> None:
    order = await world.sf_order(sf_document())
    shown = await world.call("GET", f"/v1/shipments/{order.shipment}")
    assert shown.json["carrier"] == "sf-express" and shown.json["stage"] == "created"
    assert set(shown.json["relay"]) == {"sender", "recipient"} and shown.headers["Cache-Control"] == "no-store"
    assert HIDDEN.seen_in(shown.raw) == [] and SENDER.seen_in(shown.raw) == []


@pytest.mark.parametrize("key", ["", "vw_wrong"])
async def test_nobody_without_a_key_learns_whether_a_shipment_is_there(world: World, key: str) -> None:
    order = await world.sf_order(sf_document())
    asked = [await world.call("GET", f"/v1/shipments/{id}", key=key) for id in (order.shipment, "shp_nothing")]
    assert {(answer.status, answer.code) for answer in asked} == {(401, "unauthenticated")}


@pytest.mark.parametrize("id", ["..", "%2e%2e", "shp_'; DROP TABLE vault--", "x" * 500, "%00"])
async def test_a_strange_id_is_simply_absent(world: World, id: str) -> None:
    answer = await world.call("GET", f"/v1/shipments/{id}")
    assert answer.status == 404


async def test_a_fault_of_ours_is_told_by_kind_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    async def falls(_request: web.Request) -> web.Response:
        raise ValueError(json.dumps(RECIPIENT.values, ensure_ascii=False))

    answer = await guarded(world.service, falls)(make_mocked_request("GET", "/v1/x"))
    assert answer.status == 500 and json.loads(answer.body)["code"] == "internal"  # type: ignore[arg-type]
    printed = capsys.readouterr()
    assert "ValueError" in printed.err and RECIPIENT.seen_in(answer.body, printed.err, printed.out) == []  # type: ignore[arg-type]


async def test_a_shop_turns_the_pages_of_its_shipments(world: World) -> None:
    orders = []
    for _ in range(3):
        world.clock.turn(timedelta(seconds=1))
        orders.append(await world.sf_order(sf_document()))
    first = await world.call("GET", "/v1/shipments?limit=2")
    assert [row["shipment"] for row in first.json["data"]] == [orders[2].shipment, orders[1].shipment]
    second = await world.call("GET", f"/v1/shipments?limit=2&after={first.json['next']}")
    assert second.json["data"][0]["shipment"] == orders[0].shipment
    assert HIDDEN.seen_in(first.raw) == [] and first.headers["Cache-Control"] == "no-store"
    for query in ("limit=0", "limit=x", "waybill=SF1"):
        assert (await world.call("GET", f"/v1/shipments?{query}")).code == "bad_argument"
    assert (await world.call("GET", "/v1/shipments", key="vw_wrong")).status == 401


async def test_another_shop_s_pages_are_empty(world: World) -> None:
    order = await world.sf_order(sf_document())
    key = (await world.op("shop.add", name="a neighbour"))["api_key"]
    asked = [f"/v1/shipments?carrier=sf-express&waybill={order.waybill}", "/v1/shipments", "/v1/events"]
    assert [(await world.call("GET", path, key=key)).json for path in asked] == [{"data": [], "next": ""}] * 3


async def test_events_are_listed_and_only_dead_ones_sent_again(world: World) -> None:
    listed = await world.call("GET", "/v1/events?state=waiting")
    assert listed.status == 200 and {row["state"] for row in listed.json["data"]} <= {"waiting"}
    assert (await world.call("GET", "/v1/events?state=lost")).code == "bad_argument"
    refused = await world.call("POST", "/v1/events/evt_nothing/retry")
    assert (refused.status, refused.code) == (404, "event_not_found")


async def test_a_shop_sees_each_reveal_of_its_own_parcels_and_what_the_recipient_may_be_told(world: World) -> None:
    order = await world.sf_order(sf_document())
    path = f"/v1/shipments/{order.shipment}/disclosures"
    token = await world.courier("station")
    await world.scan(token, waybill=order.waybill)
    assert (await world.call("GET", path)).json == {"shipment": order.shipment, "disclosures": []}
    for _ in range(2):
        await world.scan(token, waybill=order.waybill, reason="identity_check", scan_id="one")
    await world.scan(token, waybill=order.waybill, reason="own_code_7")
    shown = await world.call("GET", path)
    first, second = shown.json["disclosures"]
    assert (first["carrier"], first["role"], first["reason"]) == ("sf-express", "station", "identity_check")
    assert first["fields"] == ["recipient.name", "recipient.street"] and second["reason"] == "own_code_7"
    theirs = first["recipient"]
    assert "courier" not in theirs and theirs["fields"] == first["fields"]
    assert theirs["told"]["en"] == (
        "station staff of SF Express saw the recipient's name and the recipient's street and door."
        " Reason: an identity document had to be checked."
    )
    assert theirs["told"]["zh"] == "顺丰速运的网点人员查看了收件人姓名、收件人门牌地址。原因：核对证件。"
    assert HIDDEN.seen_in(shown.raw) == [] and SENDER.seen_in(shown.raw) == []
    foreign = await world.call("GET", path, key=await world.shop("Another Shop For Reveals"))
    absent = await world.call("GET", "/v1/shipments/shp_nothing/disclosures")
    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "shipment_not_found")
