"""What an answer says a label lies at is fetched from public https hosts alone, within bounds, and told to nobody else."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from gateway.flows import carrier_label
from gateway.flows.carrier_label import address, fetch
from gateway.upstream import CarrierFault
from masking.errors import VeilwayError
from tests.gateway.couriers import Courier, bomb, breaks_off, listening, says
from tests.gateway.orders import sf_document
from tests.gateway.world import World

DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")


@asynccontextmanager
async def store(*acts: object) -> AsyncIterator[Courier]:
    """Where labels lie."""
    courier = Courier()
    courier.act.extend(acts)  # type: ignore[arg-type]
    async with listening(courier):
        yield courier


@pytest.mark.parametrize(
    "url",
    [
        "http://labels.example.com/1.pdf",
        "https://127.0.0.1/1.pdf",
        "https://[::1]/1.pdf",
        "https://localhost/1.pdf",
        "https://10.0.0.7/1.pdf",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://user:word@labels.example.com/",
        "https://intranet/1.pdf",
        "ftp://labels.example.com/1.pdf",
        "file:///etc/passwd",
        "https:///1.pdf",
        "",
    ],
)
async def test_nothing_is_fetched_from_inside(url: str) -> None:
    with pytest.raises(CarrierFault):
        await fetch(url, loopback=False)


async def test_a_public_name_that_leads_home_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async def home(*_asked: object, **_more: object) -> list[dict[str, object]]:
        return [{"hostname": "x", "host": "127.0.0.1", "port": 443, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr(carrier_label.ThreadedResolver, "resolve", home)
    with pytest.raises(OSError, match="public"):
        await carrier_label._PublicOnly().resolve("labels.example.com", 443)
    with pytest.raises(CarrierFault):
        await fetch("https://labels.example.com/1.pdf", loopback=False)


async def test_redirects_errors_bombs_and_broken_answers_are_no_label(monkeypatch: pytest.MonkeyPatch) -> None:
    async def elsewhere(_request: web.Request, _body: bytes) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://labels.example.com/"})

    monkeypatch.setattr(carrier_label, "LONGEST", 1 << 20)
    async with store(elsewhere, says(404, b""), bomb(3), breaks_off(), says(200, DOT, "image/png")) as courier:
        for _ in range(4):
            with pytest.raises(CarrierFault):
                await fetch(f"{courier.url}/1", loopback=True)
        assert await fetch(f"{courier.url}/1", loopback=True) == DOT
        assert not {"Authorization", "Cookie"} & set(courier.last.headers)


async def booked(world: World, url: str) -> tuple[str, str]:
    """A shipment, and the token of a label of its that lies at `url`."""
    object.__setattr__(world.service.settings, "public_url", world.running.url)
    shipment = (await world.sf_order(sf_document())).shipment
    ours = address(world.service, shipment, url.encode())
    assert url not in ours
    return shipment, parse_qs(urlsplit(ours).query)["of"][0]


async def test_a_token_opens_its_own_shipment_s_label_only(own_world: World) -> None:
    async with store(says(200, b"^XA^FO9,9^A0N,30^FDhello^FS^XZ", "text/plain")) as courier:
        shipment, token = await booked(own_world, f"{courier.url}/1")
        other, _ = await booked(own_world, f"{courier.url}/2")
        shop = await own_world.service.identity.shop(own_world.key)
        flow = own_world.running.flows.carrier_label
        for id, of in ((other, token), (shipment, token[:-2]), (shipment, ""), (shipment, "%%"), ("shp_0", token)):
            with pytest.raises(VeilwayError) as refused:
                await flow.run(shop, id, of)
            assert refused.value.code == "shipment_not_found"
        assert courier.received == []
        assert (await flow.run(shop, shipment, token))[1] == "application/zpl"
        # It was opened to be checked: that is on record.
        tags = await own_world.tags()
        assert any("disclos" in tag for tag in tags[-2:]), tags[-3:]


@pytest.mark.parametrize("body", [b"<html><body>sign in</body></html>", b"{}", DOT])
async def test_what_is_no_label_or_cannot_be_read_is_withheld(own_world: World, body: bytes) -> None:
    async with store(says(200, body, "text/html")) as courier:
        shipment, token = await booked(own_world, f"{courier.url}/1")
        answer = await own_world.call("GET", f"/v1/shipments/{shipment}/carrier-label?of={token}")
        # SF's couriers scan, so of SF no picture passes that nobody can search.
        assert (answer.status, answer.code) == (422, "label_withheld")
