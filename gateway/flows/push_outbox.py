"""What is to be told to number providers, put beside the change it tells of: a row that names the binding and nothing personal.

The row says that a binding changed and what kind of change it was; what is sent follows from the binding as it then is
(`provider_leg.py`), so that rows may come twice, late and in any order.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, insert, select

from gateway.ids import new_id
from gateway.store.tables import binding_legs, pushes
from gateway.store.unit import Unit
from virtual_numbers.binding import Slot
from virtual_numbers.legs import LegState

Change = Literal["bind", "extend", "narrow", "unbind", "repair"]


def push_row(slot: Slot, tenant: str, change: Change, ms: int, courier: str = "") -> tuple[Any, ...]:
    """A row of `pushes`, due at once. The id of a `bind` is what every provider will echo of this binding."""
    return new_id("psh", ms), tenant, slot.x, slot.ext, slot.turn, change, courier, 0, ms, ms, "waiting"


def put_push(unit: Unit, slot: Slot, tenant: str, change: Change, ms: int, courier: str = "") -> None:
    """Add a change of a pushed binding to the unit of whatever changes it. Of a narrowing, `courier` is whom it is narrowed to."""
    unit.rows.append((pushes, push_row(slot, tenant, change, ms, courier)))


def settle_again(connection: Connection, which: ColumnElement[bool], ms: int) -> int:
    """Have the confirmed bindings that `which` (over `binding_legs`) names told and judged anew; gives how many those are."""
    rows = connection.execute(select(binding_legs).where(which, binding_legs.c.state == LegState.UP.value)).all()
    again = [push_row(Slot(row.x, row.ext, row.turn), row.tenant, "repair", ms) for row in rows]
    if again:
        columns = [column.name for column in pushes.columns]
        connection.execute(insert(pushes), [dict(zip(columns, row, strict=True)) for row in again])
    return len(again)
