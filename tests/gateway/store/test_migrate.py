"""The schema comes into being by migrations alone, and they give exactly the tables that the code speaks of."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from gateway.store.database import open_database
from gateway.store.migrate import migrate
from gateway.store.tables import metadata


class Interrupted(Exception):
    """Somebody pulled the plug in the middle."""


async def test_migrating_an_empty_store_gives_the_schema_of_the_code(empty_url: str) -> None:
    database = open_database(empty_url)
    await database.write(migrate)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [found for found in compare_metadata(context, metadata) if "veilway_version" not in str(found)]

    assert await database.read(differences) == []
    await database.close()


async def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = open_database(empty_url)
    for _ in range(2):
        await database.write(migrate)
    tables = await database.read(lambda c: set(inspect(c).get_table_names()))
    assert set(metadata.tables) <= tables
    await database.close()


async def test_a_migration_that_is_not_committed_leaves_nothing(empty_url: str) -> None:
    database = open_database(empty_url)

    def work(connection: Connection) -> None:
        migrate(connection)
        raise Interrupted

    with pytest.raises(Interrupted):
        await database.write(work)
    assert await database.read(lambda c: inspect(c).get_table_names()) == []
    await database.close()
