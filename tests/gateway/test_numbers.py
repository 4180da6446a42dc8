"""The desk leases from its pools, the carrier's own before everybody's, and is built from the store at each start."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.numbers import in_region
from masking.errors import VeilwayError
from masking.personal import PostalAddress
from tests.gateway.orders import sf_document, sf_form, ups_document
from tests.gateway.world import FORM, SF_PATH, World, open_world


def recipient(world: World) -> str:
    return json.loads(world.sf.last.form["msgData"])["contactInfoList"][1]["tel"]


async def booked_and_cancelled(world: World) -> None:
    """Fill the pool, then cancel an order, so that its number begins to rest."""
    first = sf_document()
    await world.sf_order(first)
    while (await world.sf_order(sf_document())).status == 200:
        pass
    body = sf_form({"orderId": first["orderId"], "dealType": 2}, service="EXP_RECE_UPDATE_ORDER")
    assert (await world.call("POST", SF_PATH, body=body, headers=FORM)).status == 200


async def test_a_carrier_s_own_pool_comes_before_everybody_s(own_world: World) -> None:
    await own_world.op("numbers.add", pool="sf", numbers=["95018880001"], carrier="sf-express")
    await own_world.sf_order(sf_document())
    assert recipient(own_world).startswith("95018880001-")
    await own_world.ups_order(ups_document())
    assert b"95018880001" not in own_world.ups.last.body


async def test_a_pool_of_another_carrier_is_not_touched(tmp_path: Path) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1) as own:
        await own.op("numbers.add", pool="ups", numbers=["95018880001"], carrier="ups")
        answers = [await own.sf_order(sf_document()) for _ in range(6)]
        assert answers[-1].code == "pool_exhausted"


async def test_what_is_bound_stays_bound_over_a_restart(tmp_path: Path) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1) as own:
        for _ in range(3):
            await own.sf_order(sf_document())
        live = own.service.desk.status()["first"]["live"]
        await own.restart()
        assert own.service.desk.status()["first"]["live"] == live == 4
        codes = [(await own.sf_order(sf_document())).code for _ in range(3)]
        assert codes == ["", "pool_exhausted", "pool_exhausted"]
        sent = [json.loads(one.form["msgData"])["contactInfoList"][1]["tel"] for one in own.sf.received]
        assert len(sent) == len(set(sent)) == 4


async def test_the_blocks_of_a_number_are_held_as_one_with_what_is_used_of_them(tmp_path: Path) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=4) as own:
        for _ in range(3):
            await own.sf_order(sf_document())
        await own.restart()

        assert "<Pool 1 blocks, 4 live, 0 cooling, 5000 usable>" in repr(own.service.desk)
        assert own.service.desk.status()["first"]["slots"] == 10_000
        for _ in range(3):
            assert (await own.sf_order(sf_document())).status == 200
        sent = [json.loads(one.form["msgData"])["contactInfoList"][1]["tel"] for one in own.sf.received]
        assert len(sent) == len(set(sent)) == 6


async def test_numbers_added_while_serving_are_leased_at_once(tmp_path: Path) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1) as own:
        while (await own.sf_order(sf_document())).status == 200:
            pass
        made = await own.op("numbers.add", pool="first", numbers=["95013990010", "95013990009"])
        assert made == {"pool": "first", "added": 1, "known": 1}
        assert (await own.sf_order(sf_document())).status == 200


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"numbers": []}, "numbers"),
        ({"numbers": ["1"]}, "numbers"),
        ({"numbers": ["9" * 16]}, "numbers"),
        ({"numbers": ["95013990099", "95013990099"]}, "numbers"),
        ({"numbers": ["950139900ab"]}, "numbers"),
        ({"numbers": ["95013990099"], "scheme": "nonsense"}, "scheme"),
        ({"numbers": ["95013990099"], "ext_digits": 9}, "ext_digits"),
    ],
)
async def test_numbers_that_are_none_are_refused_by_name(
    own_world: World, params: dict[str, object], path: str
) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("numbers.add", pool="x", **params)
    assert (refused.value.code, refused.value.path) == ("bad_argument", path)


async def test_an_order_that_fails_gives_its_number_to_rest(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    before = own_world.service.desk.status()["first"]
    await own_world.sf_order(sf_document(custReferenceNo="13900090817"))
    after = own_world.service.desk.status()["first"]
    assert (after["live"], after["cooling"]) == (before["live"], before["cooling"] + 1)


async def test_numbers_at_home_in_the_recipient_s_region_come_first_and_serve_nobody_elsewhere(
    own_world: World,
) -> None:
    document = sf_document()
    place = document["contactInfoList"][1]["address"][:2]
    await own_world.op("numbers.add", pool="here", numbers=["95018880001"], region=place)
    await own_world.op("numbers.add", pool="there", numbers=["95018880002"], region="拉萨", carrier="sf-express")
    await own_world.sf_order(document)
    assert recipient(own_world).startswith("95018880001-")


@pytest.mark.parametrize(
    ("region", "lies"),
    [
        ("CN", True),
        ("浙江", True),
        ("浙江省", True),
        ("杭州市", True),
        ("西湖", True),
        ("浙江省杭州市", False),
        ("上海", False),
        ("US", False),
    ],
)
def test_a_region_is_a_country_or_a_place_by_any_spelling(region: str, lies: bool) -> None:
    assert in_region(region, PostalAddress("CN", "浙江省", "杭州", "西湖区", "文三路1号")) is lies


@pytest.mark.parametrize(
    ("region", "state"),
    [("广西", "广西壮族自治区"), ("内蒙古", "内蒙古自治区"), ("广西壮族自治区", "广西"), ("香港", "香港特别行政区")],
)
def test_autonomous_regions_are_known_by_their_short_names(region: str, state: str) -> None:
    assert in_region(region, PostalAddress("CN", state)) is (region != "广西壮族自治区")


@pytest.mark.parametrize(("region", "lies"), [("杭州", True), ("浙江省杭州", True), ("文", False), ("上海", False)])
def test_in_an_address_of_one_line_the_region_stands_at_the_beginning(region: str, lies: bool) -> None:
    line = "浙江省杭州市西湖区文三路1号某某花园三期之上海公馆"
    assert in_region(region, PostalAddress("CN", street=line)) is lies


async def test_an_order_waits_for_a_number_that_has_nearly_rested(tmp_path: Path) -> None:
    rest = timedelta(seconds=2)
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1, exhaustion="queue", quarantine=rest) as own:
        await booked_and_cancelled(own)
        waiting = asyncio.ensure_future(own.sf_order(sf_document()))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        own.clock.turn(rest)
        assert (await waiting).status == 200


async def test_an_order_that_would_wait_too_long_is_told_when_to_come_again(tmp_path: Path) -> None:
    rest = timedelta(hours=1)
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1, exhaustion="queue", quarantine=rest) as own:
        await booked_and_cancelled(own)
        answer = await own.sf_order(sf_document())
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "pool_exhausted", "3600")


async def test_a_number_that_is_not_filed_is_bound_but_not_callable(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    x, _, ext = recipient(own_world).partition("-")
    caller = "13811112222"
    assert (await own_world.ring(caller, x, ext))["action"] == "connect"
    await own_world.op("numbers.set", numbers=[x], filing="pending")
    refused = await own_world.ring(caller, x, ext)
    assert (refused["action"], refused["reason"]) == ("reject", "not_ready")
    await own_world.op("numbers.set", numbers=[x], filing="callable")
    assert (await own_world.ring(caller, x, ext))["action"] == "connect"


@pytest.mark.parametrize("change", [{"health": "bad"}, {"filing": "pending"}])
async def test_nothing_new_is_bound_to_an_unfit_number_not_even_after_a_restart(
    tmp_path: Path, change: dict[str, str]
) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=2) as own:
        await own.sf_order(sf_document())
        x, _, ext = recipient(own).partition("-")
        await own.op("numbers.set", numbers=[x], **change)
        assert (await own.sf_order(sf_document())).code == "pool_exhausted"
        await own.restart()
        assert (await own.sf_order(sf_document())).code == "pool_exhausted"
        if "health" in change:
            assert (await own.ring("13811112222", x, ext))["action"] == "connect", "what is bound lives on"
        status = {row["pool"]: row for row in await own.op("numbers.status")}["first"]
        assert (status["pending"], status["bad"]) == (int("filing" in change), int("health" in change))
        await own.op("numbers.set", numbers=[x], health="good", filing="callable")
        assert (await own.sf_order(sf_document())).status == 200


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"filing": "lost"}, "filing"),
        ({"health": "ill"}, "health"),
        ({}, "filing"),
        ({"numbers": ["95000000000"], "health": "bad"}, "numbers"),
    ],
)
async def test_what_cannot_be_set_changes_nothing(own_world: World, params: dict[str, object], path: str) -> None:
    await own_world.sf_order(sf_document())
    x = recipient(own_world).partition("-")[0]
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("numbers.set", **({"numbers": [x]} | params))
    assert refused.value.path == path
    assert (await own_world.sf_order(sf_document())).status == 200
