"""Shops: names are checked, keys are shown once, and every change is on record."""

from __future__ import annotations

import pytest

from masking.errors import VeilwayError
from tests.gateway.world import World


@pytest.mark.parametrize("name", ["", " ", "a/b", "x" * 65, "a\nb", "<script>", "a'b"])
async def test_a_strange_name_is_refused_and_not_quoted(own_world: World, name: str) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("shop.add", name=name)
    assert (refused.value.code, refused.value.path) == ("bad_argument", "name")


async def test_changes_are_on_record_with_who_made_them(own_world: World) -> None:
    await own_world.op("shop.add", name="麦田 & Co.".replace("&", "+"))
    await own_world.op("shop.key", name="First Shop", revoke=True)
    page = await own_world.op("audit.export", chain="veilway/main")
    mine = [one["entry"] for one in page["entries"] if one["entry"]["tag"].startswith("shop.")]
    assert [entry["tag"] for entry in mine] == ["shop.added", "shop.added", "shop.key_added"]
    assert {entry["actor"] for entry in mine} == {"local:test"}


async def test_a_hotline_of_too_many_digits_is_refused(own_world: World) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("shop.add", name="Long", hotline="1" * 16)
    assert refused.value.path == "hotline"
