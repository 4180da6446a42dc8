"""A route on its way in: bodies go out as they came, and every personal field that did is on record."""

from __future__ import annotations

import json

import pytest

from tests.gateway.orders import sf_document
from tests.gateway.world import SECRETS, World


@pytest.mark.parametrize("mode", ["report", "off"])
async def test_a_route_in_dry_run_lets_the_body_through_and_records_each_field(own_world: World, mode: str) -> None:
    await own_world.op(
        "carrier.enable",
        carrier="sf-express",
        base_url=own_world.service.routes["sf-express"].base_url,
        secrets=SECRETS["sf-express"],
        options={"mode": mode},
    )
    document = sf_document()

    answer = await own_world.sf_order(document)

    assert answer.status == 200
    assert json.loads(own_world.sf.last.form["msgData"])["contactInfoList"] == document["contactInfoList"]
    entries = (await own_world.op("audit.export", chain=f"veilway/{own_world.service.holder}"))["entries"]
    sealed = next(e["entry"]["detail"] for e in entries if e["entry"]["tag"] == "order.sealed")
    assert sealed["mode"] == mode
    assert any("phone" in granted for granted in sealed["granted"])


async def test_an_unknown_mode_is_refused_by_name(own_world: World) -> None:
    with pytest.raises(Exception, match="mode"):
        await own_world.op(
            "carrier.enable",
            carrier="sf-express",
            base_url="https://carrier.example",
            secrets=SECRETS["sf-express"],
            options={"mode": "maybe"},
        )
