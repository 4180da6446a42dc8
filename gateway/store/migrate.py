"""The schema, brought up to date by Alembic. The only way tables come into being; the migrations are package data."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

LOCK = 0x7665696C  # PostgreSQL advisory lock: two processes that start together migrate one after the other


def migrate(connection: Connection) -> None:
    """Upgrade to the newest schema, inside the caller's transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    with as_file(files("gateway.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
