"""What waits for providers names a binding and nothing else, and stands beside the change or not at all."""

from __future__ import annotations

from gateway.flows.push_outbox import push_row, put_push
from gateway.store.tables import pushes
from gateway.store.unit import Unit
from tests.gateway.orders import sf_document
from tests.gateway.pushed import Towns
from tests.gateway.world import World
from virtual_numbers.binding import Slot

SLOT = Slot("17000000001", "042", 3)


def test_a_row_has_every_column_in_order() -> None:
    row = push_row(SLOT, "shop_a", "narrow", 7, "cou_1")
    named = dict(zip((column.name for column in pushes.columns), row, strict=True))

    assert named.pop("id").startswith("psh_")
    assert named == {
        "tenant": "shop_a", "x": SLOT.x, "ext": SLOT.ext, "turn": 3, "change": "narrow", "courier": "cou_1", "attempts": 0,
        "next_at": 7, "at": 7, "state": "waiting",
    }  # fmt: skip


def test_a_unit_gets_one_row_and_no_two_have_one_id() -> None:
    unit = Unit()
    for _ in range(2):
        put_push(unit, SLOT, "shop_a", "bind", 7)
    assert len({row[0] for _table, row in unit.rows}) == 2 and {table for table, _ in unit.rows} == {pushes}


async def test_a_pool_that_is_asked_pays_no_row(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    assert await own_world.service.database.read(lambda c: c.execute(pushes.select()).all()) == []


async def test_an_order_pays_one_row_where_its_pool_is_pushed(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        await town.order()
        assert await town.states() == [("bind", "waiting")]
