"""EasyPost's own Python client ships through the gateway with nothing changed but its base URL and its key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

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
Do = Callable[..., Awaitable[Any]]


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
