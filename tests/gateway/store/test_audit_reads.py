"""The stored log comes back batch by batch, in order, chain by chain."""

from __future__ import annotations

from gateway.store import audit_reads
from tests.gateway.store.conftest import Store, open_store
from tests.gateway.store.rows import order


async def test_batches_come_in_order_and_in_pages(store: Store) -> None:
    for at in range(5):
        await store.commits.commit(order(f"shp_{at}"))
    first = await store.database.read(lambda c: audit_reads.audit_batches(c, "veilway/main", -1, 3))
    rest = await store.database.read(lambda c: audit_reads.audit_batches(c, "veilway/main", first[-1].first_seq, 3))
    assert [batch.first_seq for batch in first + rest] == [0, 1, 2, 3, 4]


async def test_every_chain_is_listed(store_url: str) -> None:
    for name in ("b", "a"):
        async with open_store(store_url, origin=f"veilway/{name}") as life:
            await life.commits.commit(order(f"shp_{name}"))
    async with open_store(store_url) as life:
        assert await life.database.read(audit_reads.audit_origins) == ["veilway/a", "veilway/b"]
        assert await life.database.read(lambda c: audit_reads.audit_notes(c, "veilway/a")) == []


async def test_the_newest_rows_come_first_and_page_backwards(store: Store) -> None:
    for at in range(5):
        await store.commits.commit(order(f"shp_{at}"))
    first = await store.database.read(lambda c: audit_reads.newest_rows(c, 0, 3))
    rest = await store.database.read(lambda c: audit_reads.newest_rows(c, first[-1][0], 3))
    assert [id for id, _ in first + rest] == sorted((id for id, _ in first + rest), reverse=True)
    assert [b"shp_4" in first[0][1], b"shp_0" in rest[-1][1], len(first + rest)] == [True, True, 5]
