"""The tables of relay numbers are reached by the schema's one name, and none of them has room for a phone."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, Table

from gateway.store import relay_tables, tables
from gateway.store.relay_tables import calls, guesses, relay_events, shown, tombstones


@pytest.mark.parametrize("table", [calls, guesses, tombstones, relay_events, shown], ids=lambda table: table.name)
def test_a_table_of_relay_numbers_is_hot_and_known_by_one_name(table: Table) -> None:
    assert table in tables.HOT and getattr(tables, table.name) is getattr(relay_tables, table.name) is table
    assert table.metadata is tables.metadata


def test_who_called_or_guessed_is_a_keyed_index_everywhere() -> None:
    keyed = (calls.c.caller, guesses.c.phone, tombstones.c.phone)
    assert [(type(column.type), column.type.length) for column in keyed] == [(LargeBinary, 16)] * 3
    assert not {column.name for column in relay_events.columns} & {"caller", "callee", "phone"}
