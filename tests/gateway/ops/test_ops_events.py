"""Dead letters are listed and tried again, on record; nobody else's are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from gateway import audit_log
from gateway.flows.deliver import put
from gateway.ops.events import page_length
from gateway.ops.registry import OpRefused
from gateway.store.tables import outbox
from gateway.store.unit import Unit
from masking.errors import VeilwayError
from tests.gateway.world import World


async def dead(world: World, count: int = 2) -> str:
    """So many dead letters of the first shop; gives its name."""
    shop = (await world.op("shop.list"))[0]
    unit = Unit()
    for _ in range(count):
        put(unit, tenant=shop["shop"], shipment="shp_1", type="shipment.stage", now=world.clock(), stage="delivered")
    await world.service.commit(unit)
    await world.service.database.write(lambda c: c.execute(update(outbox).values(state="dead", attempts=11)))
    return str(shop["name"])


async def test_dead_letters_are_listed_and_tried_again(own_world: World) -> None:
    name = await dead(own_world)
    first, second = await own_world.op("shop.events", name=name)
    assert first["event"] > second["event"] and first["body"]["data"] == {"shipment": "shp_1", "stage": "delivered"}
    assert (await own_world.op("shop.retry", name=name, event=first["event"]))["events"] == 1
    assert [row["event"] for row in await own_world.op("shop.events", name=name)] == [second["event"]]
    assert (await own_world.op("shop.retry", name=name))["events"] == 1
    page = await audit_log.page(own_world.service, "", -1)
    entries = [row["entry"] for row in page["entries"]]
    assert [e["detail"] for e in entries if e["tag"] == "shop.events_retried"] == [{"events": 1}, {"events": 1}]


async def test_what_is_no_dead_letter_is_not_sent_again_and_not_on_record(own_world: World) -> None:
    name = await dead(own_world, 0)
    size = (await audit_log.verify(own_world.service))["entries"]
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("shop.retry", name=name, event="evt_nothing")
    assert refused.value.code == "event_not_found"
    assert (await audit_log.verify(own_world.service))["entries"] == size


@pytest.mark.parametrize("given", ["0", "201", "-1", "x", "1e2", "²"])
def test_a_page_has_a_length(given: str) -> None:
    with pytest.raises(OpRefused):
        page_length(given)


@pytest.mark.parametrize("params", [{"state": "lost"}, {"limit": 0.5}, {"name": "Nobody"}])
async def test_bad_arguments_are_named(own_world: World, params: dict[str, Any]) -> None:
    name = await dead(own_world, 0)
    with pytest.raises(OpRefused):
        await own_world.op("shop.events", **({"name": name} | params))
