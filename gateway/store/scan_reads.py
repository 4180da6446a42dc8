"""What a scan has to know of a parcel, in as few reads as can be: the order sealed, its booking, stages and relay bindings.

Rows to plain values; decides nothing. A parcel that is erased, or that no live ticket and no waybill of this carrier names, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, func, select, union_all

from gateway.store.binding_rows import COLUMNS, SLOT, WITH_STATE, binding_of
from gateway.store.compiled import Query
from gateway.store.reads import Outcome, ShipmentRow, VaultRow
from gateway.store.tables import (
    bindings,
    learned,
    outcomes,
    reveals,
    scans,
    shipments,
    stages,
    tickets,
    vault,
)
from virtual_numbers.binding import Binding


class Parcel(msgspec.Struct, frozen=True):
    """A parcel as the store knows it, nothing of it opened."""

    shipment: ShipmentRow
    record: VaultRow
    outcome: Outcome | None
    history: list[tuple[str, int, str]]
    """(stage, at in ms, source), oldest first."""
    seq: int
    """Of the latest stage; 0 before the first."""
    bindings: list[Binding]
    """The bindings behind the shipment's relay numbers, hotlines left out."""
    owner: bytes
    """The customer (who receives, or sends back), as a keyed index within the tenant; empty where no number is this shipment's own."""


_GROUPS = ("name", "phone", "address", "other", "restore")
_later = outcomes.alias("later")
_newest = select(func.max(_later.c.seq)).where(_later.c.shipment == shipments.c.id).scalar_subquery()
_COLUMNS = (
    *(shipments.c[name] for name in ("id", "tenant", "carrier", "operation", "ref", "attempt", "document")),
    shipments.c.relays,
    shipments.c.created_at,
    vault.c.kid,
    vault.c.wrapped,
    *(vault.c[name] for name in _GROUPS),
    *(outcomes.c[name] for name in ("seq", "status", "waybill", "routing_code")),
)
_shipped = shipments.join(vault, vault.c.record == shipments.c.id).outerjoin(
    outcomes, and_(outcomes.c.shipment == shipments.c.id, outcomes.c.seq == _newest)
)
_PARCEL = Query(select(*_COLUMNS).select_from(_shipped).where(shipments.c.id == bindparam("shipment")))
_TICKET = Query(
    select(tickets.c.carrier, tickets.c.fingerprint, *_COLUMNS)
    .select_from(_shipped.join(tickets, tickets.c.shipment == shipments.c.id))
    .where(tickets.c.id == bindparam("id"), tickets.c.revoked_at.is_(None))
)
_BOOKED = Query(
    select(outcomes.c.shipment)
    .where(outcomes.c.waybill == bindparam("waybill"), outcomes.c.carrier == bindparam("carrier"))
    .order_by(outcomes.c.at.desc())
    .limit(1)
)
_HISTORY = Query(
    select(stages.c.stage, stages.c.at, stages.c.source, stages.c.seq)
    .where(stages.c.shipment == bindparam("shipment"))
    .order_by(stages.c.seq)
)
_SLOT = slice(4, 7)  # in a binding's columns
_BINDINGS = Query(
    # Two reads by key in one statement. An OR would do as well, at the price of a table for what it has found already.
    union_all(
        *(
            select(*COLUMNS, bindings.c.owner)
            .select_from(WITH_STATE)
            .where(*(bindings.c[name] == bindparam(f"{name}{nth}") for name in SLOT))
            for nth in (1, 2)
        )
    )
)
_EARLIER = Query(
    select(scans.c.id).where(scans.c.courier == bindparam("courier"), scans.c.scan_key == bindparam("key"))
)
_REVEALS = Query(
    select(reveals.c.nth, reveals.c.scan).where(
        reveals.c.shipment == bindparam("shipment"), reveals.c.carrier == bindparam("carrier")
    )
)
_KNOWN = Query(
    select(learned.c.shipment)
    .where(learned.c.carrier == bindparam("carrier"), learned.c.person == bindparam("person"))
    .limit(1)
)
_LEARNED_OF = Query(
    select(learned.c.person).where(
        learned.c.carrier == bindparam("carrier"), learned.c.shipment == bindparam("shipment")
    )
)


def by_ticket(connection: Connection, id: bytes, holds: Callable[[str, bytes], bool]) -> Parcel | None:
    """The parcel of a ticket that was not revoked, if `holds` says so of the carrier and the fingerprint that it was issued with."""
    row = _TICKET.first(connection, id=id)
    return _parcel(connection, row[2:]) if row and holds(row[0], bytes(row[1])) else None


def by_waybill(connection: Connection, carrier: str, waybill: str) -> str | None:
    """The newest shipment that the carrier booked under this waybill."""
    row = _BOOKED.first(connection, carrier=carrier, waybill=waybill)
    return row[0] if row else None


def parcel(connection: Connection, shipment: str) -> Parcel | None:
    """Everything about one shipment."""
    row = _PARCEL.first(connection, shipment=shipment)
    return _parcel(connection, row) if row else None


def _parcel(connection: Connection, row: Sequence[Any]) -> Parcel:
    """The parcel of a row of `_COLUMNS`, with what has to be asked of other tables."""
    id, tenant, carrier, operation, ref, attempt, document, held, created_at, kid, wrapped, *groups = row[:-4]
    seq, status, waybill, routing_code = row[-4:]
    relays: dict[str, list[Any]] = msgspec.json.decode(held)
    ref = None if ref is None else bytes(ref)
    shipment = ShipmentRow(id, tenant, carrier, operation, ref, attempt, bytes(document), relays, created_at)
    sealed = {name: bytes(group) for name, group in zip(_GROUPS, groups, strict=True) if group}
    booked = None if seq is None else Outcome(seq, status, waybill or "", routing_code, None)
    history = _HISTORY.all(connection, shipment=id)
    bound, owner = [], b""
    for binding in _bindings(connection, [slot for slot in relays.values() if slot[2] >= 0]):
        bound.append(binding_of(binding))
        owner = bytes(binding[-1]) if binding[1] == id else owner
    return Parcel(
        shipment,
        VaultRow(id, tenant, kid, bytes(wrapped), sealed),
        booked,
        [row[:3] for row in history],
        history[-1][3] if history else 0,
        bound,
        owner,
    )


def _bindings(connection: Connection, slots: list[list[Any]]) -> list[Sequence[Any]]:
    """The rows behind these slots, in their order, two of them a statement: most parcels have a sender's and a recipient's."""
    found: dict[tuple[Any, ...], Sequence[Any]] = {}
    for at in range(0, len(slots), 2):
        (x1, ext1, turn1), (x2, ext2, turn2) = slots[at], slots[min(at + 1, len(slots) - 1)]
        rows = _BINDINGS.all(connection, x1=x1, ext1=ext1, turn1=turn1, x2=x2, ext2=ext2, turn2=turn2)
        found.update((row[_SLOT], row) for row in rows)
    return [found[slot] for slot in dict.fromkeys(map(tuple, slots)) if slot in found]


def earlier(connection: Connection, courier: str, key: bytes) -> str:
    """The id of the scan that this courier's device sent under this key before, or ""."""
    row = _EARLIER.first(connection, courier=courier, key=key)
    return row[0] if row else ""


def revealed(connection: Connection, carrier: str, shipment: str) -> list[str]:
    """The scans by which this carrier's people had something of this parcel revealed, one entry each."""
    return [scan for _nth, scan in sorted(_REVEALS.all(connection, carrier=carrier, shipment=shipment))]


def reveals_of(connection: Connection, shipment: str) -> list[dict[str, Any]]:
    """Every reveal of a parcel, oldest first, whichever carrier's."""
    named = ("carrier", "courier", "role", "reason", "fields", "scan", "at")
    rows = select(*(reveals.c[name] for name in named)).where(reveals.c.shipment == shipment).order_by(reveals.c.at)
    found = [dict(zip(named, row, strict=True)) for row in connection.execute(rows)]
    return [row | {"fields": msgspec.json.decode(row["fields"])} for row in found]


def knows(connection: Connection, carrier: str, person: bytes) -> bool:
    """Whether the carrier was shown this person in full before."""
    return _KNOWN.first(connection, carrier=carrier, person=person) is not None


def learned_of(connection: Connection, carrier: str, shipment: str) -> set[bytes]:
    """Who of this parcel the carrier was shown in full; holds b"" where it was scanned without that."""
    return {bytes(person) for (person,) in _LEARNED_OF.all(connection, carrier=carrier, shipment=shipment)}


def learned_since(connection: Connection, carrier: str, since: int) -> tuple[int, int]:
    """(people, parcels) that the carrier learned of since a moment in ms. Dear: counts rows, so ask seldom."""
    row = connection.execute(
        select(
            func.count(case((learned.c.person != b"", learned.c.person)).distinct()),
            func.count(learned.c.shipment.distinct()),
        ).where(learned.c.carrier == carrier, learned.c.at >= since)
    ).one()
    return row[0], row[1]
