"""Many units, one transaction: each is durable when told, fails alone, and stands in one chain of audit entries."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from gateway.store import audit_reads, reads
from gateway.store.errors import Conflict, Overloaded, StoreUnavailable
from gateway.store.group_commit import CROWD, ENOUGH, GroupCommit, load_chain
from gateway.store.tables import audit, shipments, tombstones
from gateway.store.unit import Unit
from masking.audit import Chain
from masking.audit_verify import verify_rows
from tests.gateway.store.conftest import Store, open_store
from tests.gateway.store.rows import MS, order, outcome, told


async def count(store: Store, table: object = shipments) -> int:
    return await store.database.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar() or 0)  # type: ignore[arg-type]


async def verdict(store: Store, origin: str = "veilway/main") -> int:
    """Check the chain as stored; gives how many entries it has."""
    rows = await store.database.read(lambda c: audit_reads.audit_batches(c, origin, -1, 10_000))
    found = verify_rows(rows, origin=origin, checkpoints=[])
    assert found.fault is None, found
    return found.chain.size


async def test_a_unit_is_stored_with_its_entry_when_commit_returns(store: Store) -> None:
    await store.commits.commit(order("shp_1"))
    assert await store.database.read(lambda c: reads.shipment(c, "shp_1"))
    assert await verdict(store) == 1


async def test_a_hundred_units_at_once_share_a_few_transactions(store: Store) -> None:
    await asyncio.gather(*(store.commits.commit(order(f"shp_{i}")) for i in range(100)))
    assert await count(store) == 100 and await verdict(store) == 100
    assert store.commits.units == 100 and store.commits.batches <= 3


async def test_who_comes_within_a_turn_or_two_of_the_loop_is_taken_along(store: Store) -> None:
    async def late(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await store.commits.commit(order(f"shp_{turns}"))

    before = store.commits.batches
    await asyncio.gather(*map(late, range(6)))
    assert await count(store) == 6 and store.commits.batches == before + 1


async def test_what_a_caller_has_to_do_meanwhile_is_done_once_and_before_it_goes_on(store: Store) -> None:
    done: list[str] = []

    async def one(id: str) -> None:
        await store.commits.commit(order(id), lambda: done.append(f"meanwhile {id}"))
        done.append(f"then {id}")

    await asyncio.gather(*(one(f"shp_{i}") for i in range(5)), store.commits.commit(order("shp_9")))
    assert done == [f"{when} shp_{i}" for when in ("meanwhile", "then") for i in range(5)]
    assert await count(store) == 6


async def test_beside_a_refused_unit_each_meanwhile_is_done_at_most_once(store: Store) -> None:
    await store.commits.commit(order("shp_2"))
    done: list[int] = []
    commits = (store.commits.commit(order(f"shp_{i}"), lambda n=i: done.append(n)) for i in range(5))
    ends = await asyncio.gather(*commits, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None)] * 2 + [Conflict] + [type(None)] * 2
    assert sorted(done) in ([0, 1, 2, 3, 4], [0, 1, 3, 4])


async def test_of_many_who_wait_half_go_first_so_that_the_loop_has_work_while_the_disk_has(store: Store) -> None:
    sizes: list[int] = []
    store.commits.on_commit = lambda chain: sizes.append(store.commits.units - sum(sizes))
    await asyncio.gather(*(store.commits.commit(order(f"shp_{i}")) for i in range(2 * ENOUGH)))
    await asyncio.gather(*(store.commits.commit(order(f"shp_x{i}")) for i in range(2 * ENOUGH - 1)))
    assert sizes == [ENOUGH, ENOUGH, 2 * ENOUGH - 1]


async def test_a_crowd_that_has_something_to_do_meanwhile_goes_in_step(store: Store) -> None:
    sizes: list[int] = []
    store.commits.on_commit = lambda chain: sizes.append(store.commits.units - sum(sizes))
    for count_of in (2 * ENOUGH, 2 * CROWD):
        units = [order(f"shp_{count_of}_{i}") for i in range(count_of)]
        await asyncio.gather(*(store.commits.commit(unit, lambda: None) for unit in units))
    assert sizes == [2 * ENOUGH, CROWD, CROWD]


async def test_a_bad_unit_fails_alone(store: Store) -> None:
    await store.commits.commit(order("shp_7"))
    units = [order(f"shp_{i}") for i in range(20)]
    results = await asyncio.gather(*(store.commits.commit(unit) for unit in units), return_exceptions=True)
    assert [at for at, result in enumerate(results) if result is not None] == [7]
    assert isinstance(results[7], Conflict)
    # Its entry is as absent as its rows.
    assert await count(store) == 20 and await verdict(store) == 20


async def test_of_two_units_with_one_key_in_one_batch_the_first_stands(store: Store) -> None:
    results = await asyncio.gather(
        store.commits.commit(order("shp_a", ref=b"r" * 16)),
        store.commits.commit(order("shp_b", ref=b"r" * 16)),
        store.commits.commit(order("shp_c", ref=b"r" * 16, attempt=2)),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == ["NoneType", "Conflict", "NoneType"]
    assert await count(store) == 2


async def test_saying_again_who_knew_a_number_is_no_conflict(store: Store) -> None:
    for _ in range(2):
        unit = Unit()
        unit.add(tombstones, "95013990001", b"p" * 16, "0001", 0, "shop_a", MS)
        await store.commits.commit(unit)
    assert await count(store, tombstones) == 1


async def test_entries_without_rows_and_rows_without_entries_are_both_written(store: Store) -> None:
    await store.commits.commit(Unit(entries=[told("x"), told("y")]))
    bare = order("shp_1")
    bare.entries.clear()
    await store.commits.commit(bare)
    assert (await verdict(store), await count(store)) == (2, 1)


async def test_a_cancelled_caller_does_not_cancel_the_write(store: Store) -> None:
    task = asyncio.create_task(store.commits.commit(order("shp_1")))
    await asyncio.sleep(0)
    task.cancel()
    await store.commits.commit(order("shp_2"))
    assert task.cancelled() or task.done()
    assert await count(store) == 2 and await verdict(store) == 2


async def test_the_queue_is_bounded(store_url: str) -> None:
    async with open_store(store_url, limit=5) as small:
        results = await asyncio.gather(
            *(small.commits.commit(order(f"shp_{i}")) for i in range(9)), return_exceptions=True
        )
        refused = [at for at, result in enumerate(results) if isinstance(result, Overloaded)]
        assert refused == [5, 6, 7, 8]
        assert await count(small) == 5
        await small.commits.commit(order("shp_9"))


async def test_what_was_accepted_before_closing_is_written_and_nothing_after(store_url: str) -> None:
    async with open_store(store_url) as closing:
        waiting = [asyncio.create_task(closing.commits.commit(order(f"shp_{i}"))) for i in range(3)]
        await asyncio.sleep(0)
        closing.commits.close()
        await asyncio.gather(*waiting)
        with pytest.raises(Overloaded):
            await closing.commits.commit(order("shp_late"))
    async with open_store(store_url) as again:
        assert await count(again) == 3


async def test_the_chain_goes_on_after_a_restart(store_url: str) -> None:
    for start in range(3):
        async with open_store(store_url) as life:
            await life.commits.commit(order(f"shp_{start}"))
            chain = life.commits.chain
    async with open_store(store_url) as life:
        assert await verdict(life) == 3
        loaded = await life.database.read(lambda c: load_chain(c, "veilway/main"))
        assert chain is not None and loaded.root() == chain.root()


async def test_two_writers_have_chains_of_their_own(store_url: str) -> None:
    async with open_store(store_url, origin="veilway/p1") as life:
        await life.commits.commit(order("shp_1"))
    async with open_store(store_url, origin="veilway/p2") as life:
        await life.commits.commit(order("shp_2"))
        assert (await verdict(life, "veilway/p1"), await verdict(life, "veilway/p2")) == (1, 1)


async def test_a_listener_hears_of_the_chain_after_each_commit(store: Store) -> None:
    heard: list[Chain] = []
    store.commits.on_commit = heard.append
    await store.commits.commit(order("shp_1"))
    await store.commits.commit(outcome("shp_1", "booked", waybill="SF1"))
    assert [chain.size for chain in heard] == [1, 2]


async def test_a_store_that_goes_away_fails_the_batch_and_recovers_with_it(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'veilway.db'}") as life:
        await life.commits.commit(order("shp_1"))
        await life.database.write(lambda c: c.exec_driver_sql("ALTER TABLE vault RENAME TO gone"))
        with pytest.raises(StoreUnavailable):
            await life.commits.commit(order("shp_2"))
        await life.database.write(lambda c: c.exec_driver_sql("ALTER TABLE gone RENAME TO vault"))
        await life.commits.commit(order("shp_3"))
        assert (await count(life), await verdict(life)) == (2, 2)


async def test_its_repr_tells_its_state() -> None:
    class Nothing:
        dialect = None

    assert repr(GroupCommit(Nothing(), origin="veilway/x")).startswith("<GroupCommit 0 waiting")  # type: ignore[arg-type]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.integers(0, 8), min_size=1, max_size=24))
async def test_any_interleaving_of_units_equals_some_serial_order(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("serial")
    async with open_store(f"sqlite:///{folder / 'veilway.db'}") as life:
        units = [order(f"shp_{id}") for id in ids]
        results = await asyncio.gather(*(life.commits.commit(unit) for unit in units), return_exceptions=True)
        written = {id for id, result in zip(ids, results) if result is None}
        assert written == set(ids) and sum(result is None for result in results) == len(set(ids))
        assert (await count(life), await verdict(life)) == (len(written), len(written))
        assert await count(life, audit) <= life.commits.batches
