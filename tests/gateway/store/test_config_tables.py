"""Tables of configuration keep the schema's rules: no secret and no phone in clear, a key for every row."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, Table

from gateway.store import config_tables
from gateway.store.config_tables import metadata

TABLES = [table for table in vars(config_tables).values() if isinstance(table, Table)]
NEVER_TEXT = ("secret", "secrets", "phone", "owner", "digest", "token_digest", "hook_digest", "webhook_secret")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_a_key_and_stands_in_the_one_schema(table: Table) -> None:
    assert list(table.primary_key.columns)
    assert metadata.tables[table.name] is table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_secret_or_a_phone_is_bytes_and_so_sealed_or_keyed(table: Table) -> None:
    for column in table.columns:
        if column.name in NEVER_TEXT:
            assert isinstance(column.type, LargeBinary), f"{table.name}.{column.name}"
