"""The schema comes into being by migrations alone, and they give exactly the tables that the code speaks of."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select

from gateway.store.database import open_database
from gateway.store.migrate import migrate
from gateway.store.tables import bindings, metadata, relay_events


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


def upgrade(connection: Connection, revision: str) -> None:
    """Bring the schema as far as one revision."""
    with as_file(files("gateway.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


async def test_reports_of_before_get_the_shop_that_their_shipment_tells(empty_url: str) -> None:
    database = open_database(empty_url)
    await database.write(lambda connection: upgrade(connection, "0001"))
    binding = "INSERT INTO bindings VALUES ('{}', '{}', {}, '{}', 's', 'c', 'recipient', 'axn-ext', {}, {}, {}, 999)"
    report = "INSERT INTO relay_events VALUES ('p', '{}', 'ended', '{}', '{}', '{}', '', '', NULL, {})"
    digest = "'0123456789abcdef'" if database.dialect.name == "sqlite" else "'\\x00'"
    document = "INSERT INTO shipments VALUES ('shp_9', 'shop_c', 'c', 'create', NULL, 1, {}, '{{}}', 1)"
    for statement in (
        document.format(digest),
        binding.format("9501", "0001", 0, "shop_a", digest, digest, 10),
        binding.format("9501", "0001", 1, "shop_b", digest, digest, 100),
        report.format("first", "9501", "0001", "", 50),
        report.format("second", "9501", "0001", "", 100),
        report.format("early", "9501", "0001", "", 9),
        report.format("bare", "9501", "", "", 100),
        report.format("named", "", "", "shp_9", 100),
        report.format("nobody", "9599", "0001", "x", 100),
    ):
        await database.write(lambda connection, said=statement: connection.exec_driver_sql(said))
    await database.write(migrate)
    found = await database.read(
        lambda connection: connection.execute(select(relay_events.c.call, relay_events.c.tenant)).all()
    )
    told = {"first": "shop_a", "second": "shop_b", "early": "", "bare": "", "named": "shop_c", "nobody": ""}
    assert dict(map(tuple, found)) == told
    await database.close()


async def test_bindings_of_before_stand_in_the_lean_table(empty_url: str) -> None:
    database = open_database(empty_url)
    await database.write(lambda connection: upgrade(connection, "0006"))
    digest = "'0123456789abcdef'" if database.dialect.name == "sqlite" else "'\\x00'"
    binding = f"INSERT INTO bindings VALUES ('9501', '{{}}', 0, 't', 's', 'c', 'sender', 'axn-ext', {digest}, {digest}, {{}}, {{}}, 'bound')"
    for statement in (binding.format("0001", 20, 99), binding.format("0002", 10, "NULL")):
        await database.write(lambda connection, said=statement: connection.exec_driver_sql(said))

    await database.write(migrate)
    rows = select(bindings.c.ext, bindings.c.bound_at, bindings.c.expires_at, bindings.c.state).order_by(bindings.c.ext)
    assert await database.read(lambda c: [tuple(row) for row in c.execute(rows)]) == [
        ("0001", 20, 99, "bound"),
        ("0002", 10, None, "bound"),
    ]
    sqlite = database.dialect.name == "sqlite"
    told = "SELECT sql FROM sqlite_master WHERE name" if sqlite else "SELECT indexdef FROM pg_indexes WHERE indexname"

    def made(connection: Connection, name: str) -> str:
        return str(connection.exec_driver_sql(f"{told} = '{name}'").scalar())

    assert "expires_at IS NULL" in await database.read(lambda c: made(c, "ix_bindings_owner"))
    if sqlite:
        assert "WITHOUT ROWID" not in await database.read(lambda c: made(c, "bindings"))
    await database.close()
