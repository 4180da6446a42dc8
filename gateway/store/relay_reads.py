"""Reads about relay numbers, one function each: what a call meets, and what an allocation needs. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from gateway.store.tables import (
    allowed_callers,
    binding_states,
    bindings,
    calls,
    numbers,
    pools,
    relay_events,
    relay_providers,
    shown,
    tombstones,
    wishes,
)
from virtual_numbers.binding import Binding, Scheme, State
from virtual_numbers.events import Direction, Event, Kind
from virtual_numbers.events import Outcome as EventOutcome


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _binding(connection: Connection, row: Any) -> Binding:
    key = (binding_states.c.x == row.x, binding_states.c.ext == row.ext, binding_states.c.turn == row.turn)
    state = connection.execute(select(binding_states).where(*key).order_by(binding_states.c.at.desc()).limit(1)).first()
    return Binding(
        tenant=row.tenant,
        shipment=row.shipment,
        carrier=row.carrier,
        role=row.role,
        x=row.x,
        ext=row.ext,
        turn=row.turn,
        party=bytes(row.party),
        state=State(state.state) if state else State.CALLABLE,
        bound_at=datetime.fromtimestamp(row.bound_at / 1000, UTC),
        expires_at=_when(state.expires_at if state else row.expires_at),
        released_at=_when(state.released_at) if state else None,
        scheme=Scheme(row.scheme),
        peer=bytes(state.peer) if state and state.peer else b"",
        peer_until=_when(state.peer_until) if state else None,
    )


def binding_at(connection: Connection, x: str, ext: str) -> Binding | None:
    """The newest binding of a slot, live or not."""
    row = connection.execute(
        select(bindings).where(bindings.c.x == x, bindings.c.ext == ext).order_by(bindings.c.turn.desc()).limit(1)
    ).first()
    return _binding(connection, row) if row else None


def bindings_of_party(connection: Connection, party: bytes) -> list[Binding]:
    """Every binding of a phone on one X (`party` is keyed by both), newest last."""
    rows = connection.execute(select(bindings).where(bindings.c.party == party).order_by(bindings.c.bound_at)).all()
    return [_binding(connection, row) for row in rows]


def binding_of_turn(connection: Connection, x: str, ext: str, turn: int) -> Binding | None:
    """One binding by its key."""
    row = connection.execute(
        select(bindings).where(bindings.c.x == x, bindings.c.ext == ext, bindings.c.turn == turn)
    ).first()
    return _binding(connection, row) if row else None


def sender_binding(connection: Connection, tenant: str, carrier: str, owner: bytes) -> Binding | None:
    """The newest long-lived binding of (shop, sender's keyed phone, carrier)."""
    row = connection.execute(
        select(bindings)
        .where(
            bindings.c.owner == owner,
            bindings.c.tenant == tenant,
            bindings.c.carrier == carrier,
            bindings.c.role == "sender",
        )
        .order_by(bindings.c.bound_at.desc())
        .limit(1)
    ).first()
    return _binding(connection, row) if row else None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call that was connected."""

    id: str
    """Also the vault record that its caller is sealed in."""
    caller: bytes


def tombstones_of(connection: Connection, x: str, phone: bytes) -> list[tuple[str, int]]:
    """(ext, turn) of every slot of X that this phone had to do with."""
    rows = connection.execute(
        select(tombstones.c.ext, tombstones.c.turn).where(tombstones.c.x == x, tombstones.c.phone == phone)
    )
    return [(r.ext, r.turn) for r in rows]


def ever_connected(connection: Connection, x: str, caller: bytes) -> bool:
    """True where this caller was connected through X before."""
    return (
        connection.execute(
            select(calls.c.id).where(calls.c.x == x, calls.c.caller == caller, calls.c.action == "connect").limit(1)
        ).first()
        is not None
    )


def connected_calls(connection: Connection, x: str, ext: str, turn: int) -> int:
    """How many calls one binding has carried."""
    where = (calls.c.x == x, calls.c.ext == ext, calls.c.turn == turn, calls.c.action == "connect")
    return connection.execute(select(func.count()).select_from(calls).where(*where)).scalar() or 0


def last_connected(connection: Connection, x: str, ext: str, turn: int, party: bytes) -> CallRow | None:
    """The last caller, other than the party itself, who was connected through this binding."""
    row = connection.execute(
        select(calls.c.id, calls.c.caller)
        .where(
            calls.c.x == x,
            calls.c.ext == ext,
            calls.c.turn == turn,
            calls.c.action == "connect",
            calls.c.caller != party,
        )
        .order_by(calls.c.at.desc())
        .limit(1)
    ).first()
    return CallRow(row.id, bytes(row.caller)) if row else None


def number(connection: Connection, x: str) -> tuple[str, str, str] | None:
    """(pool, filing state, scheme) of a relay number we hold."""
    row = connection.execute(
        select(numbers.c.pool, numbers.c.filing, pools.c.scheme)
        .join(pools, pools.c.name == numbers.c.pool)
        .where(numbers.c.x == x)
    ).first()
    return (row.pool, row.filing, row.scheme) if row else None


def pool_status(connection: Connection) -> list[dict[str, Any]]:
    """Pools with their numbers' count."""
    rows = connection.execute(
        select(pools, func.count(numbers.c.x).label("held"))
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


def numbers_of(connection: Connection, pool: str) -> list[str]:
    """The X of a pool that may be given out."""
    rows = connection.execute(
        select(numbers.c.x).where(numbers.c.pool == pool, numbers.c.health == "good").order_by(numbers.c.x)
    )
    return [x for (x,) in rows]


def used_slots(connection: Connection, x: str, first: str, last: str) -> list[tuple[str, int, int | None, bytes, bool]]:
    """(ext, turn, released at in ms or None, party, shown to a courier without a phone) of each slot ever used in a block."""
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
    return [(r.ext, r.turn, released.get((r.ext, r.turn)), bytes(r.party), (r.ext, r.turn) in unknown) for r in rows]


def shown_to_stranger(connection: Connection, x: str, ext: str, turn: int) -> bool:
    """True where a courier without a phone on record was shown this binding's dial string."""
    where = (shown.c.x == x, shown.c.ext == ext, shown.c.turn == turn, shown.c.with_phone == 0)
    return connection.execute(select(shown.c.courier).where(*where).limit(1)).first() is not None


# -- wishes, allow-lists, providers, events -----------------------------------------------------------------------------


def wishes_behind(connection: Connection, binding: Binding) -> tuple[str, str] | None:
    """(quiet hours, blocks as JSON) that the party behind a binding has set with this shop."""
    row = connection.execute(
        select(wishes.c.quiet, wishes.c.blocks)
        .join(bindings, and_(bindings.c.owner == wishes.c.owner, bindings.c.tenant == wishes.c.tenant))
        .where(bindings.c.x == binding.x, bindings.c.ext == binding.ext, bindings.c.turn == binding.turn)
    ).first()
    return (row.quiet, row.blocks) if row else None


def on_allow_list(connection: Connection, carrier: str, phone: bytes) -> bool | None:
    """Whether a carrier's callers hold this phone; None where the carrier has set no list."""
    held = select(allowed_callers.c.phone).where(allowed_callers.c.carrier == carrier)
    if connection.execute(held.limit(1)).first() is None:
        return None
    return connection.execute(held.where(allowed_callers.c.phone == phone)).first() is not None


def providers(connection: Connection) -> list[tuple[str, bytes]]:
    """(name, sealed secrets) of every telephone provider."""
    return [(r.name, bytes(r.secrets)) for r in connection.execute(select(relay_providers))]


def events(connection: Connection, since: int) -> list[Event]:
    """Every report about calls and messages since `since` (ms)."""
    rows = connection.execute(select(relay_events).where(relay_events.c.at >= since).order_by(relay_events.c.at))
    return [
        Event(
            r.provider,
            r.call,
            Kind(r.kind),
            datetime.fromtimestamp(r.at / 1000, UTC),
            r.x,
            r.ext,
            r.binding,
            Direction(r.direction),
            EventOutcome(r.outcome),
            _when(r.answered_at),
        )
        for r in rows
    ]


def payer(connection: Connection, x: str, ext: str, at: int) -> tuple[str, str, str] | None:
    """(shop, shipment, carrier) whose binding held a slot at a moment; an empty extension asks for X alone."""
    where = [bindings.c.x == x, bindings.c.bound_at <= at] + ([bindings.c.ext == ext] if ext else [])
    row = connection.execute(select(bindings).where(*where).order_by(bindings.c.bound_at.desc()).limit(1)).first()
    return (row.tenant, row.shipment, row.carrier) if row else None
