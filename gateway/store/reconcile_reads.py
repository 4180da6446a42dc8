"""Reads of a reconciliation, each a page along a key: an account's legs, its numbers, the bindings that no leg carries.

A page comes with the place that it reached, which is empty on the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, tuple_

from gateway.store import push_reads
from gateway.store.relay_reads import binding_of_turn
from gateway.store.tables import binding_legs, bindings, numbers, pool_accounts, pools, pushes
from virtual_numbers.binding import Binding, Scheme, Slot
from virtual_numbers.legs import Leg, LegState

_SLOT = ("x", "ext", "turn")


@dataclass(frozen=True, slots=True)
class LegRow:
    """A leg and the binding that it carries."""

    binding: Binding
    leg: Leg


@dataclass(frozen=True, slots=True)
class Lacking:
    """A binding without a leg that is up, and what is left of its legs."""

    binding: Binding
    legs: tuple[Leg, ...]
    courier: str


def _beyond(table: Table, after: Sequence[str | int]) -> ColumnElement[bool]:
    """Rows behind a slot in the key's order."""
    return tuple_(*(table.c[name] for name in _SLOT)) > tuple_(*(after or ("", "", -1)))


def _reached(rows: Sequence[Any], limit: int) -> list[Any]:
    return [rows[-1].x, rows[-1].ext, rows[-1].turn] if len(rows) == limit else []


def legs_of_account(
    connection: Connection, account: str, after: Sequence[str | int], now: int, limit: int
) -> tuple[list[LegRow], list[Any]]:
    """Legs that the provider may hold: all with a handle, the ended ones until the provider would have ended them by itself."""
    rows = connection.execute(
        select(binding_legs)
        .where(
            binding_legs.c.account == account,
            binding_legs.c.handle != "",
            or_(binding_legs.c.state != LegState.ENDED.value, binding_legs.c.expires_at > now),
            _beyond(binding_legs, after),
        )
        .order_by(*(binding_legs.c[name] for name in _SLOT))
        .limit(limit)
    ).all()
    found = [(binding_of_turn(connection, row.x, row.ext, row.turn), push_reads.leg(row)) for row in rows]
    return [LegRow(binding, leg) for binding, leg in found if binding is not None], _reached(rows, limit)


def numbers_of_account(connection: Connection, account: str, after: str, limit: int) -> list[tuple[str, bool]]:
    """(X, whether extensions are dialled on it) of the numbers in pools that the account carries."""
    rows = connection.execute(
        select(numbers.c.x, pools.c.scheme)
        .join(pools, pools.c.name == numbers.c.pool)
        .join(pool_accounts, pool_accounts.c.pool == numbers.c.pool)
        .where(pool_accounts.c.account == account, numbers.c.x > after)
        .order_by(numbers.c.x)
        .limit(limit)
    )
    return [(row.x, Scheme(row.scheme).by_extension) for row in rows]


def has_unsure(connection: Connection, account: str, x: str) -> bool:
    """Whether a bind on this number is sent and unanswered."""
    mine = (binding_legs.c.account == account, binding_legs.c.x == x, binding_legs.c.unsure == 1)
    return connection.execute(select(binding_legs.c.x).where(*mine).limit(1)).first() is not None


def lacking(
    connection: Connection, account: str, after: Sequence[str | int], now: int, limit: int
) -> tuple[list[Lacking], list[Any]]:
    """Bindings that should have a leg and have none up, of pools whose first account this is, where nothing waits to be told."""
    at = and_(*(binding_legs.c[name] == bindings.c[name] for name in _SLOT))
    up = select(binding_legs.c.x).where(at, binding_legs.c.state == LegState.UP.value)
    told = and_(*(pushes.c[name] == bindings.c[name] for name in _SLOT))
    waiting = select(pushes.c.id).where(told, pushes.c.state == "waiting")
    rows = connection.execute(
        select(bindings.c.x, bindings.c.ext, bindings.c.turn)
        .join(numbers, numbers.c.x == bindings.c.x)
        .join(pool_accounts, pool_accounts.c.pool == numbers.c.pool)
        .where(
            pool_accounts.c.account == account,
            pool_accounts.c.rank == 0,
            or_(bindings.c.expires_at.is_(None), bindings.c.expires_at > now),
            ~up.exists(),
            ~waiting.exists(),
            _beyond(bindings, after),
        )
        .order_by(*(bindings.c[name] for name in _SLOT))
        .limit(limit)
    ).all()
    found = [_lacking(connection, Slot(row.x, row.ext, row.turn)) for row in rows]
    return [one for one in found if one is not None], _reached(rows, limit)


def _lacking(connection: Connection, slot: Slot) -> Lacking | None:
    binding = binding_of_turn(connection, *slot)
    held = push_reads.case(connection, slot)
    if binding is None:
        return None
    return Lacking(binding, held.legs if held else (), held.courier if held else "")
