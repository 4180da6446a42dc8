"""Verbs about number providers: secrets go in and never come out, what cannot work is refused by name, what is changed is on record."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.tables import provider_accounts
from masking.errors import VeilwayError
from tests.gateway.orders import consignee
from tests.gateway.pushed import SECRETS, Towns
from tests.gateway.world import World

GOOD = {"name": "north", "kind": "alibaba", "secrets": SECRETS["alibaba"]}


async def refused(world: World, verb: str, **params: Any) -> tuple[str, str | None]:
    with pytest.raises(VeilwayError) as found:
        await world.op(verb, **params)
    return found.value.code, found.value.path


async def test_an_account_is_added_changed_and_shown_without_its_secrets(own_world: World) -> None:
    made = await own_world.op("numbers.provider.add", **GOOD)
    assert made == {"account": "north", "kind": "alibaba", "endpoint": "https://dyplsapi.aliyuncs.com", "rate": 50}
    await own_world.op("numbers.provider.add", **GOOD | {"endpoint": "https://other.example/", "rate": 9})
    (row,) = await own_world.op("numbers.provider.list")
    assert (row["endpoint"], row["rate"], row["state"], row["pools"]) == ("https://other.example", 9, "good", {})

    sealed = await own_world.service.database.read(lambda c: c.execute(select(provider_accounts)).one())
    export = json.dumps(await own_world.op("audit.export", chain=f"veilway/{own_world.service.holder}"))
    for secret in ("access-secret-7719", "FC1"):
        assert secret.encode() not in bytes(sealed.secrets) and secret not in export + json.dumps(row)
    assert (await own_world.tags()).count("numbers.provider_added") == 2


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"kind": "twilio"}, ("bad_argument", "kind")),
        ({"name": ""}, ("bad_argument", "name")),
        ({"secrets": {"access_key": "ak"}}, ("config_invalid", "secret")),
        ({"secrets": SECRETS["alibaba"] | {"more": "x"}}, ("config_invalid", "secret")),
        ({"secrets": SECRETS["alibaba"] | {"pool_key": ""}}, ("config_invalid", "secret")),
        ({"endpoint": "http://provider.example"}, ("config_invalid", "base-url")),
        ({"endpoint": "https://provider.example/path"}, ("config_invalid", "endpoint")),
        ({"rate": 6000}, ("bad_argument", "rate")),
    ],
)
async def test_an_account_that_cannot_work_is_refused(
    own_world: World, change: dict[str, Any], found: tuple[str, str]
) -> None:
    assert await refused(own_world, "numbers.provider.add", **GOOD | change) == found


async def test_a_pool_is_pushed_to_known_accounts_that_take_its_extensions(own_world: World) -> None:
    await own_world.op("numbers.provider.add", **GOOD)
    await own_world.op("numbers.provider.add", name="south", kind="huawei", secrets=SECRETS["huawei"])
    use = "numbers.provider.use"
    assert await refused(own_world, use, pool="none", accounts=["north"]) == ("bad_argument", "pool")
    assert (await refused(own_world, use, pool="first", accounts=["nobody"]))[0] == "provider_account_unknown"
    assert await refused(own_world, use, pool="first", accounts=["south", "south"]) == ("bad_argument", "accounts")
    # The pool's extensions have four digits, and Alibaba takes three.
    assert await refused(own_world, use, pool="first", accounts=["south", "north"]) == ("bad_argument", "pool")
    assert await refused(
        own_world, "numbers.provider.add", **GOOD | {"kind": "huawei"} | {"secrets": SECRETS["huawei"]}
    ) == (
        "bad_argument",
        "kind",
    )
    await own_world.op(use, pool="first", accounts=["south"])
    status = {row["pool"]: row["pushed_to"] for row in await own_world.op("numbers.status")}
    assert status == {"first": ["south"]}
    await own_world.op(use, pool="first", accounts=[])
    assert (await own_world.op("numbers.status"))[0]["pushed_to"] == []


async def test_what_is_still_needed_is_not_removed(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        await town.order(to=consignee("13900090810"))
        await town.drain()
        remove = "numbers.provider.remove"
        assert await refused(town.world, remove, name="alibaba") == ("provider_in_use", "name")
        await town.world.op("numbers.provider.use", pool="first", accounts=["huawei"])
        assert await refused(town.world, remove, name="alibaba") == ("provider_in_use", "name")
        assert (await refused(town.world, remove, name="nobody"))[0] == "provider_account_unknown"
        town.world.clock.turn(town.world.service.settings.hold * 2)
        await town.world.running.flows.lifecycle.expire()
        await town.drain()

        await town.world.op(remove, name="alibaba")
        assert [row["account"] for row in await town.world.op("numbers.provider.list")] == ["huawei"]


async def test_the_list_tells_what_an_account_carries_and_how_it_does(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        await town.order()
        await town.drain()
        town.first.down = True
        for n in range(4):
            await town.order(to=consignee(f"1390009081{n}"))
        await town.drain()
        first, second = await town.world.op("numbers.provider.list")
        assert (first["pools"], second["pools"]) == ({"first": 1}, {"first": 2})
        assert (first["state"], first["up"], second["up"]) == ("down", 1, second["up"])
        assert (await refused(town.world, "numbers.provider.suspend", name="nobody"))[0] == "provider_account_unknown"
        await town.world.op("numbers.provider.suspend", name="alibaba")
        assert (await town.world.op("numbers.provider.list"))[0]["state"] == "suspended"


async def test_dead_letters_are_listed_and_tried_again(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        shipment, _, x, ext = await town.order()
        town.first.fake.faults.append("isv.BIND_CONFLICT")
        town.first.down = False
        await town.pass_time(timedelta(minutes=3))
        (letter,) = await town.world.op("numbers.pushes")
        assert (letter["shipment"], letter["state"], letter["x"]) == (shipment, "dead", x)
        assert letter["legs"] == {"alibaba": "down provider_conflict"} and ext not in json.dumps(letter).split('"')

        assert (await refused(town.world, "numbers.retry", push="psh_none"))[0] == "push_not_found"
        assert await refused(town.world, "numbers.pushes", state="lost") == ("bad_argument", "state")
        assert await town.world.op("numbers.retry", push=letter["push"]) == {"pushes": 1}
        await town.drain()
        assert len(town.first.live) == 1 and await town.world.op("numbers.pushes") == []
        assert [row["push"] for row in await town.world.op("numbers.pushes", state="done")] == [letter["push"]]
        assert await town.world.op("numbers.pushes", state="done", after=letter["push"]) == []
