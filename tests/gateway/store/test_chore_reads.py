"""The chores find what is open, what is in doubt and what has run out, page by page, and pass nothing over."""

from __future__ import annotations

from sqlalchemy import select

from gateway.store import chore_reads
from gateway.store.tables import binding_states, bindings, guesses
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS, order, outcome

X = "95013990001"


async def bind(store: Store, ends: list[int]) -> None:
    unit = Unit()
    for at, end in enumerate(ends):
        ids = (X, f"{at:04d}", 0, "shop_a", f"shp_{at}", "sf-express", "recipient", "axn-ext")
        unit.add(bindings, *ids, b"p" * 16, b"o" * 16, MS, end, "callable")
    await store.commits.commit(unit)


async def all_run_out(store: Store, until: int, limit: int) -> list[str]:
    """Every extension that the chore meets, page by page."""
    met, after = [], 0
    while after < until:
        found, after = await store.database.read(lambda c, a=after: chore_reads.run_out(c, a, until, limit))
        met += [binding.ext for binding, _ in found]
    return sorted(met)


async def test_every_binding_that_ran_out_is_met_once_however_small_the_page(store: Store) -> None:
    await bind(store, [MS + 10, MS + 20, MS + 20, MS + 20, MS + 20, MS + 30, MS + 500])
    for limit in (1, 2, 3, 100):
        assert await all_run_out(store, MS + 100, limit) == ["0000", "0001", "0002", "0003", "0004", "0005"], limit


async def test_what_has_no_end_or_a_later_one_is_left_alone(store: Store) -> None:
    await bind(store, [MS + 10])
    unit = Unit()
    ids = (X, "0900", 0, "shop_a", "snd_1", "sf-express", "sender", "axn-ext")
    unit.add(bindings, *ids, b"p" * 16, b"o" * 16, MS, None, "callable")
    unit.add(binding_states, X, "0000", 0, MS + 5, "shop_a", "callable", MS + 400, None, None, None, "exception")
    await store.commits.commit(unit)
    found, _ = await store.database.read(lambda c: chore_reads.run_out(c, 0, MS + 100, 50))
    # A prolonged one stands under its first end, too; its latest state tells that it goes on.
    assert [
        (binding.ext, int(binding.expires_at.timestamp() * 1000)) for binding, _ in found if binding.expires_at
    ] == [("0000", MS + 400)]
    assert await all_run_out(store, MS + 500, 50) == ["0000"]


async def test_the_pending_are_those_without_an_outcome_in_pages(store: Store) -> None:
    for at in range(6):
        await store.commits.commit(order(f"shp_{at}"))
    for at in (1, 4):
        await store.commits.commit(outcome(f"shp_{at}", "booked", waybill=f"SF{at}"))
    met, after, more = [], "", True
    while more:
        found, after, more = await store.database.read(lambda c, a=after: chore_reads.pending(c, a, "shp_5", 2))
        met += [row.id for row in found]
    assert met == ["shp_0", "shp_2", "shp_3"]


async def test_the_unknown_are_those_whose_latest_outcome_says_so(store: Store) -> None:
    for at in range(3):
        await store.commits.commit(order(f"shp_{at}"))
        await store.commits.commit(outcome(f"shp_{at}", "unknown"))
    await store.commits.commit(outcome("shp_1", "booked", seq=2, waybill="SF1"))
    found = await store.database.read(lambda c: chore_reads.unknown(c, "shp_9", 10))
    assert [row.id for row in found] == ["shp_2", "shp_0"]
    assert [row.id for row in await store.database.read(lambda c: chore_reads.unknown(c, "shp_2", 1))] == ["shp_0"]


async def test_guesses_that_count_no_more_are_deleted_a_page_at_a_time(store: Store) -> None:
    unit = Unit()
    for n in range(7):
        unit.add(guesses, "95013990001", b"c" * 16, MS + n, "", 1)
    await store.commits.commit(unit)
    gone = [await store.database.write(lambda c: chore_reads.forget_guesses(c, MS + 5, 3)) for _ in range(3)]
    assert gone == [3, 2, 0]
    left = await store.database.read(lambda c: [at for (at,) in c.execute(select(guesses.c.at))])
    assert sorted(left) == [MS + 5, MS + 6]
