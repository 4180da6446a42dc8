"""Shops and their keys, which are shown once."""

from __future__ import annotations

from tests.cli.conftest import Here


async def test_shops_are_added_listed_and_given_keys(here: Here) -> None:
    made = await here.told("shop", "add", "A shop", "--hotline", "400-800-1234")
    assert made["api_key"].startswith("vw_") and made["shop"].startswith("shop_")
    assert await here.told("shop", "list") == [{"shop": made["shop"], "name": "A shop", "hotline": "4008001234"}]
    again = await here.run("shop", "add", "A shop")
    assert (again.code, again.err.split(":")[0]) == (1, "bad_argument")
    other = await here.told("shop", "key", "A shop")
    assert other["api_key"] not in (made["api_key"], "")
    assert (await here.run("shop", "key", "Nobody")).code == 1


async def test_a_table_for_people_and_json_for_machines_tell_the_same(here: Here) -> None:
    await here.told("shop", "add", "A shop")
    people = await here.run("shop", "list")
    assert people.code == 0 and "A shop" in people.out and "{" not in people.out


async def test_dead_letters_are_asked_for_and_sent_again_by_one_or_all(here: Here) -> None:
    await here.told("shop", "add", "A shop")
    assert await here.told("shop", "events", "A shop") == []
    assert (await here.told("shop", "retry", "A shop", "--all"))["events"] == 0
    gone = await here.run("shop", "retry", "A shop", "evt_nothing")
    assert (gone.code, gone.err.split(":")[0]) == (1, "event_not_found")
    for words in ((), ("evt_1", "--all")):
        assert (await here.run("shop", "retry", "A shop", *words)).code == 2
