"""A shop asks for many labels, looks how far they are, and fetches them once; nobody else can, and no label stays."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

import pikepdf
import pytest

from tests.gateway.orders import sf_document
from tests.gateway.world import Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(world: World, key: str | None = None, **asked: Any) -> Answer:
    return await world.call("POST", "/v1/labels", key=key, body=json.dumps(asked).encode())


async def orders(world: World, count: int) -> list[Answer]:
    return [await world.sf_order(sf_document()) for _ in range(count)]


async def ready(world: World, path: str) -> Any:
    async with asyncio.timeout(20):
        while (told := (await world.call("GET", path)).json)["state"] == "printing":
            await asyncio.sleep(0.02)
    return told


async def test_a_batch_is_one_pdf_with_a_page_a_label(world: World) -> None:
    made = await orders(world, 3)
    asked = await ask(world, shipments=[order.shipment for order in made], size="76x130")
    path = asked.headers["Location"]
    assert asked.status == 202 and path == f"/v1/labels/{asked.json['job']}"
    told = await ready(world, path)
    assert (told["state"], told["done"], told["total"], told["printed"]) == ("ready", 3, 3, 3)

    file = await world.call("GET", f"{path}/file")
    assert (file.status, file.headers["Content-Type"], file.headers["Cache-Control"]) == (
        200,
        "application/pdf",
        "no-store",
    )
    assert len(pikepdf.open(io.BytesIO(file.body)).pages) == 3
    again = await world.call("GET", f"{path}/file")
    assert (again.status, again.code) == (410, "job_fetched")
    assert (await world.call("GET", path)).json["state"] == "fetched"


async def test_a_zip_holds_the_labels_and_what_became_of_each(world: World) -> None:
    (order,) = await orders(world, 1)
    other = await world.shop("A shop beside")
    stranger = await world.sf_order(sf_document(), key=other)
    ids = [order.shipment, stranger.shipment, "shp_nowhere"]
    for more in ({"format": "zpl"}, {"format": "pdf", "bundle": "zip"}):
        path = (await ask(world, shipments=ids, **more)).headers["Location"]
        told = await ready(world, path)
        codes = ["ok", "shipment_not_found", "shipment_not_found"]
        assert [one["code"] for one in told["results"]] == codes
        file = await world.call("GET", f"{path}/file")
        names = zipfile.ZipFile(io.BytesIO(file.body)).namelist()
        assert names == [f"0001-{order.waybill}.{more['format']}", "results.json"]


async def test_a_job_is_there_for_its_own_shop_alone(world: World) -> None:
    (order,) = await orders(world, 1)
    path = (await ask(world, shipments=[order.shipment])).headers["Location"]
    await ready(world, path)
    other = await world.shop("Another shop")
    for key, expected in ((other, (404, "job_not_found")), ("", (401, "unauthenticated"))):
        for one in (path, f"{path}/file"):
            answer = await world.call("GET", one, key=key)
            assert (answer.status, answer.code) == expected
    strange, absent = [await world.call("GET", p, key=other) for p in (path, "/v1/labels/job_nowhere")]
    assert strange.json["detail"] == absent.json["detail"]
    assert (await world.call("GET", f"{path}/file")).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"shipments": []},
        {"shipments": ["shp_1"] * 2},
        {"shipments": [f"shp_{n}" for n in range(1001)]},
        {"shipments": [""]},
        {"shipments": [1]},
        {"shipments": "shp_1"},
        {"shipments": ["shp_1"], "format": "docx"},
        {"shipments": ["shp_1"], "size": "1x1"},
        {"shipments": ["shp_1"], "dpi": 600},
        {"shipments": ["shp_1"], "format": "png", "bundle": "pdf"},
        {"shipments": ["shp_1"], "more": 1},
    ],
)
async def test_what_is_no_batch_is_refused_and_not_taken(world: World, asked: dict[str, Any]) -> None:
    before = repr(world.running.flows.label_batches)
    answer = await ask(world, **asked)
    assert (answer.status, answer.code) == (400, "bad_argument")
    assert repr(world.running.flows.label_batches) == before
    assert (await world.call("POST", "/v1/labels", body=b"{")).code == "malformed_json"
    assert (await ask(world, key="vw_nobody", **asked)).status == 401


async def test_nothing_of_a_label_is_on_disk(world: World) -> None:
    (order,) = await orders(world, 1)
    path = (await ask(world, shipments=[order.shipment], format="zpl")).headers["Location"]
    await ready(world, path)
    held = b"".join(one.read_bytes() for one in world.folder.rglob("*") if one.is_file())
    assert b"^XA" not in held and b"%PDF" not in held
    assert b"^XA" in zipfile.ZipFile(io.BytesIO((await world.call("GET", f"{path}/file")).body)).read(
        f"0001-{order.waybill}.zpl"
    )
