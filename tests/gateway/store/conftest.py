"""A migrated store for the tests of `gateway/store`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio
from sqlalchemy import inspect

from gateway.store.database import Database, open_database
from gateway.store.group_commit import GroupCommit
from gateway.store.migrate import migrate


@dataclass
class Store:
    """A database with the newest schema and its writer at work."""

    url: str
    database: Database
    commits: GroupCommit


@asynccontextmanager
async def open_store(url: str, *, origin: str = "veilway/main", limit: int = 4096) -> AsyncIterator[Store]:
    database = open_database(url)
    if not await database.read(lambda connection: inspect(connection).has_table("shipments")):
        await database.write(migrate)
    commits = GroupCommit(database, origin=origin, limit=limit)
    writer = asyncio.create_task(commits.run())
    try:
        yield Store(url, database, commits)
    finally:
        commits.close()
        await writer
        await database.close()


@pytest_asyncio.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with open_store(store_url) as made:
        yield made
