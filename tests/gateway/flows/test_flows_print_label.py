"""A label shows the waybill, the relay number and a fresh ticket, to whom it belongs, and no personal value."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from gateway.flows.print_label import label_of
from gateway.store import reads
from masking.disclosure import Scope, View
from masking.errors import VeilwayError
from masking.stage import Stage
from tests.canary import RECIPIENT
from tests.gateway.couriers import says
from tests.gateway.orders import HIDDEN, SENDER, sf_document, ups_document
from tests.gateway.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


def codes(png: bytes) -> dict[str, str]:
    return {code.format.name: code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))}


async def test_both_codes_of_a_label_decode(world: World) -> None:
    order = await world.sf_order(sf_document())
    label = await world.call("GET", f"/v1/shipments/{order.shipment}/label")
    assert (label.status, label.headers["Content-Type"], label.shipment) == (200, "image/png", order.shipment)
    found = codes(label.body)
    assert order.waybill in found.values()
    assert any(text.startswith("HTTPS://") and "/Q/" in text for text in found.values())
    image = Image.open(io.BytesIO(label.body))
    # 100 x 150 mm at 203 dpi.
    assert abs(image.width - 799) <= 2 and abs(image.height - 1199) <= 2


async def test_a_label_has_the_goods_that_its_view_shows_and_no_number_among_them(world: World) -> None:
    order = await world.sf_order(sf_document())
    row, outcome = await world.service.database.read(
        lambda connection: (reads.shipment(connection, order.shipment), reads.outcome(connection, order.shipment))
    )
    assert row is not None and outcome is not None
    for goods, printed in (("", ()), ("Oolong tea\n\nCall 13812345678", ("Oolong tea", "Call 1******5678"))):
        view = View(Stage.CREATED, Scope({}), {}, goods=goods)
        assert label_of(row, outcome, view, "HTTPS://X/Q/A", world.clock(), True).goods == printed


async def test_each_print_has_a_ticket_of_its_own_and_is_on_record(world: World) -> None:
    order = await world.sf_order(sf_document())
    path = f"/v1/shipments/{order.shipment}/label"
    labels = [await world.call("GET", path) for _ in range(2)]
    tickets = {text for label in labels for text in codes(label.body).values() if "/Q/" in text}
    assert len(tickets) == 2
    tags = [json.loads(e["entry"])["tag"] for e in (await world.op("audit.prove", shipment=order.shipment))["entries"]]
    assert tags.count("label.printed") == 2


@pytest.mark.parametrize("format", ["zpl", "tspl", "pdf", "png"])
async def test_no_format_holds_a_personal_value(world: World, format: str) -> None:
    order = await world.sf_order(sf_document())
    label = await world.call("GET", f"/v1/shipments/{order.shipment}/label?format={format}")
    assert label.status == 200
    assert HIDDEN.seen_in(label.body) == [] and SENDER.seen_in(label.body) == []


async def test_a_carrier_s_label_that_may_show_addresses_still_hides_the_phone(world: World) -> None:
    order = await world.ups_order(ups_document())
    label = await world.call("GET", f"/v1/shipments/{order.shipment}/label?size=4x6&format=zpl")
    assert label.status == 200 and b"6085550191" not in label.body


@pytest.mark.parametrize("query", ["format=exe", "size=1x1", "dpi=1", "format=PNG%00"])
async def test_a_format_that_is_not_there_is_refused(world: World, query: str) -> None:
    order = await world.sf_order(sf_document())
    answer = await world.call("GET", f"/v1/shipments/{order.shipment}/label?{query}")
    assert answer.status == 400 and answer.code


async def test_another_shop_s_label_is_as_absent_as_none(world: World) -> None:
    order = await world.sf_order(sf_document())
    other = await world.shop("Nosy Shop")
    asked = [
        await world.call("GET", f"/v1/shipments/{order.shipment}/label", key=other),
        await world.call("GET", "/v1/shipments/shp_nothing/label", key=other),
        await world.call("GET", f"/v1/shipments/{order.shipment}", key=other),
        await world.call("GET", "/v1/shipments/shp_nothing", key=other),
    ]
    assert {(answer.status, answer.code) for answer in asked} == {(404, "shipment_not_found")}
    assert (
        len({answer.json["detail"] for answer in asked[:2]})
        == len({answer.json["detail"] for answer in asked[2:]})
        == 1
    )


async def test_a_refused_order_has_no_label(world: World) -> None:
    world.sf.act.append(
        says(200, b'{"apiErrorMsg":"no","apiResponseID":"1","apiResultCode":"A1004","apiResultData":null}')
    )
    order = await world.sf_order(sf_document())
    answer = await world.call("GET", f"/v1/shipments/{order.shipment}/label")
    assert (answer.status, answer.code) == (422, "no_waybill")


async def test_a_label_whose_record_cannot_be_written_is_not_given_out(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        order = await own.sf_order(sf_document())
        own.service.commits.close()
        answer = await own.call("GET", f"/v1/shipments/{order.shipment}/label")
    assert answer.status == 503 and RECIPIENT.seen_in(answer.raw) == []


async def test_the_local_operator_may_print_any_shop_s_label(world: World) -> None:
    order = await world.sf_order(sf_document())
    made = await world.op("label.render", shipment=order.shipment, format="zpl")
    assert made["media_type"] and made["data"]
    with pytest.raises(VeilwayError):
        await world.op("label.render", shipment="shp_nothing")
