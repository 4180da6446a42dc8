"""Shippo's own Python client ships through the gateway with nothing changed but its server URL and its token."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.canary import Canaries
from tests.clients.aggregators import SHIPPO_TOKEN
from tests.clients.conftest import Shopfront
from tests.gateway.orders import AMERICAN, SELLER, Person, fresh_reference

shippo = pytest.importorskip("shippo", reason="the PyPI client `shippo` is not installed (extra: dev)")
parts = pytest.importorskip("shippo.models.components", reason="the PyPI client `shippo` is not installed (extra: dev)")
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
"""What Shippo may not see. Its carriers deliver from the printed label: street, unit and postcode go whole, on record."""


def address(person: Person, city: str, state: str, postcode: str) -> Any:
    where = {"street1": person.door, "city": city, "state": state, "zip": postcode, "country": "US"}
    return parts.AddressCreateRequest(name=person.name, phone=person.phone, email=person.email or None, **where)


def order() -> Any:
    size = {"length": "5", "width": "4.5", "height": "4", "distance_unit": parts.DistanceUnitEnum.IN}
    parcel = parts.ParcelCreateRequest(weight="2.1", mass_unit=parts.WeightUnitEnum.LB, **size)
    return parts.ShipmentCreateRequest(
        address_from=address(SELLER, "Toledo", "OH", "43604"),
        address_to=address(AMERICAN, "Madison", "WI", "53703"),
        parcels=[parcel],
        metadata=fresh_reference(),
    )


@pytest_asyncio.fixture(loop_scope="module")
async def client(shopfront: Shopfront) -> Any:
    made = await shopfront.credential("shippo")
    return shippo.Shippo(api_key_header=made["api_token"], server_url=shopfront.base("shippo"))


def shows_the_shop_s_own(shipment: Any) -> None:
    for told, person in ((shipment.address_to, AMERICAN), (shipment.address_from, SELLER)):
        assert (told.name, told.phone, told.street1) == (person.name, person.phone, person.door)


async def test_a_shipment_is_created_with_the_shop_s_own_values_in_it(shopfront: Shopfront, client: Any) -> None:
    asked = order()
    shipment = await asyncio.to_thread(client.shipments.create, asked)

    assert isinstance(shipment, parts.Shipment) and shipment.status is parts.ShipmentStatus.SUCCESS
    assert shipment.metadata == asked.metadata
    shows_the_shop_s_own(shipment)
    assert [rate.amount for rate in shipment.rates] == ["7.58", "6.07"]


async def test_shippo_learns_nobody_s_name_phone_or_mail(shopfront: Shopfront, client: Any) -> None:
    await asyncio.to_thread(client.shipments.create, order())
    sent = shopfront.shippo.last

    assert HIDDEN.seen_in(sent.raw) == []
    # What the label scope grants, and a phone that can be dialled instead of stars.
    assert AMERICAN.door.encode() in sent.body
    assert b"9501399000" in sent.body


async def test_shippo_gets_its_own_token_and_never_the_shop_s(shopfront: Shopfront, client: Any) -> None:
    await asyncio.to_thread(client.shipments.create, order())
    sent = shopfront.shippo.last

    assert sent.headers["Authorization"] == f"ShippoToken {SHIPPO_TOKEN}"
    assert client.sdk_configuration.security.api_key_header.encode() not in sent.raw


async def test_a_wrong_token_is_refused_and_nothing_is_sent(shopfront: Shopfront, client: Any) -> None:
    before = len(shopfront.shippo.received)
    stranger = shippo.Shippo(api_key_header="ShippoToken nobody", server_url=shopfront.base("shippo"))

    with pytest.raises(shippo.models.errors.SDKError) as refused:
        await asyncio.to_thread(stranger.shipments.create, order())
    assert refused.value.status_code == 401
    assert len(shopfront.shippo.received) == before


async def bought(client: Any) -> Any:
    shipment = await asyncio.to_thread(client.shipments.create, order())
    cheapest = min(shipment.rates, key=lambda rate: float(rate.amount))
    asked = parts.TransactionCreateRequest(rate=cheapest.object_id, async_=False)
    return await asyncio.to_thread(client.transactions.create, asked)


async def test_a_rate_is_bought_and_its_waybill_is_the_shipment_s(shopfront: Shopfront, client: Any) -> None:
    transaction = await bought(client)

    assert transaction.status is parts.TransactionStatusEnum.SUCCESS and transaction.tracking_number
    assert (await ours(shopfront, transaction))["waybill"] == transaction.tracking_number
    again = await asyncio.to_thread(client.transactions.get, transaction.object_id)
    assert again.tracking_number == transaction.tracking_number
    assert urlsplit(again.label_url).path == urlsplit(transaction.label_url).path


async def ours(shopfront: Shopfront, transaction: Any) -> Any:
    """What our own API says of the shipment that a label URL names."""
    path = urlsplit(transaction.label_url).path.removesuffix("/carrier-label")
    return (await shopfront.world.call("GET", path)).json


async def test_a_label_s_url_is_one_that_only_the_shop_can_fetch(shopfront: Shopfront, client: Any) -> None:
    url = (await bought(client)).label_url

    assert url.startswith(f"{shopfront.world.running.url}/v1/shipments/shp_")
    path = url.removeprefix(shopfront.world.running.url)
    assert (await shopfront.world.call("GET", path, key="")).status == 401


async def test_a_shipment_is_created_and_bought_in_one_call(shopfront: Shopfront, client: Any) -> None:
    asked = parts.InstantTransactionCreateRequest(
        carrier_account="078870331023437cb917f5187429b093",
        servicelevel_token="usps_priority",
        shipment=order(),
        async_=False,
    )
    transaction = await asyncio.to_thread(client.transactions.create, asked)

    assert HIDDEN.seen_in(shopfront.shippo.last.raw) == []
    assert (await ours(shopfront, transaction))["waybill"] == transaction.tracking_number
