"""Blocks of numbers: whoever holds one, nobody else does; a dead holder's fall free, and no slot is ever leased twice."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.numbers import NumberDesk
from gateway.settings import Settings
from gateway.store.database import open_database
from gateway.store.migrate import migrate
from gateway.store.number_blocks import LEASE, SHARE, Block, add_blocks, claim_blocks, let_go, renew
from gateway.store.relay_reads import all_pools
from gateway.store.tables import numbers, pools
from tests.gateway.store.conftest import Store, open_store
from tests.gateway.store.rows import NOON

XS = ("95013990001", "95013990002")


async def fill(store: Store, xs: tuple[str, ...] = XS, digits: int = 4) -> None:
    def work(connection: object) -> None:
        row = {"name": "p", "scheme": "axn-ext" if digits else "axn", "ext_digits": digits, "created_at": 1}
        connection.execute(insert(pools), row)  # type: ignore[attr-defined]
        for x in xs:
            connection.execute(
                insert(numbers), {"x": x, "pool": "p", "filing": "callable", "health": "good", "added_at": 1}
            )  # type: ignore[attr-defined]
            add_blocks(connection, x, digits)  # type: ignore[arg-type]

    await store.database.write(work)


async def claim(store: Store, holder: str, now: datetime = NOON, *, everything: bool = False) -> list[Block]:
    def work(connection: object) -> list[Block]:
        (pool,) = all_pools(connection)  # type: ignore[arg-type]
        return claim_blocks(connection, pool, holder=holder, now=now, everything=everything)  # type: ignore[arg-type]

    return await store.database.write(work)


@pytest.mark.parametrize(("digits", "blocks", "places"), [(0, 1, 0), (1, 1, 10), (3, 1, 1000), (4, 10, 10_000)])
async def test_a_number_s_blocks_hold_each_extension_once(store: Store, digits: int, blocks: int, places: int) -> None:
    await fill(store, XS[:1], digits)
    found = await claim(store, "h", everything=True)
    assert len(found) == blocks
    assert sorted(ext for block in found for ext in block.extensions) == list(range(places))


async def test_two_holders_never_hold_one_block(store: Store) -> None:
    await fill(store, tuple(f"9501399{i:04d}" for i in range(20)))
    first, second = await claim(store, "a"), await claim(store, "b")
    assert len(first) == len(second) == SHARE and not set(first) & set(second)


@pytest.mark.pg
async def test_holders_that_claim_at_once_never_hold_one_block(pg_url: str) -> None:
    async with open_store(pg_url) as store:
        await fill(store, tuple(f"9501399{i:04d}" for i in range(30)))
        held = await asyncio.gather(*(claim(store, f"h{i}") for i in range(6)))
        blocks = [block for one in held for block in one]
        assert len(blocks) == len(set(blocks)) and len(blocks) >= SHARE


async def test_a_live_holder_keeps_its_blocks_and_a_dead_one_s_fall_free(store: Store) -> None:
    await fill(store)
    mine = set(await claim(store, "a"))
    assert await claim(store, "b", NOON + LEASE) == []
    await store.database.write(lambda c: renew(c, holder="a", now=NOON + LEASE))
    assert await claim(store, "b", NOON + LEASE + timedelta(seconds=1)) == []
    assert set(await claim(store, "b", NOON + 3 * LEASE)) == mine


async def test_a_holder_that_stops_in_order_gives_all_back_at_once(store: Store) -> None:
    await fill(store)
    mine = set(await claim(store, "a"))
    await store.database.write(lambda c: let_go(c, holder="a"))
    assert set(await claim(store, "b")) == mine


async def test_two_desks_never_lease_one_slot(store_url: str, tmp_path: Path) -> None:
    async with open_store(store_url) as store:
        await fill(store, tuple(f"9501399{i:04d}" for i in range(20)))
        settings = dataclasses.replace(Settings(tmp_path), database="postgresql+asyncpg://not-opened/x", occupancy=1.0)
        desks = [NumberDesk(store.database, settings, holder=f"h{i}") for i in range(2)]
        for desk in desks:
            await desk.load(NOON)
        slots = [desk.lease("sf-express", NOON, bytes([i % 250]) * 16)[0] for i in range(2000) for desk in desks]
        assert len({(slot.x, slot.ext) for slot in slots}) == len(slots)


@pytest.mark.pg
async def test_a_store_migrates_under_two_starters_at_once(pg_url: str) -> None:
    databases = [open_database(pg_url) for _ in range(3)]
    await asyncio.gather(*(database.write(migrate) for database in databases))
    for database in databases:
        await database.close()
