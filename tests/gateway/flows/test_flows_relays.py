"""Which relay numbers an order gets, and what the store may know of the phones behind them."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.flows.relays import dialled_first, owner_index, party_index
from masking.keyring import Keyring
from masking.personal import Party
from tests.gateway.orders import SHIPPER, Person, consignee, sf_document
from tests.gateway.world import World

KEYRING = Keyring.generate()


def tels(world: World) -> list[str]:
    return [party["tel"] for party in json.loads(world.sf.last.form["msgData"])["contactInfoList"]]


def test_one_phone_is_known_by_another_index_on_every_number() -> None:
    indexes = {party_index(KEYRING, x, "+8613900090817") for x in ("95013990001", "95013990002")}
    assert len(indexes) == 2 and all(len(index) == 16 for index in indexes)


def test_one_phone_is_known_by_another_index_to_every_tenant_and_every_keyring() -> None:
    ours = {owner_index(KEYRING, tenant, "+8613900090817") for tenant in ("shop_a", "shop_b")}
    theirs = {owner_index(Keyring.generate(), "shop_a", "+8613900090817")}
    assert len(ours | theirs) == 3


def test_the_first_line_that_can_be_dialled_is_the_number() -> None:
    assert dialled_first(Party(phone="no digits\n13900090817")) == "+8613900090817"
    assert dialled_first(Party()) == "" and dialled_first(None) == ""


@pytest.mark.asyncio(loop_scope="module")
async def test_a_hundred_first_orders_of_a_sender_make_one_binding(world: World) -> None:
    by = Person("苏子衿", "13700010077", SHIPPER.area, SHIPPER.door)
    key = await world.shop("Busy Shop")
    answers = await asyncio.gather(*(world.sf_order(sf_document(by=by), key=key) for _ in range(30)))
    assert {answer.status for answer in answers} == {200}
    sent = [json.loads(one.form["msgData"])["contactInfoList"] for one in world.sf.received[-30:]]
    mine = {parties[0]["tel"] for parties in sent if parties[0]["contact"].startswith("苏")}
    assert len(mine) == 1 and len({parties[1]["tel"] for parties in sent}) == 30


@pytest.mark.asyncio(loop_scope="module")
async def test_a_sender_has_another_number_with_every_shop(world: World) -> None:
    seen = set()
    for name in ("Shop P", "Shop Q"):
        await world.sf_order(sf_document(), key=await world.shop(name))
        seen.add(tels(world)[0])
    assert len(seen) == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_consignee_of_two_orders_has_two_numbers(world: World) -> None:
    seen = set()
    for _ in range(2):
        await world.sf_order(sf_document(to=consignee("13900090888")))
        seen.add(tels(world)[1])
    assert len(seen) == 2
