"""A unit is a value: rows in their tables' column order, and entries."""

from __future__ import annotations

from gateway.store.unit import Unit
from tests.gateway.store.rows import order


def test_a_unit_tells_its_tables_and_none_of_its_values() -> None:
    unit = order("shp_1")
    assert repr(unit) == "<Unit 3 rows in bindings, shipments, vault, 1 audit entries>"
    assert repr(Unit()) == "<Unit 0 rows in nothing, 0 audit entries>"


def test_every_row_has_a_value_for_each_column() -> None:
    for table, values in order("shp_1").rows:
        assert len(values) == len(table.columns), table.name
