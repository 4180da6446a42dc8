"""The desk leases from its pools, the carrier's own before everybody's, and is built from the store at each start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from masking.errors import VeilwayError
from tests.gateway.orders import sf_document, ups_document
from tests.gateway.world import World, open_world


def recipient(world: World) -> str:
    return json.loads(world.sf.last.form["msgData"])["contactInfoList"][1]["tel"]


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
