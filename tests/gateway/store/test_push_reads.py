"""What waits to be told, a binding's legs, and a chore that one process at a time may do; on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from gateway.flows.push_outbox import push_row
from gateway.store import push_reads
from gateway.store.tables import bindings, pushes
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from virtual_numbers.binding import Slot, State
from virtual_numbers.legs import Leg, LegState

SLOT = Slot("17000000001", "042", 0)
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
MS = int(AT.timestamp() * 1000)


def binding(slot: Slot = SLOT, *, until: int | None = MS + 1000) -> tuple[Any, ...]:
    rest = ("sf-express", "recipient", "axn-ext", b"p" * 16, b"o" * 16, MS, until, "bound")
    return (*slot, "shop_a", f"shp_{slot.ext}", *rest)


async def keep(store: Store, *rows: tuple[Any, tuple[Any, ...]]) -> None:
    await store.commits.commit(Unit(list(rows)))


async def test_a_case_has_everything_that_bears_on_the_legs(store: Store) -> None:
    bind, later = push_row(SLOT, "shop_a", "bind", MS), push_row(SLOT, "shop_a", "narrow", MS + 1, "cou_1")
    await keep(store, (bindings, binding()), (pushes, bind), (pushes, later))
    leg = Leg(bind[0], "north", LegState.UP, "h1", *SLOT[:2], AT, 2, AT, True, "provider_retry", "cou_1")
    for _ in range(2):
        await store.database.write(lambda c: push_reads.save_leg(c, SLOT, "shop_a", leg, MS))
    case = await store.database.read(lambda c: push_reads.case(c, SLOT))

    assert case is not None and case.legs == (leg,) and case.binding.state is State.BOUND
    assert (case.out_id, set(case.waiting), case.since, case.courier) == (bind[0], {bind[0], later[0]}, MS, "cou_1")
    assert (case.pool, case.filed, case.state_at) == ("", False, MS - 1)
    assert await store.database.read(lambda c: push_reads.case(c, SLOT._replace(turn=1))) is None


async def test_the_longest_waiting_comes_first_and_each_binding_once(store: Store) -> None:
    slots = [SLOT._replace(ext=f"{n:03d}") for n in range(3)]
    rows = [push_row(slot, "shop_a", "bind", MS - n) for n, slot in enumerate(slots)]
    await keep(store, *((pushes, row) for row in rows), (pushes, push_row(slots[0], "shop_a", "extend", MS)))

    async def due(now: int) -> list[Slot]:
        return await store.database.read(lambda c: push_reads.due_slots(c, now, 9))

    assert await due(MS) == slots[::-1] and await due(MS - 1) == slots[:0:-1]
    await store.database.write(lambda c: push_reads.settle(c, (rows[1][0],), state="done"))
    await store.database.write(lambda c: push_reads.put_off(c, slots[2], MS + 5))
    assert await due(MS) == [slots[0]]
    assert await store.database.read(push_reads.unsettled) == {"waiting": 3, "dead": 0}


async def test_dead_letters_are_settled_by_a_repair(store: Store) -> None:
    row = push_row(SLOT, "shop_a", "bind", MS)
    await keep(store, (pushes, row))
    await store.database.write(lambda c: push_reads.settle(c, (row[0],), state="dead"))
    await store.database.write(lambda c: push_reads.revive(c, SLOT, MS))
    assert await store.database.read(push_reads.unsettled) == {"waiting": 0, "dead": 0}
    assert await store.database.read(lambda c: push_reads.is_pushed(c, SLOT))


async def test_a_leg_that_runs_out_before_its_binding_is_named_until_something_waits(store: Store) -> None:
    long, short = SLOT, SLOT._replace(ext="043")
    await keep(store, (bindings, binding(long, until=None)), (bindings, binding(short, until=MS)))
    for slot in (long, short):
        up = Leg("psh_1", "north", LegState.UP, "h", *slot[:2], AT)
        await store.database.write(lambda c, slot=slot, up=up: push_reads.save_leg(c, slot, "shop_a", up, MS))  # type: ignore[misc]

    async def out(now: int, before: int) -> list[Slot]:
        found = await store.database.read(lambda c: push_reads.running_out(c, now, before, 9))
        return [slot for slot, _tenant in found]

    assert await out(MS, MS) == [] and await out(MS, MS + 1) == [long]
    assert set(await out(MS + 200_000, MS + 200_001)) == {long, short}, "over there, whatever we thought"
    await keep(store, (pushes, push_row(long, "shop_a", "extend", MS)))
    assert await out(MS, MS + 1) == []


async def test_a_report_names_its_binding_by_our_id_or_the_provider_s(store: Store) -> None:
    await keep(store, (bindings, binding()))
    leg = replace(Leg("psh_1", "north", LegState.ENDED, "h1", *SLOT[:2]))
    await store.database.write(lambda c: push_reads.save_leg(c, SLOT, "shop_a", leg, MS))

    async def payer(name: str) -> tuple[str, str, str] | None:
        return await store.database.read(lambda c: push_reads.payer_of_push(c, name))

    assert await payer("psh_1") == await payer("h1") == ("shop_a", "shp_042", "sf-express")
    assert await payer("h2") is None
    assert await store.database.read(lambda c: push_reads.handles_on(c, "north", SLOT.x)) == {"h1"}


async def test_one_process_at_a_time_does_a_chore(store: Store) -> None:
    async def take(holder: str, now: int, **more: bool) -> bool:
        return await store.database.write(
            lambda c: push_reads.take_lease(c, "push", holder=holder, now=now, until=now + 10, **more)
        )

    assert await take("p1", 100) and not await take("p2", 105) and await take("p1", 105)
    assert not await take("p1", 106, renew=False)
    assert not await take("p2", 115) and await take("p2", 116) and not await take("p1", 117)


async def test_what_is_due_is_found_without_walking_all_that_was_ever_told(store: Store) -> None:
    if store.database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses its plan by the table's size")
    statement = push_reads.due_statement(MS, 9).compile(dialect=store.database.dialect)

    def plan(connection: Connection) -> str:
        values = tuple(statement.params[name] for name in statement.positiontup or ())
        return repr(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())

    assert "ix_pushes_waiting" in await store.database.read(plan)


async def test_an_account_s_legs_are_counted_by_state(store: Store) -> None:
    for n, state in enumerate([LegState.UP, LegState.UP, LegState.DOWN]):
        slot = SLOT._replace(ext=f"{n:03d}")
        await store.database.write(
            lambda c, slot=slot, state=state: push_reads.save_leg(c, slot, "shop_a", Leg("psh", "north", state), MS)  # type: ignore[misc]
        )
    assert await store.database.read(push_reads.figures) == {"north": {"up": 2, "down": 1}}
