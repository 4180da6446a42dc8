"""A carrier's picture in an answer is left out, let through or replaced by our own label, as its route says; what stands there scans."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from aiohttp import web
from PIL import Image

from tests.gateway.orders import HIDDEN, ups_document
from tests.gateway.world import SECRETS, Answer, World, open_world

WAYBILL = "1Z7R04W27000000000777"


def gif() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((400, 600)).save(out, "GIF")
    return out.getvalue()


def with_label(content: bytes, format: str, *waybills: str) -> Any:
    """UPS's answer with artwork for each package."""

    async def act(_request: web.Request, _body: bytes) -> web.StreamResponse:
        label = {"ImageFormat": {"Code": format}, "GraphicImage": base64.b64encode(content).decode()}
        packages = [{"TrackingNumber": one, "ShippingLabel": label} for one in waybills or (WAYBILL,)]
        results = {"ShipmentIdentificationNumber": (waybills or (WAYBILL,))[0], "PackageResults": packages}
        status = {"Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}}}
        return web.json_response({"ShipmentResponse": status | {"ShipmentResults": results}})

    return act


async def enabled(world: World, policy: str = "", **more: str) -> None:
    options = ({"label_artwork": policy} if policy else {}) | more
    await world.op("carrier.enable", carrier="ups", base_url=world.ups.url, secrets=SECRETS["ups"], options=options)


async def booked(world: World, content: bytes, format: str, *waybills: str) -> tuple[Answer, list[bytes]]:
    await world.ups_order(ups_document())  # the token is fetched
    world.ups.act.append(with_label(content, format, *waybills))
    answer = await world.ups_order(ups_document())
    packages = answer.json["ShipmentResponse"]["ShipmentResults"]["PackageResults"]
    return answer, [base64.b64decode(one["ShippingLabel"]["GraphicImage"]) for one in packages]


async def test_a_picture_that_nobody_can_read_is_left_out_and_the_shop_is_told(own_world: World) -> None:
    await enabled(own_world)
    answer, labels = await booked(own_world, gif(), "GIF")
    assert (answer.status, answer.headers["Veilway-Label"], labels) == (200, "withheld", [b""])
    assert WAYBILL.encode() in answer.body


async def test_an_operator_may_trust_a_carrier_s_pictures(own_world: World) -> None:
    await enabled(own_world, "trust")
    answer, labels = await booked(own_world, gif(), "GIF")
    assert labels == [gif()] and "Veilway-Label" not in answer.headers


@pytest.mark.parametrize("format", ["GIF", "PNG"])
async def test_ours_replaces_it_in_the_format_that_was_asked_for(own_world: World, format: str) -> None:
    await enabled(own_world, "replace")
    _answer, (label,) = await booked(own_world, gif(), format)
    with Image.open(io.BytesIO(label)) as image:
        assert image.format == "GIF"
        codes = {code.text for code in zxingcpp.read_barcodes(image.convert("L"))}
    assert WAYBILL in codes and any("/Q/" in code for code in codes)
    assert HIDDEN.seen_in(label) == []
    tags = await own_world.tags()
    # The print is on record before the shop has it, and before the order is settled.
    assert tags.index("label.printed") < len(tags) - 1 - tags[::-1].index("order.booked")


async def test_several_parcels_never_get_one_parcel_s_label(own_world: World) -> None:
    await enabled(own_world, "replace")
    answer, labels = await booked(own_world, gif(), "GIF", WAYBILL, "1Z7R04W27000000000778")
    assert labels == [b"", b""] and answer.headers["Veilway-Label"] == "withheld"


async def test_a_readable_label_passes_whatever_the_policy(own_world: World) -> None:
    await enabled(own_world)
    zpl = b"^XA^FO50,50^A0N,30^FDRoute 591W ground^FS^FO50,100^BCN,100^FD" + WAYBILL.encode() + b"^FS^XZ"
    answer, labels = await booked(own_world, zpl, "ZPL")
    assert labels == [zpl] and "Veilway-Label" not in answer.headers


async def test_a_route_in_dry_run_leaves_the_carrier_s_label_alone(own_world: World) -> None:
    await enabled(own_world, mode="report")
    answer, labels = await booked(own_world, gif(), "GIF")
    assert labels == [gif()] and "Veilway-Label" not in answer.headers


async def test_an_unknown_policy_is_refused_by_name(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        with pytest.raises(Exception, match="label_artwork"):
            await enabled(world, "hope")
