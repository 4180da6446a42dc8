"""A profile file holds what its tables say, and not a key more."""

from __future__ import annotations

import msgspec
import pytest

from carriers import profile_schema

TABLES = [
    table
    for table in vars(profile_schema).values()
    if isinstance(table, type) and issubclass(table, msgspec.Struct) and table is not profile_schema.Table
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_no_table_takes_an_unknown_key(table: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"colour": "red"}, table)


def test_words_of_effects_and_policies_are_closed() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "a", "effect": "guess", "match": {"path": "/"}}, profile_schema.OperationTable)
