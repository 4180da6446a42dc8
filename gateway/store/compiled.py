"""A SELECT compiled once a dialect and run on the driver's own cursor: a hot read then costs the driver's time and little more.

SQLAlchemy writes the statement; its execution, which builds keys and result metadata anew each time, would cost several times the
point read itself. Rows are plain tuples in the statement's order. Knows statements; knows no table.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.engine import Dialect

from gateway.store.errors import StoreUnavailable

Row = tuple[Any, ...]
Statement = Select[Any] | CompoundSelect[Any]


class _Compiled:
    __slots__ = ("error", "fixed", "order", "text")

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        made = statement.compile(dialect=dialect)
        names = list(made.positiontup or ())
        self.text = str(made)
        # Values that stand in the statement itself, such as a limit.
        self.fixed = {name: value for name, value in made.params.items() if value is not None}
        self.order = itemgetter(*names) if len(names) > 1 else lambda given: (given[names[0]],) if names else ()
        self.error: type[Exception] = dialect.loaded_dbapi.Error


class Query:
    """A statement whose `bindparam`s are filled by name. Raises `StoreUnavailable`."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: Any) -> Sequence[Row]:
        """Every row."""
        name = connection.dialect.name
        made = self._compiled.get(name)
        if made is None:
            made = self._compiled[name] = _Compiled(self._statement, connection.dialect)
        # The driver's own: the pool's wrapper around it costs as much as the read of a row.
        cursor = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
        try:
            cursor.execute(made.text, made.order({**made.fixed, **values} if made.fixed else values))
            rows: Sequence[Row] = cursor.fetchall()
            return rows
        except made.error as error:
            raise StoreUnavailable(f"the store answered {type(error).__name__}") from None
        finally:
            cursor.close()

    def first(self, connection: Connection, **values: Any) -> Row | None:
        """The first row, or None; the statement gives one at most."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None
