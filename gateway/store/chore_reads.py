"""Reads of the background chores: orders left open, bindings whose time ran out. Paged along an index, so that their cost follows
what is new and not what is stored."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.orm import aliased

from gateway.store.reads import ShipmentRow, shipment_of
from gateway.store.relay_reads import binding_of_turn, shown_to_stranger
from gateway.store.tables import binding_states, bindings, guesses, outcomes, shipments
from virtual_numbers.binding import Binding


def pending(connection: Connection, after: str, before: str, limit: int) -> tuple[list[ShipmentRow], str, bool]:
    """Shipments without an outcome among the next `limit` ids above `after` and below `before`; the last id looked at; whether
    there is more. Ids begin with their millisecond, so a range of ids is a range of time."""
    rows = connection.execute(
        select(shipments, outcomes.c.seq.label("settled"))
        .outerjoin(outcomes, (outcomes.c.shipment == shipments.c.id) & (outcomes.c.seq == 1))
        .where(shipments.c.id > after, shipments.c.id < before)
        .order_by(shipments.c.id)
        .limit(limit)
    ).all()
    found = [shipment_of(row) for row in rows if row.settled is None]
    return found, rows[-1].id if rows else after, len(rows) == limit


_AFTER_ALL, _MANY = "t", 2000  # every id begins with shp_


def unknown(connection: Connection, before: str, limit: int, carrier: str = "") -> list[ShipmentRow]:
    """Shipments with ids below `before` whose latest outcome is `unknown`, newest first; of one carrier where it is named."""
    later = aliased(outcomes, name="later")
    mine = [shipments.c.carrier == carrier] if carrier else []
    rows = connection.execute(
        select(shipments)
        .join(outcomes, outcomes.c.shipment == shipments.c.id)
        .where(
            outcomes.c.status == "unknown",
            shipments.c.id < before,
            *mine,
            ~select(later.c.seq)
            .where(later.c.shipment == outcomes.c.shipment, later.c.seq > outcomes.c.seq)
            .correlate(outcomes)
            .exists(),
        )
        .order_by(shipments.c.id.desc())
        .limit(limit)
    )
    return [shipment_of(row) for row in rows]


def in_doubt(connection: Connection, carrier: str) -> list[ShipmentRow]:
    """The carrier's shipments whose latest outcome is `unknown`, newest first, as many as one look may cost."""
    return [
        shipment
        for shipment in unknown(connection, _AFTER_ALL, limit=_MANY, carrier=carrier)
        if shipment.ref is not None
    ]


def run_out(connection: Connection, after: int, until: int, limit: int) -> tuple[list[tuple[Binding, bool]], int]:
    """Bindings whose time ran out in (after, until] (ms), each with whether a courier without a phone on record was shown it, as
    far as one page goes, and how far it went.

    A prolonged binding stands under its first end here and under each later one in `binding_states`: what counts is its
    latest state, which the caller reads in the binding.
    """
    first = select(bindings.c.x, bindings.c.ext, bindings.c.turn, bindings.c.expires_at).where(
        bindings.c.expires_at > after, bindings.c.expires_at <= until
    )
    later = select(binding_states.c.x, binding_states.c.ext, binding_states.c.turn, binding_states.c.expires_at).where(
        binding_states.c.expires_at > after, binding_states.c.expires_at <= until
    )
    ends = first.union(later).subquery()
    # A page ends after a whole millisecond, never within one: what ends with its last would be passed over for good.
    cut = select(ends.c.expires_at).order_by(ends.c.expires_at).offset(limit - 1).limit(1)
    reached = connection.execute(cut).scalar() or until
    rows = connection.execute(select(ends).where(ends.c.expires_at <= reached)).all()
    found = {}
    for row in rows:
        binding = binding_of_turn(connection, row.x, row.ext, row.turn)
        if binding is not None:
            found[binding.slot] = (binding, shown_to_stranger(connection, *binding.slot))
    return list(found.values()), reached


def forget_guesses(connection: Connection, before: int, limit: int) -> int:
    """Delete wrong extensions that count no more, at most `limit` moments of them; gives how many rows."""
    oldest = select(guesses.c.at).where(guesses.c.at < before).order_by(guesses.c.at).limit(limit).subquery()
    until = connection.execute(select(func.max(oldest.c.at))).scalar()
    if until is None:
        return 0
    return connection.execute(delete(guesses).where(guesses.c.at <= until)).rowcount
