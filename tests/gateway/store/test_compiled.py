"""A compiled SELECT answers as SQLAlchemy would, on both stores, and a broken store is told by kind alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, or_, select

from gateway.store.compiled import Query
from gateway.store.errors import StoreUnavailable
from gateway.store.tables import shipments
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import order

FIND = select(shipments.c.id, shipments.c.attempt).where(
    or_(shipments.c.id == bindparam("id"), shipments.c.id == bindparam("other")),
    shipments.c.attempt == bindparam("attempt"),
    shipments.c.id != bindparam("other"),
)


async def test_values_go_where_their_names_stand(store: Store) -> None:
    for number in (1, 2):
        await store.commits.commit(order(f"shp_{number}", ref=b"r" * 16, attempt=number))
    query = Query(FIND.order_by(shipments.c.id).limit(5))
    for values, rows in (
        ({"id": "shp_1", "other": "shp_2", "attempt": 1}, [("shp_1", 1)]),
        ({"id": "shp_2", "other": "shp_1", "attempt": 2}, [("shp_2", 2)]),
        ({"id": "shp_1", "other": "shp_1", "attempt": 1}, []),
    ):
        found = await store.database.read(lambda c, v=values: query.all(c, **v))
        assert [tuple(row) for row in found] == rows
        first = await store.database.read(lambda c, v=values: query.first(c, **v))
        assert (tuple(first) if first else None) == (rows[0] if rows else None)


async def test_bytes_come_back_as_they_went_in(store: Store) -> None:
    await store.commits.commit(order("shp_1", ref=b"\x00\xff" * 8))
    query = Query(select(shipments.c.ref).where(shipments.c.ref == bindparam("ref")))
    row = await store.database.read(lambda c: query.first(c, ref=b"\x00\xff" * 8))
    assert row and bytes(row[0]) == b"\x00\xff" * 8


async def test_a_table_that_is_not_there_is_a_store_s_failure(store: Store) -> None:
    nowhere = Table("nowhere", MetaData(), Column("id", Integer))
    with pytest.raises(StoreUnavailable) as caught:
        await store.database.read(lambda c: Query(select(nowhere)).all(c))
    assert "nowhere" not in str(caught.value)
