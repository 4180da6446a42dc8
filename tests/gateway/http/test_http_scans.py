"""Couriers' routes: frames, batches, the account, and scans that a bad network sends twice."""

from __future__ import annotations

import io
import json

import pytest
import zxingcpp
from PIL import Image

from tests.gateway.orders import sf_document
from tests.gateway.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def label(world: World) -> tuple[str, bytes, str]:
    answer = await world.sf_order(sf_document())
    picture = (await world.call("GET", f"/v1/shipments/{answer.shipment}/label?size=76x130")).body
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return answer.shipment, picture, next(code.text for code in codes if "/Q/" in code.text)


def frame(picture: bytes) -> bytes:
    out, seen = io.BytesIO(), Image.open(io.BytesIO(picture)).convert("RGB")
    seen.thumbnail((600, 600))
    seen.save(out, "JPEG", quality=85)
    return out.getvalue()


async def test_a_frame_of_a_label_gives_its_codes_to_a_courier_and_to_nobody_else(world: World) -> None:
    _, picture, ticket = await label(world)
    token = await world.courier("delivery")
    seen = await world.call("POST", "/v1/scans/frame", key=token, body=frame(picture))
    assert (seen.status, seen.json["ticket"], seen.headers["Cache-Control"]) == (200, ticket, "no-store")
    assert seen.json["waybill"].startswith("SF7")
    for key in ("", world.key):
        assert (
            await world.call("POST", "/v1/scans/frame", key=key, body=frame(picture))
        ).code == "courier_unauthenticated"
    assert (await world.call("POST", "/v1/scans/frame", key=token, body=b"no picture")).code == "frame_refused"
    assert (await world.call("POST", "/v1/scans/frame", key=token, body=b"0" * 200_000)).code == "body_too_large"


async def test_a_scan_sent_again_moves_nothing_that_came_after_it(world: World) -> None:
    shipment, _, ticket = await label(world)
    token = await world.courier("station")
    await world.scan(token, ticket=ticket, scan_id="in")
    await world.scan(token, ticket=ticket, scan_id="bad", event="exception")
    again = await world.scan(token, ticket=ticket, scan_id="in")
    assert (again.status, again.json["stage"]) == (200, "exception")
    history = (await world.op("shipment.show", shipment=shipment))["history"]
    assert [step["stage"] for step in history] == ["at_station", "exception"]


async def test_a_scan_made_earlier_keeps_its_time_for_the_record_and_not_for_the_window(world: World) -> None:
    from sqlalchemy import select

    from gateway.store.tables import scans

    shipment, _, ticket = await label(world)
    now = int(world.clock().timestamp() * 1000)
    token = await world.courier("station")
    for number, made_at in enumerate((now - 3_600_000, now + 60_000, now - 8 * 86_400_000)):
        body = json.dumps({"ticket": ticket, "scan_id": f"m{number}", "made_at": made_at}).encode()
        assert (await world.call("POST", "/v1/scans", key=token, body=body)).status == 200
    rows = select(scans.c.made_at, scans.c.at).where(scans.c.shipment == shipment).order_by(scans.c.id)
    kept = await world.service.database.read(lambda c: [tuple(row) for row in c.execute(rows)])
    assert sorted(kept, key=str) == sorted([(now - 3_600_000, now), (None, now), (None, now)], key=str)


async def test_the_account_tells_role_station_and_device(world: World) -> None:
    me = await world.call("GET", "/v1/couriers/me", key=await world.courier("station", station="S4"))
    told = {name: me.json[name] for name in ("carrier", "role", "station", "device")}
    assert told == {"carrier": "sf-express", "role": "station", "station": "S4", "device": "none"}
    assert (await world.call("GET", "/v1/couriers/me", key="")).code == "courier_unauthenticated"


@pytest.mark.parametrize(
    "more", [{"station": "a b"}, {"station": "x" * 65}, {"reason": "麦先生说"}, {"ticket": "x" * 513}]
)
async def test_free_text_has_no_place_in_a_scan(world: World, more: dict[str, str]) -> None:
    number = (await world.sf_order(sf_document())).waybill
    answer = await world.scan(await world.courier("station"), **{"waybill": number, **more})
    assert answer.status == 400 and "麦" not in answer.body.decode()
