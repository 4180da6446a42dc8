"""What a scan has to know of a parcel, in as few reads as can be: the order sealed, its booking, stages and relay bindings.

Rows to plain values; decides nothing. A parcel that is erased, or that no live ticket and no waybill of this carrier names, is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, func, select

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


@dataclass(frozen=True, slots=True)
class Parcel:
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


_SHIPMENT = ("id", "tenant", "carrier", "operation", "ref", "attempt", "document", "relays", "created_at")
_VAULT = ("kid", "wrapped", "name", "phone", "address", "other", "restore")
_OUTCOME = ("seq", "status", "waybill", "routing_code")
_later = outcomes.alias("later")
_newest = select(func.max(_later.c.seq)).where(_later.c.shipment == shipments.c.id).scalar_subquery()
_parcel = select(
    *(shipments.c[name] for name in _SHIPMENT),
    *(vault.c[name] for name in _VAULT),
    *(outcomes.c[name] for name in _OUTCOME),
).select_from(
    shipments.join(vault, vault.c.record == shipments.c.id).outerjoin(
        outcomes, and_(outcomes.c.shipment == shipments.c.id, outcomes.c.seq == _newest)
    )
)
_PARCEL = Query(_parcel.where(shipments.c.id == bindparam("shipment")))
_TICKET = Query(
    select(tickets.c.shipment, tickets.c.carrier, tickets.c.fingerprint).where(
        tickets.c.id == bindparam("id"), tickets.c.revoked_at.is_(None)
    )
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
_BINDING = Query(
    select(*COLUMNS, bindings.c.owner)
    .select_from(WITH_STATE)
    .where(*(bindings.c[name] == bindparam(name) for name in SLOT))
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


def ticket(connection: Connection, id: bytes) -> tuple[str, str, bytes] | None:
    """(shipment, carrier, fingerprint) of a ticket that was not revoked."""
    row = _TICKET.first(connection, id=id)
    return (row[0], row[1], bytes(row[2])) if row else None


def by_waybill(connection: Connection, carrier: str, waybill: str) -> str | None:
    """The newest shipment that the carrier booked under this waybill."""
    row = _BOOKED.first(connection, carrier=carrier, waybill=waybill)
    return row[0] if row else None


def parcel(connection: Connection, shipment: str) -> Parcel | None:
    """Everything about one shipment."""
    row = _PARCEL.first(connection, shipment=shipment)
    if row is None:
        return None
    found = _shipment(row[: len(_SHIPMENT)])
    record = _record(found, row[len(_SHIPMENT) : len(_SHIPMENT) + len(_VAULT)])
    booked = _outcome(row[len(_SHIPMENT) + len(_VAULT) :])
    history = _HISTORY.all(connection, shipment=shipment)
    bound, owner = [], b""
    for x, ext, turn in found.relays.values():
        held = _BINDING.first(connection, x=x, ext=ext, turn=turn) if turn >= 0 else None
        if held:
            bound.append(binding_of(held))
            owner = bytes(held[-1]) if held[1] == shipment else owner
    told = [(stage, at, source) for stage, at, source, _seq in history]
    return Parcel(found, record, booked, told, history[-1][3] if history else 0, bound, owner)


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


def _shipment(values: Sequence[Any]) -> ShipmentRow:
    id, tenant, carrier, operation, ref, attempt, document, relays, created_at = values
    ref = bytes(ref) if ref is not None else None
    named = msgspec.json.decode(relays)
    return ShipmentRow(id, tenant, carrier, operation, ref, attempt, bytes(document), named, created_at)


def _record(shipment: ShipmentRow, values: Sequence[Any]) -> VaultRow:
    kid, wrapped, *groups = values
    held = {name: bytes(value) for name, value in zip(_VAULT[2:], groups, strict=True) if value}
    return VaultRow(shipment.id, shipment.tenant, kid, bytes(wrapped), held)


def _outcome(values: Sequence[Any]) -> Outcome | None:
    seq, status, waybill, routing_code = values
    return None if seq is None else Outcome(seq, status, waybill or "", routing_code, None)
