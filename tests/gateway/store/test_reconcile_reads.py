"""Pages of a reconciliation: every leg that a provider may hold, every number, every binding that none carries; each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from gateway.flows.push_outbox import push_row
from gateway.store import push_reads, reconcile_reads
from gateway.store.tables import bindings, numbers, pool_accounts, pools, provider_accounts, pushes
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from virtual_numbers.binding import Slot
from virtual_numbers.legs import Leg, LegState

X = "17000000001"
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
MS = int(AT.timestamp() * 1000)
SLOTS = [Slot(X, f"{n:03d}", 0) for n in range(5)]


def binding(slot: Slot, until: int | None = MS + 1000) -> tuple[Any, ...]:
    rest = ("sf-express", "recipient", "axn-ext", b"p" * 16, b"o" * 16, MS, until, "bound")
    return (*slot, "shop_a", f"shp_{slot.ext}", *rest)


async def fill(store: Store, states: list[LegState | None], *, expires: datetime = AT) -> None:
    """A pool of one number carried by `north`, bindings on it, and a leg of each state given."""

    def configure(c: Connection) -> None:
        account = {"kind": "alibaba", "endpoint": "https://a.example", "rate": 1, "secrets": b"", "updated_at": 1}
        c.execute(insert(provider_accounts).values(name="north", **account))
        c.execute(insert(pools).values(name="p", scheme="axn-ext", ext_digits=3, created_at=1))
        c.execute(insert(pool_accounts).values(pool="p", rank=0, account="north"))
        for x in (X, "17000000002"):
            c.execute(insert(numbers).values(x=x, pool="p", added_at=1))

    await store.database.write(configure)
    await store.commits.commit(Unit([(bindings, binding(slot)) for slot, _ in zip(SLOTS, states, strict=False)]))
    for slot, state in zip(SLOTS, states, strict=False):
        if state is not None:
            handle = "" if state is LegState.DOWN else f"h{slot.ext}"
            one = Leg("psh", "north", state, handle, *slot[:2], expires)
            await store.database.write(lambda c, slot=slot, one=one: push_reads.save_leg(c, slot, "shop_a", one, MS))  # type: ignore[misc]


async def pages(store: Store, now: int, limit: int) -> list[list[str]]:
    out, after = [], list[Any]()
    while True:
        rows, after = await store.database.read(
            lambda c, after=after: reconcile_reads.legs_of_account(c, "north", after, now, limit)  # type: ignore[misc]
        )
        out.append([row.leg.handle for row in rows])
        if not after:
            return out


async def test_every_leg_that_may_stand_there_comes_once(store: Store) -> None:
    up, ending, ended, down = LegState.UP, LegState.ENDING, LegState.ENDED, LegState.DOWN
    await fill(store, [up, ending, ended, down, up])

    assert await pages(store, MS - 1, 2) == [["h000", "h001"], ["h002", "h004"], []]
    assert await pages(store, MS, 9) == [["h000", "h001", "h004"]], "the ended one has ended there by itself"
    other, _ = await store.database.read(lambda c: reconcile_reads.legs_of_account(c, "south", [], MS, 9))
    assert other == []


async def test_the_numbers_of_an_account_s_pools_come_in_order(store: Store) -> None:
    await fill(store, [])
    first = await store.database.read(lambda c: reconcile_reads.numbers_of_account(c, "north", "", 1))
    rest = await store.database.read(lambda c: reconcile_reads.numbers_of_account(c, "north", X, 9))
    assert (first, rest) == ([(X, True)], [("17000000002", True)])


async def test_a_binding_without_a_leg_up_is_lacking_unless_something_waits_or_it_is_over(store: Store) -> None:
    await fill(store, [LegState.UP, LegState.DOWN, None, None])
    await store.commits.commit(Unit([(pushes, push_row(SLOTS[3], "shop_a", "bind", MS))]))

    async def lacking(now: int) -> list[str]:
        found, _ = await store.database.read(lambda c: reconcile_reads.lacking(c, "north", [], now, 9))
        return [row.binding.ext for row in found]

    assert await lacking(MS) == ["001", "002"] and await lacking(MS + 1000) == []


async def test_an_unanswered_bind_on_a_number_is_known(store: Store) -> None:
    await fill(store, [None])
    one = Leg("psh", "north", unsure=True)
    await store.database.write(lambda c: push_reads.save_leg(c, SLOTS[0], "shop_a", one, MS))
    assert await store.database.read(lambda c: reconcile_reads.has_unsure(c, "north", X))
    assert not await store.database.read(lambda c: reconcile_reads.has_unsure(c, "north", "17000000002"))
