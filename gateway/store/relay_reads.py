"""Reads about relay numbers, one function each: bindings, pools, what an allocation needs, reports. Decides nothing.

What a call meets is read in `call_reads.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, not_, select, tuple_

from gateway.store.binding_rows import COLUMNS, SLOT, WITH_STATE, binding_of, moment
from gateway.store.compiled import Query
from gateway.store.tables import (
    binding_legs,
    binding_states,
    bindings,
    calls,
    numbers,
    pools,
    relay_events,
    relay_providers,
    shipments,
    shown,
    tombstones,
)
from virtual_numbers.binding import Binding
from virtual_numbers.events import Direction, Event, Kind
from virtual_numbers.events import Outcome as EventOutcome

_held = select(*COLUMNS).select_from(WITH_STATE)
_AT = Query(
    _held.where(bindings.c.x == bindparam("x"), bindings.c.ext == bindparam("ext"))
    .order_by(bindings.c.turn.desc())
    .limit(1)
)
_OF_TURN = Query(_held.where(*(bindings.c[name] == bindparam(name) for name in SLOT)))
_SENDER = Query(
    _held.where(
        bindings.c.owner == bindparam("owner"),
        bindings.c.tenant == bindparam("tenant"),
        bindings.c.carrier == bindparam("carrier"),
        bindings.c.role == "sender",
        bindings.c.expires_at.is_(None),  # not a customer's who sent something back: that one is its shipment's
    )
    .order_by(bindings.c.bound_at.desc())
    .limit(1)
)
_TOMBSTONES = Query(
    select(tombstones.c.ext, tombstones.c.turn).where(
        tombstones.c.x == bindparam("x"), tombstones.c.phone == bindparam("phone")
    )
)


def binding_at(connection: Connection, x: str, ext: str) -> Binding | None:
    """The newest binding of a slot, live or not."""
    row = _AT.first(connection, x=x, ext=ext)
    return binding_of(row) if row else None


def binding_of_turn(connection: Connection, x: str, ext: str, turn: int) -> Binding | None:
    """One binding by its key."""
    row = _OF_TURN.first(connection, x=x, ext=ext, turn=turn)
    return binding_of(row) if row else None


def sender_binding(connection: Connection, tenant: str, carrier: str, owner: bytes) -> Binding | None:
    """The newest long-lived binding of (shop, sender's keyed phone, carrier)."""
    row = _SENDER.first(connection, tenant=tenant, carrier=carrier, owner=owner)
    return binding_of(row) if row else None


def tombstones_of(connection: Connection, x: str, phone: bytes) -> list[tuple[str, int]]:
    """(ext, turn) of every slot of X that this phone had to do with."""
    return [(ext, turn) for ext, turn in _TOMBSTONES.all(connection, x=x, phone=phone)]


FILED = "callable"
"""The filing state of a number that may carry calls."""
_healthy, _filed = numbers.c.health == "good", numbers.c.filing == FILED
FIT = (_healthy, _filed)
"""Numbers that may be given out: no complaint about them, and filed so that they carry calls."""


def unfit_numbers(connection: Connection, pool: str) -> set[str]:
    """The X of a pool that nothing more is leased from: complained of, or not filed for calls."""
    unfit = select(numbers.c.x).where(numbers.c.pool == pool, not_(and_(*FIT)))
    return {x for (x,) in connection.execute(unfit)}


def pool_status(connection: Connection) -> list[dict[str, Any]]:
    """Pools with their numbers' count."""
    rows = connection.execute(
        select(
            pools,
            func.count(numbers.c.x).label("held"),
            func.count(case((not_(_filed), 1))).label("pending"),
            func.count(case((not_(_healthy), 1))).label("bad"),
        )
        .outerjoin(numbers, numbers.c.pool == pools.c.name)
        .group_by(*pools.c)
        .order_by(pools.c.name)
    )
    return [
        {
            "pool": r.name,
            "scheme": r.scheme,
            "ext_digits": r.ext_digits,
            "carrier": r.carrier,
            "provider": r.provider,
            "numbers": r.held,
            "pending": r.pending,
            "bad": r.bad,
        }
        for r in rows
    ]


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool as configured."""

    name: str
    scheme: str
    ext_digits: int
    carrier: str
    provider: str
    region: str
    """Where its numbers are at home; empty for a pool that serves everywhere."""


def all_pools(connection: Connection) -> list[PoolRow]:
    """Every pool, by name."""
    return [
        PoolRow(r.name, r.scheme, r.ext_digits, r.carrier, r.provider, r.region)
        for r in connection.execute(select(pools).order_by(pools.c.name))
    ]


def used_slots(connection: Connection, x: str, first: str, last: str) -> list[tuple[str, int, int | None, bytes, bool]]:
    """(ext, turn, released at in ms or None, party, known to somebody whom no tombstone keeps away) of each slot ever used in a block."""
    latest = (
        select(bindings.c.ext, func.max(bindings.c.turn).label("turn"))
        .where(bindings.c.x == x, bindings.c.ext >= first, bindings.c.ext <= last)
        .group_by(bindings.c.ext)
        .subquery()
    )
    rows = connection.execute(
        select(bindings.c.ext, bindings.c.turn, bindings.c.party, bindings.c.expires_at)
        .join(latest, and_(latest.c.ext == bindings.c.ext, latest.c.turn == bindings.c.turn))
        .where(bindings.c.x == x)
    ).all()
    released = {
        (r.ext, r.turn): r.released_at
        for r in connection.execute(
            select(binding_states.c.ext, binding_states.c.turn, binding_states.c.released_at)
            .where(binding_states.c.x == x, binding_states.c.ext >= first, binding_states.c.ext <= last)
            .order_by(binding_states.c.at)
        )
    }
    unknown = {
        (r.ext, r.turn)
        for r in connection.execute(select(shown.c.ext, shown.c.turn).where(shown.c.x == x, shown.c.with_phone == 0))
    }
    # Calls through a pushed binding are connected by its provider, who keeps no tombstones: only time keeps its callers away.
    pushed = select(binding_legs.c.ext, binding_legs.c.turn).where(
        binding_legs.c.x == x, binding_legs.c.ext >= first, binding_legs.c.ext <= last
    )
    unknown |= {(r.ext, r.turn) for r in connection.execute(pushed)}
    return [(r.ext, r.turn, released.get((r.ext, r.turn)), bytes(r.party), (r.ext, r.turn) in unknown) for r in rows]


def shown_to_stranger(connection: Connection, x: str, ext: str, turn: int) -> bool:
    """True where a courier without a phone on record was shown this binding's dial string."""
    where = (shown.c.x == x, shown.c.ext == ext, shown.c.turn == turn, shown.c.with_phone == 0)
    return connection.execute(select(shown.c.courier).where(*where).limit(1)).first() is not None


# -- providers, events -----------------------------------------------------------------------------


def providers(connection: Connection) -> list[tuple[str, bytes]]:
    """(name, sealed secrets) of every telephone provider."""
    return [(r.name, bytes(r.secrets)) for r in connection.execute(select(relay_providers))]


def events(connection: Connection, since: int, tenant: str | None = None) -> list[Event]:
    """Every report about calls and messages since `since` (ms); with `tenant`, of the calls that are known to be this shop's.

    One call's reports do not all tell whose it is: what one of them tells counts for all.
    """
    told = select(relay_events).where(relay_events.c.at >= since).order_by(relay_events.c.at)
    if tenant is not None:
        of_shop = select(relay_events.c.provider, relay_events.c.call).where(
            relay_events.c.tenant == tenant, relay_events.c.at >= since
        )
        told = told.where(tuple_(relay_events.c.provider, relay_events.c.call).in_(of_shop))
    return [_event(row) for row in connection.execute(told)]


def events_of(connection: Connection, provider: str, call: str) -> list[Event]:
    """Every report about one call."""
    mine = relay_events.c.provider == provider, relay_events.c.call == call
    return [_event(row) for row in connection.execute(select(relay_events).where(*mine))]


def _event(r: Any) -> Event:
    return Event(
        r.provider,
        r.call,
        Kind(r.kind),
        datetime.fromtimestamp(r.at / 1000, UTC),
        r.x,
        r.ext,
        r.binding,
        Direction(r.direction),
        EventOutcome(r.outcome),
        moment(r.answered_at),
    )


_PAYER = (bindings.c.tenant, bindings.c.shipment, bindings.c.carrier)
_BY_CALL = Query(
    select(*_PAYER)
    .join(calls, and_(*(calls.c[name] == bindings.c[name] for name in SLOT)))
    .where(calls.c.id == bindparam("id"))
)
_BY_SHIPMENT = Query(
    select(shipments.c.tenant, shipments.c.id, shipments.c.carrier).where(shipments.c.id == bindparam("id"))
)
_BY_SLOT = Query(
    select(*_PAYER)
    .where(
        bindings.c.x == bindparam("x"), bindings.c.ext == bindparam("ext"), bindings.c.bound_at <= bindparam("moment")
    )
    .order_by(bindings.c.turn.desc())
    .limit(1)
)


def payer(connection: Connection, id: str, x: str, ext: str, at: int) -> tuple[str, str, str] | None:
    """(shop, shipment, carrier) that a call is to be charged to.

    `id` is ours as the provider echoed it, of the decision on this call or of a shipment, or empty. Without one that is known, whose
    binding held exactly this number and extension at the moment: X alone names nobody where extensions are dialled.
    """
    row = None
    if id:
        row = _BY_CALL.first(connection, id=id) or _BY_SHIPMENT.first(connection, id=id)
    if row is None and x:
        row = _BY_SLOT.first(connection, x=x, ext=ext, moment=at)
    return (row[0], row[1], row[2]) if row else None
