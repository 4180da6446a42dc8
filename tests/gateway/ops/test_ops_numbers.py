"""Verbs about relay numbers: what they change is on record, what is wrong is refused by name, what is secret is shown once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from masking.errors import VeilwayError
from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import World

COURIER = "13811112222"


async def refused(world: World, verb: str, **params: Any) -> tuple[str, str | None]:
    with pytest.raises(VeilwayError) as found:
        await world.op(verb, **params)
    return found.value.code, found.value.path


async def bound(world: World) -> tuple[str, str, str]:
    shipment = (await world.sf_order(sf_document())).shipment
    shown = await world.op("shipment.show", shipment=shipment)
    x, _, ext = shown["relay"]["recipient"].partition("-")
    return shipment, x, ext


async def decided(world: World, x: str, ext: str) -> tuple[str, str]:
    told = await world.op("relay.route", caller=COURIER, called=x, ext=ext)
    return told["action"], told["reason"]


async def shop_of(world: World) -> str:
    return str((await world.op("shop.list"))[0]["shop"])


async def test_numbers_are_added_once_and_told_apart(own_world: World) -> None:
    asked = {"pool": "second", "numbers": ["+86 (950) 1399-0007", "95013990008"]}
    made = await own_world.op("numbers.add", **asked)
    again = await own_world.op("numbers.add", **asked)
    assert made == {"pool": "second", "added": 2, "known": 0} and again["added"] == 0 and again["known"] == 2
    status = {row["pool"]: row for row in await own_world.op("numbers.status")}
    assert status["second"]["numbers"] == 2


async def test_a_number_a_scheme_and_an_extension_that_cannot_be_are_refused(own_world: World) -> None:
    asked: list[dict[str, Any]] = [
        {"numbers": []},
        {"numbers": ["95013990007", "950-1399-0007"]},
        {"numbers": ["12"]},
        {"numbers": ["9501399000x"]},
        {"numbers": ["95013990007"], "scheme": "axyb"},
        {"numbers": ["95013990007"], "scheme": "carrier-pigeon"},
        {"numbers": ["95013990007"], "ext_digits": 7},
    ]
    codes = [await refused(own_world, "numbers.add", pool="third", **one) for one in asked]
    assert [path for _code, path in codes] == ["numbers"] * 4 + ["scheme"] * 2 + ["ext_digits"]
    other = {"pool": "first", "numbers": ["95013990009"], "scheme": "axn"}
    assert (await refused(own_world, "numbers.add", **other))[1] == "scheme"


async def test_the_first_listed_caller_closes_the_others_out(own_world: World) -> None:
    _, x, ext = await bound(own_world)
    assert (await decided(own_world, x, ext))[0] == "connect"
    await own_world.op("relay.allow", carrier="sf-express", phones=["13900000001"])
    assert await decided(own_world, x, ext) == ("reject", "caller_not_allowed")
    made = await own_world.op("relay.allow", carrier="sf-express", phones=["+86 138 1111 2222"])
    assert made == {"carrier": "sf-express", "count": 1, "removed": False}
    assert (await decided(own_world, x, ext))[0] == "connect"
    both = ["13900000001", COURIER]
    await own_world.op("relay.allow", carrier="sf-express", phones=both, remove=True)
    assert (await decided(own_world, x, ext))[0] == "connect"
    assert await refused(own_world, "relay.allow", carrier="sf-express", phones=["none"]) == ("bad_argument", "phones")


@pytest.mark.parametrize(
    "wish",
    [
        {"block_all": True},
        {"block_carriers": ["sf-express"]},
        {"block_callers": [COURIER]},
        {"quiet": "00:00-23:59"},
        {"quiet": "07:00-10:00 UTC"},
    ],
)
async def test_a_wish_is_kept_until_it_is_taken_back(own_world: World, wish: dict[str, Any]) -> None:
    _, x, ext = await bound(own_world)
    shop = await shop_of(own_world)
    await own_world.op("relay.wish", shop=shop, phone=CONSIGNEE.phone, **wish)
    assert (await decided(own_world, x, ext))[0] == "reject"
    # Of another person, nothing was wished.
    await own_world.op("relay.wish", shop=shop, phone="13700000000", **wish)
    await own_world.op("relay.wish", shop=shop, phone=CONSIGNEE.phone)
    assert (await decided(own_world, x, ext))[0] == "connect"


async def test_one_shipment_can_be_blocked_alone(own_world: World) -> None:
    first, x, ext = await bound(own_world)
    _, other_x, other_ext = await bound(own_world)
    wished = {"shop": await shop_of(own_world), "phone": CONSIGNEE.phone, "block_shipments": [first]}
    told = await own_world.op("relay.wish", **wished)
    assert told["blocks"] == {"everything": False, "carriers": 0, "shipments": 1, "callers": 0}
    assert (await decided(own_world, x, ext))[0] == "reject"
    assert (await decided(own_world, other_x, other_ext))[0] == "connect"


@pytest.mark.parametrize("quiet", ["late", "22:00", "22:00-25:00", "22:00-07:00 Nowhere/Land", "22:00-07:00 ../etc"])
async def test_hours_that_are_none_are_refused_and_nothing_changes(own_world: World, quiet: str) -> None:
    _, x, ext = await bound(own_world)
    asked = {"shop": await shop_of(own_world), "phone": CONSIGNEE.phone}
    assert await refused(own_world, "relay.wish", **asked, quiet=quiet) == ("bad_argument", "quiet")
    assert await refused(own_world, "relay.wish", shop=asked["shop"], phone="none") == ("bad_argument", "phone")
    assert (await decided(own_world, x, ext))[0] == "connect"


async def test_a_provider_is_enabled_with_just_its_secrets_and_a_new_door_each_time(own_world: World) -> None:
    first = await own_world.op("relay.provider", name="huawei", secrets={"app_key": "k", "app_secret": "practice-word"})
    second = await own_world.op(
        "relay.provider", name="huawei", secrets={"app_key": "k", "app_secret": "practice-word"}
    )
    assert first["provider"] == "huawei" and len(first["urls"]) == 2
    assert set(first["urls"]).isdisjoint(second["urls"])
    assert all(len(url.rpartition("/")[2]) >= 32 for url in first["urls"])
    assert own_world.service.relay_providers["huawei"]["app_secret"] == "practice-word"
    assert await refused(own_world, "relay.provider", name="carrier-pigeon") == ("bad_argument", "name")
    for wrong in ({}, {"app_key": "k"}, {"app_key": "k", "app_secret": "s", "more": "m"}):
        assert (await refused(own_world, "relay.provider", name="huawei", secrets=wrong))[1] == "secret"


async def test_every_change_is_on_record_and_no_record_holds_a_phone_or_a_secret(own_world: World) -> None:
    shop = await shop_of(own_world)
    await own_world.op("relay.allow", carrier="sf-express", phones=[COURIER])
    await own_world.op("relay.wish", shop=shop, phone=CONSIGNEE.phone, block_callers=[COURIER])
    await own_world.op("relay.provider", name="twilio", secrets={"auth_token": "practice-word"})
    tags = await own_world.tags()
    assert {"numbers.added", "relay.callers_changed", "relay.wish_set", "relay.provider_enabled"} <= set(tags)
    log = json.dumps(await own_world.op("audit.export", chain=f"veilway/{own_world.service.holder}"))
    held = b"".join(path.read_bytes() for path in own_world.folder.iterdir() if path.is_file())
    phones = Canaries({"courier": COURIER, "consignee": CONSIGNEE.phone, "secret": "practice-word"})
    assert phones.seen_in(log, held) == []
