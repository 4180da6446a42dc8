"""The rules of the schema hold for every table, whoever adds one."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects import sqlite

from gateway.store.tables import HOT, metadata

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)
PLAIN = (BigInteger, Integer, LargeBinary, SmallInteger, Text)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_are_of_types_that_both_stores_have(table: Table) -> None:
    assert [column.name for column in table.columns if not isinstance(column.type, PLAIN)] == []


@pytest.mark.parametrize("table", HOT, ids=lambda table: table.name)
def test_every_hot_row_carries_its_tenant(table: Table) -> None:
    assert "tenant" in table.columns and not table.columns["tenant"].nullable


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_moments_are_integers_of_milliseconds(table: Table) -> None:
    moments = [c for c in table.columns if c.name == "at" or c.name.endswith(("_at", "_until"))]
    assert [c.name for c in moments if not isinstance(c.type, BigInteger)] == []


@pytest.mark.parametrize("table", [t for t in TABLES if t.name.startswith("audit")], ids=lambda table: table.name)
def test_audit_tables_are_rowid_tables(table: Table) -> None:
    (key,) = table.primary_key.columns
    # SQLite makes a key the rowid itself only where it is typed exactly so.
    assert str(key.type.compile(sqlite.dialect())) == "INTEGER"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_named_after_a_personal_value_holds_bytes_sealed_or_keyed(table: Table) -> None:
    personal = {"phone", "address", "email", "street", "recipient", "consignee", "caller", "party", "owner", "peer"}
    named = [column for column in table.columns if column.name in personal]
    assert [column.name for column in named if not isinstance(column.type, LargeBinary)] == []
