"""EasyPost's own Python client ships through the gateway with nothing changed but its base URL and its key."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.canary import Canaries
from tests.clients.aggregators import EASYPOST_KEY
from tests.clients.conftest import Shopfront
from tests.gateway.orders import AMERICAN, SELLER, Person, fresh_reference

easypost = pytest.importorskip("easypost", reason="the PyPI client `easypost` is not installed (extra: dev)")
pytestmark = pytest.mark.asyncio(loop_scope="module")

HIDDEN = Canaries(
    {
        "name": AMERICAN.name,
        "phone": AMERICAN.phone,
        "email": AMERICAN.email,
        "sender": SELLER.name,
        "theirs": SELLER.phone,
    }
)
"""What EasyPost may not see. Its carriers deliver from the printed label: street, unit and postcode go whole, on record."""


def address(person: Person, city: str, state: str, postcode: str) -> dict[str, str]:
    told = {"name": person.name, "street1": person.door, "city": city, "state": state, "zip": postcode}
    return told | {"country": "US", "phone": person.phone, "email": person.email}


def order(**more: Any) -> dict[str, Any]:
    return {
        "from_address": address(SELLER, "Toledo", "OH", "43604"),
        "to_address": address(AMERICAN, "Madison", "WI", "53703"),
        "parcel": {"length": 9.5, "width": 9.0, "height": 7.0, "weight": 40.0},
        "reference": fresh_reference(),
    } | more


@pytest_asyncio.fixture(loop_scope="module")
async def client(shopfront: Shopfront) -> Any:
    made = await shopfront.credential("easypost")
    return easypost.EasyPostClient(made["api_key"], api_base=f"{shopfront.base('easypost')}/v2", timeout=10)


def shows_the_shop_s_own(shipment: Any) -> None:
    for told, person in ((shipment.to_address, AMERICAN), (shipment.from_address, SELLER)):
        assert (told.name, told.phone, told.street1) == (person.name, person.phone, person.door)


async def test_a_shipment_is_created_with_the_shop_s_own_values_in_it(shopfront: Shopfront, client: Any) -> None:
    asked = order()
    shipment = await asyncio.to_thread(client.shipment.create, **asked)

    assert type(shipment).__name__ == "Shipment" and shipment.id.startswith("shp_")
    assert shipment.reference == asked["reference"]
    shows_the_shop_s_own(shipment)
    assert [(rate.service, rate.rate) for rate in shipment.rates] == [("GroundAdvantage", "6.07"), ("Priority", "7.58")]
    assert shipment.lowest_rate().rate == "6.07"


async def test_easypost_learns_nobody_s_name_phone_or_mail(shopfront: Shopfront, client: Any) -> None:
    await asyncio.to_thread(client.shipment.create, **order())
    sent = shopfront.easypost.last

    assert HIDDEN.seen_in(sent.raw) == []
    # What the label scope grants, and a phone that can be dialled instead of stars.
    assert AMERICAN.door.encode() in sent.body
    assert b"9501399000" in sent.body


async def test_easypost_gets_its_own_key_and_never_the_shop_s(shopfront: Shopfront, client: Any) -> None:
    await asyncio.to_thread(client.shipment.create, **order())
    sent = shopfront.easypost.last

    assert sent.headers["Authorization"] in shopfront.easypost.logins()
    assert client.api_key.encode() not in sent.raw and client.api_key != EASYPOST_KEY


async def test_the_key_as_the_user_of_basic_is_as_good(shopfront: Shopfront, client: Any) -> None:
    body, path = json.dumps({"shipment": order()}).encode(), "/c/easypost/v2/shipments"
    before = len(shopfront.easypost.received)
    for key, status in ((client.api_key, 201), (client.api_key[:-1], 401), ("", 401)):
        basic = base64.b64encode(f"{key}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        assert (await shopfront.world.call("POST", path, key="", body=body, headers=headers)).status == status
    assert len(shopfront.easypost.received) == before + 1


async def test_an_issued_key_that_is_its_own_name_stands_nowhere_in_clear(shopfront: Shopfront, client: Any) -> None:
    folder = shopfront.world.folder
    data = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert client.api_key.encode() not in data


async def test_a_wrong_key_is_refused_and_nothing_is_sent(shopfront: Shopfront, client: Any) -> None:
    before = len(shopfront.easypost.received)
    stranger = easypost.EasyPostClient("EZTKnobody", api_base=f"{shopfront.base('easypost')}/v2", timeout=10)

    with pytest.raises(easypost.errors.EasyPostError) as refused:
        await asyncio.to_thread(stranger.shipment.create, **order())
    assert refused.value.http_status == 401
    assert len(shopfront.easypost.received) == before


async def test_a_carrier_s_error_reaches_the_client_in_easypost_s_shape(shopfront: Shopfront, client: Any) -> None:
    shipment = await asyncio.to_thread(client.shipment.create, **order())

    with pytest.raises(easypost.errors.EasyPostError) as refused:
        await asyncio.to_thread(client.shipment.buy, shipment.id, rate={"id": "rate_of_somebody_else"})
    assert refused.value.http_status == 422
    assert "not one of this shipment" in str(refused.value)


async def bought(client: Any) -> Any:
    shipment = await asyncio.to_thread(client.shipment.create, **order())
    return await asyncio.to_thread(client.shipment.buy, shipment.id, rate=shipment.lowest_rate())


async def test_a_bought_shipment_still_shows_the_shop_s_own_values(shopfront: Shopfront, client: Any) -> None:
    shipment = await bought(client)

    assert shipment.tracking_code == shipment.tracker.tracking_code != ""
    assert shipment.selected_rate.rate == "6.07"
    shows_the_shop_s_own(shipment)
    shows_the_shop_s_own(await asyncio.to_thread(client.shipment.retrieve, shipment.id))
    assert HIDDEN.seen_in(b"".join(one.raw for one in shopfront.easypost.received)) == []


async def test_the_waybill_that_comes_with_the_purchase_is_the_shipment_s(shopfront: Shopfront, client: Any) -> None:
    shipment = await bought(client)

    told = await ours(shopfront, shipment)
    assert told["waybill"] == shipment.tracking_code and told["status"] == "booked"
    assert "order.bought" in await shopfront.world.tags()


async def ours(shopfront: Shopfront, shipment: Any) -> Any:
    """What our own API says of the shipment that a label URL names."""
    path = urlsplit(shipment.postage_label.label_url).path.removesuffix("/carrier-label")
    return (await shopfront.world.call("GET", path)).json


async def test_the_carrier_s_label_is_fetched_through_the_gateway_by_its_shop_alone(
    shopfront: Shopfront, client: Any
) -> None:
    shipment = await bought(client)
    url, world = shipment.postage_label.label_url, shopfront.world

    assert url.startswith(f"{world.running.url}/v1/shipments/shp_") and "/labels/" not in url
    assert not shipment.postage_label.label_pdf_url
    path = url.removeprefix(world.running.url)
    stranger = await world.shop("Stranger")
    assert (await world.call("GET", path, key="")).status == 401
    assert (await world.call("GET", path, key=stranger)).status == 404
    assert (await world.call("GET", path[:-4] + "AAAA")).status == 404
    label = await world.call("GET", path)
    assert (label.status, label.headers["Content-Type"]) == (200, "application/zpl")
    assert shipment.tracking_code.encode() in label.body and AMERICAN.door.encode() in label.body
    assert HIDDEN.seen_in(label.body) == []
    # Where the label lies, no credential is shown.
    assert "Authorization" not in shopfront.easypost.last.headers


async def test_a_carrier_s_label_that_says_more_than_it_was_told_is_masked(shopfront: Shopfront, client: Any) -> None:
    shipment = await bought(client)
    path = shipment.postage_label.label_url.removeprefix(shopfront.world.running.url)
    shopfront.easypost.note = f"Call {AMERICAN.phone}"
    label = await shopfront.world.call("GET", path)
    shopfront.easypost.note = ""

    assert label.status == 200 and HIDDEN.seen_in(label.body) == []
    assert shipment.tracking_code.encode() in label.body


async def test_a_refund_ends_the_shipment_and_gives_its_number_back(shopfront: Shopfront, client: Any) -> None:
    shipment = await bought(client)
    refunded = await asyncio.to_thread(client.shipment.refund, shipment.id)

    assert refunded.refund_status == "submitted"
    assert (await ours(shopfront, shipment))["stage"] == "closed"


async def test_another_shop_cannot_name_the_shipment(shopfront: Shopfront, client: Any) -> None:
    shipment = await bought(client)
    name = f"Other {shipment.id[-8:]}"
    await shopfront.world.shop(name)
    key = (await shopfront.world.op("shop.credential", name=name, carrier="easypost"))["api_key"]
    other = easypost.EasyPostClient(key, api_base=f"{shopfront.base('easypost')}/v2", timeout=10)
    before = len(shopfront.easypost.received)

    for call in (other.shipment.retrieve, other.shipment.refund):
        with pytest.raises(easypost.errors.EasyPostError) as refused:
            await asyncio.to_thread(call, shipment.id)
        assert refused.value.http_status == 404
    assert len(shopfront.easypost.received) == before


async def test_an_order_sent_again_is_the_same_shipment_and_booked_once(shopfront: Shopfront, client: Any) -> None:
    asked = order()
    first, second = [await asyncio.to_thread(client.shipment.create, **asked) for _ in range(2)]

    assert first.id == second.id
    shows_the_shop_s_own(second)
    assert shopfront.easypost.booked[asked["reference"]] == 1
