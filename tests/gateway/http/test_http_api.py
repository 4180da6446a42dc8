"""Our own API: a shop sees its own parcels, without anything personal, and a fault tells its kind alone."""

from __future__ import annotations

import json

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
