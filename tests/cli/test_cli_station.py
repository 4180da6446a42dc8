"""Stations are given a place, listed, and forgotten."""

from __future__ import annotations

from tests.cli.conftest import Here


async def test_a_station_is_given_a_place_listed_and_forgotten(here: Here) -> None:
    made = await here.told("station", "add", "sf-express", "755A", "--region", "CN/广东省/深圳市", "--country", "cn")
    assert made == {"carrier": "sf-express", "station": "755A", "regions": ["CN/广东省/深圳市"], "country": "CN"}
    await here.told("station", "add", "sf-express", "755A", "--region", "CN:518", "--region", "CN/广东/东莞")
    (listed,) = await here.told("station", "list")
    assert (listed["regions"], listed["country"]) == (["CN/广东/东莞", "CN:518"], "")
    assert await here.told("station", "list", "zto") == []
    assert (await here.run("station", "add", "sf-express", "X", "--region", "Shenzhen")).err.startswith(
        "region_invalid"
    )
    assert (await here.run("station", "add", "sf-express", "X", "--country", "China-ish")).code == 1
    assert (await here.run("station", "add", "nobody", "X")).code == 1
    assert (await here.told("station", "remove", "sf-express", "755A"))["removed"]
    assert (await here.run("station", "remove", "sf-express", "755A")).code == 1
    log = (await here.run("audit", "export")).out
    assert log.count('"station.set"') == 2 and log.count('"station.removed"') == 1
