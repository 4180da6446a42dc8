"""Later calls name a shipment as its carrier does; a shop can name its own shipments and nobody else's."""

from __future__ import annotations

import json

import pytest

from carriers.answer import Answer
from carriers.order import open_order
from carriers.profile import load_profiles
from carriers.wire import WireRequest
from gateway.flows.handles import AT_MOST, names_in, remember
from gateway.store.unit import Unit
from tests.gateway.couriers import says
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World

JSON = {"content-type": "application/json"}


def asked(carrier: str, path: str, document: object = None, method: str = "POST") -> list[str]:
    profile = load_profiles()[carrier]
    request = WireRequest(method, path, "", JSON, json.dumps(document).encode() if document is not None else b"")
    return names_in(open_order(profile.match(request), request))


def test_a_call_names_its_shipment_in_the_path_or_in_a_field() -> None:
    assert asked("easypost", "/v2/shipments/shp_1/buy", {"rate": {"id": "rate_1"}}) == ["shp_1"]
    assert asked("easypost", "/v2/shipments/shp_1", method="GET") == ["shp_1"]
    assert asked("shippo", "/transactions", {"rate": "r1", "async": False}) == ["r1"]


def test_what_an_answer_calls_a_shipment_is_kept_up_to_a_bound() -> None:
    unit = Unit()
    many = tuple(f"rate_{n}" for n in range(AT_MOST + 5))
    remember(unit, Answer(200, {}, "booked", handles=many), tenant="t", carrier="shippo", shipment="shp_1", at=7)

    assert [values for _table, values in unit.rows] == [
        ("shippo", handle, "t", "shp_1", 7) for handle in many[:AT_MOST]
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_waybill_of_another_shop_can_be_neither_traced_nor_cancelled(world: World) -> None:
    waybill = (await world.sf_order(sf_document())).waybill
    other = await world.shop("A Shop Beside")
    about = json.dumps({"trackingType": 1, "trackingNumber": [waybill]})
    body = sf_form(about, service="EXP_RECE_SEARCH_ROUTES")
    before = len(world.sf.received)

    refused = await world.call("POST", SF_PATH, key=other, body=body, headers=FORM)
    assert (refused.status, refused.code) == (404, "shipment_not_found")
    assert len(world.sf.received) == before
    world.sf.act.append(says(200, b'{"apiResultCode":"A1000","apiResultData":"{}"}'))
    assert (await world.call("POST", SF_PATH, body=body, headers=FORM)).status == 200
