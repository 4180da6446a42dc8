"""A change that is no row to add: in one transaction with what tells of it, and where it declines, undone alone."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, select

from gateway.store.errors import Conflict, StoreUnavailable
from gateway.store.tables import vault
from gateway.store.unit import Unit
from masking.errors import VeilwayError
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import order, told
from tests.gateway.store.test_group_commit import count, verdict


class Declined(VeilwayError):
    code = "declined"


async def test_a_change_and_what_tells_of_it_are_one_transaction(store: Store) -> None:
    def rename(connection: Connection) -> list[bytes]:
        connection.execute(vault.update().values(kid=9))
        return [told("shp_1", "order.changed")]

    await store.commits.commit(order("shp_1"))
    await store.commits.commit(Unit(work=rename))
    assert await verdict(store) == 2
    assert await store.database.read(lambda c: c.execute(select(vault.c.kid)).scalar()) == 9


async def test_a_change_that_declines_is_undone_alone_and_leaves_no_entry(store: Store) -> None:
    def half(connection: Connection) -> list[bytes]:
        connection.execute(vault.update().values(kid=9))
        raise Declined("not like this")

    def broken(_connection: Connection) -> list[bytes]:
        raise KeyError("a mistake of ours")

    units = [order("shp_1"), Unit(work=half), order("shp_2"), Unit(work=broken), order("shp_1")]
    results = await asyncio.gather(*(store.commits.commit(unit) for unit in units), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), Declined, type(None), KeyError, Conflict]
    assert (await count(store), await verdict(store)) == (2, 2)
    assert await store.database.read(lambda c: set(c.execute(select(vault.c.kid)).scalars())) == {1}


async def test_a_store_that_fails_within_a_change_fails_the_batch(store: Store) -> None:
    def strange(connection: Connection) -> list[bytes]:
        connection.exec_driver_sql("UPDATE nowhere SET a = 1")
        return []

    results = await asyncio.gather(
        *(store.commits.commit(unit) for unit in (order("shp_1"), Unit(work=strange))), return_exceptions=True
    )
    assert [type(result) for result in results] == [StoreUnavailable, StoreUnavailable]
    await store.commits.commit(order("shp_1"))
    assert (await count(store), await verdict(store)) == (1, 1)
