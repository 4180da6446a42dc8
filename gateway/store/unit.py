"""A write is a value: what one request wants durable, all of it or nothing. Knows rows; knows no connection.

A flow builds a `Unit` and awaits `GroupCommit.commit`; who shares the transaction is no flow's business. The audit entries
of the unit stand in the same transaction as its rows: what is not on record did not happen, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table


@dataclass(slots=True)
class Unit:
    """Rows by table, as tuples in the table's column order, and finished audit entries (canonical JSON)."""

    rows: list[tuple[Table, Sequence[Any]]] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    work: Callable[[Connection], Sequence[bytes]] | None = None
    """A rare change that is no row to add: run in the unit's transaction, after its rows; gives further audit entries. Where it
    raises, this unit alone is undone and its caller gets what was raised. It may be run twice, so it changes nothing but the store."""

    def add(self, table: Table, *values: Any) -> None:
        """Want one more row; `values` in the order of the table's columns, all of them."""
        self.rows.append((table, values))

    def record(self, entry: bytes) -> None:
        """Want one more audit entry."""
        self.entries.append(entry)

    def __repr__(self) -> str:
        tables = ", ".join(sorted({table.name for table, _ in self.rows})) or "nothing"
        return f"<Unit {len(self.rows)} rows in {tables}, {len(self.entries)} audit entries>"
