"""A SELECT compiled once a dialect: a hot read then costs the driver's time and little more. Knows statements; knows no table.

SQLAlchemy's own cache still builds keys and result metadata for every execution, several times the cost of a point read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    order: Sequence[str]
    fixed: Mapping[str, Any]
    """Values that stand in the statement itself, such as a limit."""


class Query:
    """A statement whose `bindparam`s are filled by name. Rows come as the driver gives them: text, integers and bytes."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def _for(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            made = self._statement.compile(dialect=dialect)
            found = self._compiled[dialect.name] = _Compiled(str(made), made.positiontup or (), made.params)
        return found

    def all(self, connection: Connection, **values: Any) -> Sequence[Any]:
        """Every row."""
        made = self._for(connection)
        given = {**made.fixed, **values}
        return connection.exec_driver_sql(made.text, tuple(given[name] for name in made.order)).fetchall()

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """The first row, or None."""
        made = self._for(connection)
        given = {**made.fixed, **values}
        return connection.exec_driver_sql(made.text, tuple(given[name] for name in made.order)).fetchone()
