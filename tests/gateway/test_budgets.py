"""A carrier's quota of reveals and budget of people, as scans over the wire meet them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from masking.policy_load import load_policy
from tests.gateway.orders import CONSIGNEE, consignee, sf_document
from tests.gateway.world import World, open_world

BUILT_IN = Path(__file__).parents[2] / "masking" / "scopes.toml"
DOOR = CONSIGNEE.door[-6:]


def bound(world: World, **terms: int) -> None:
    """Agree with SF on bounds, as the folder's scopes.toml would."""
    lines = "".join(f"{name} = {value}\n" for name, value in terms.items())
    world.service.policy = load_policy(f"{BUILT_IN.read_text('utf-8')}\n[terms.sf-express]\n{lines}")


async def at_station(world: World, to: Any = CONSIGNEE) -> str:
    number = (await world.sf_order(sf_document(to=to))).waybill
    await world.scan(await world.courier("station"), waybill=number)
    return number


def door(view: Any) -> bool:
    return DOOR in json.dumps(view.json, ensure_ascii=False)


async def test_a_quota_of_reveals_counts_each_once_also_when_two_come_at_once(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        bound(own, reveals_per_parcel=2)
        number, token = await at_station(own), await own.courier("station")
        asked = {"waybill": number, "reason": "address_unclear"}
        first, again = [await own.scan(token, scan_id="a", **asked) for _ in range(2)]
        assert door(first) and door(again) and first.json["scan"] == again.json["scan"]
        both = await asyncio.gather(own.scan(token, scan_id="b", **asked), own.scan(token, scan_id="c", **asked))
        assert sorted(door(view) for view in both) == [False, True]
        assert "reveal_quota" in (await own.scan(token, **asked)).json["refused"].values()
        assert door(await own.scan(token, scan_id="a", **asked))
        assert door(await own.scan(token, **{**asked, "waybill": await at_station(own)}))


async def test_a_reveal_is_told_to_the_shop_with_reason_and_fields_and_no_value(tmp_path: Path) -> None:
    from sqlalchemy import select

    from gateway.store.tables import outbox

    async with open_world(tmp_path) as own:
        number, token = await at_station(own), await own.courier("station")
        for _ in range(2):
            await own.scan(token, waybill=number, reason="identity_check", scan_id="a")
        rows = await own.service.database.read(lambda c: [r.event for r in c.execute(select(outbox))])
        told = [event for event in map(json.loads, rows) if event["type"] == "shipment.revealed"]
        assert [event["data"]["reason"] for event in told] == ["identity_check"]
        assert told[0]["data"]["fields"] == ["recipient.name", "recipient.street"]
        assert DOOR not in json.dumps(rows, ensure_ascii=False) and CONSIGNEE.name not in str(rows)


async def test_a_budget_of_people_closes_for_new_ones_and_not_for_those_known(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        bound(own, people_per_100_parcels=0, people_grace=2)
        numbers = [await at_station(own, consignee(f"1390009{n:04d}")) for n in (1, 2, 3)]
        token = await own.courier("delivery")
        views = [await own.scan(token, waybill=number) for number in numbers]
        assert [door(view) for view in views] == [True, True, False]
        assert "people_budget" in views[2].json["refused"].values()
        assert door(await own.scan(token, waybill=numbers[0]))
        own.clock.turn(timedelta(days=1, seconds=6))
        assert door(await own.scan(token, waybill=numbers[2]))


async def test_without_terms_nothing_is_counted(tmp_path: Path) -> None:
    from sqlalchemy import func, select

    from gateway.store.tables import learned

    async with open_world(tmp_path) as own:
        await own.scan(await own.courier("delivery"), waybill=await at_station(own))
        count = select(func.count()).select_from(learned)
        assert await own.service.database.read(lambda c: c.execute(count).scalar()) == 0


pytestmark = pytest.mark.asyncio
