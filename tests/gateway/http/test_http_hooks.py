"""The carriers' door opens to its secret alone; what it takes is bounded."""

from __future__ import annotations

import pytest

from tests.gateway.world import SECRETS, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = {"Content-Type": "application/json"}


async def test_a_push_too_large_is_refused(world: World) -> None:
    answer = await world.call("POST", world.hooks["sf-express"], key="", body=b"a" * 300_000, headers=JSON)
    assert (answer.status, answer.code) == (413, "body_too_large")


async def test_a_secret_of_strange_letters_is_the_same_nothing(world: World) -> None:
    for secret in ("%00", "x" * 3000, "é", "a b"):
        answer = await world.call("POST", f"/hooks/sf-express/{secret}", key="", body=b"{}", headers=JSON)
        assert (answer.status, answer.code) == (404, "not_found")


async def test_enabling_a_carrier_anew_closes_the_old_door(world: World) -> None:
    old = world.hooks["ups"]
    made = await world.op("carrier.enable", carrier="ups", base_url=world.ups.url, secrets=SECRETS["ups"])
    assert (await world.call("POST", old, key="", body=b"{}", headers=JSON)).code == "not_found"
    assert (await world.call("POST", made["hook"], key="", body=b"{}", headers=JSON)).code != "not_found"


async def test_the_door_is_for_posts(world: World) -> None:
    assert (await world.call("GET", world.hooks["sf-express"], key="")).status == 404
