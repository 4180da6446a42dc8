"""What a scan has to know of a parcel, in as few reads as can be: the order sealed, its booking, stages and relay bindings.

Rows to plain values; decides nothing. A parcel that is erased, or that no live ticket and no waybill of this carrier names, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, func, literal_column, select, union_all

from gateway.store.binding_rows import COLUMNS, SLOT, WITH_STATE, binding_of, live_at
from gateway.store.compiled import Query
from gateway.store.reads import Outcome, Shipped
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
from masking.disclosure import Record
from masking.record import ADDRESS, NAME, OTHER, PHONE
from virtual_numbers.binding import Binding


class Line(msgspec.Struct, frozen=True):
    """What stands behind a relay number: its binding, unread until somebody moves it."""

    slot: tuple[str, str, int]
    shipment: str
    """Empty for a sender's long-lived binding."""
    row: Sequence[Any]
    """The columns of `binding_rows.COLUMNS`, then the owner."""

    @property
    def owner(self) -> bytes:
        """Whose it is, as a keyed index within the tenant."""
        return bytes(self.row[-1])

    def live(self, ms: int) -> bool:
        """Whether its number may still be dialled at a moment in ms; as `Binding.live`, without making one."""
        return live_at(self.row, ms)

    def binding(self) -> Binding:
        """The binding itself."""
        return binding_of(self.row)


Sent = Callable[[Shipped], tuple[str, bytes]]
"""(courier, key): under which a scan of this shipment was sent, if it was sent before; the key is empty where none tells."""


class Parcel(msgspec.Struct, frozen=True):
    """A parcel as the store knows it, nothing of it opened."""

    shipment: Shipped
    record: Record
    outcome: Outcome | None
    history: list[tuple[str, int, str]]
    """(stage, at in ms, source), oldest first."""
    seq: int
    """Of the latest stage; 0 before the first."""
    lines: list[Line]
    """What stands behind the shipment's relay numbers, hotlines left out."""
    earlier: str = ""
    """The id of this very scan where the same device sent it before."""

    @property
    def own(self) -> Line | None:
        """The one line that is this shipment's alone: the customer's, who receives, or sends back."""
        return next((line for line in self.lines if line.shipment == self.shipment.id), None)


_GROUPS = (NAME, PHONE, ADDRESS, OTHER)
"""The groups that a scan may open; what the shop sent word for word is not even fetched."""
_later = outcomes.alias("later")
_newest = select(func.max(_later.c.seq)).where(_later.c.shipment == shipments.c.id).scalar_subquery()
_COLUMNS = (
    *(shipments.c[name] for name in ("id", "tenant", "carrier", "relays", "created_at")),
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
_SENT = -1  # in the place of a stage's number
_PAST = Query(
    # The parcel's stages, and the scan that was sent under the same key before: two reads by key in one statement.
    union_all(
        select(stages.c.seq, stages.c.stage, stages.c.at, stages.c.source).where(
            stages.c.shipment == bindparam("shipment")
        ),
        select(literal_column(str(_SENT)), scans.c.id, scans.c.at, scans.c.station).where(
            scans.c.courier == bindparam("courier"), scans.c.scan_key == bindparam("key")
        ),
    )
)
_relays = msgspec.json.Decoder(dict[str, list[Any]]).decode
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


def by_ticket(
    connection: Connection, id: bytes, holds: Callable[[str, bytes], bool], sent: Sent | None = None
) -> Parcel | None:
    """The parcel of a ticket that was not revoked, if `holds` says so of the carrier and the fingerprint that it was issued with."""
    row = _TICKET.first(connection, id=id)
    return _parcel(connection, row[2:], sent) if row and holds(row[0], bytes(row[1])) else None


def by_waybill(connection: Connection, carrier: str, waybill: str) -> str | None:
    """The newest shipment that the carrier booked under this waybill."""
    row = _BOOKED.first(connection, carrier=carrier, waybill=waybill)
    return row[0] if row else None


def parcel(connection: Connection, shipment: str, sent: Sent | None = None) -> Parcel | None:
    """Everything about one shipment. `sent` tells who scans it, and the key under which they may have sent this scan before."""
    row = _PARCEL.first(connection, shipment=shipment)
    return _parcel(connection, row, sent) if row else None


def _parcel(connection: Connection, row: Sequence[Any], sent: Sent | None) -> Parcel:
    """The parcel of a row of `_COLUMNS`, with what has to be asked of other tables."""
    id, tenant, carrier, held, created_at, wrapped, name, phone, address, other, seq, status, waybill, routing = row
    relays: dict[str, list[Any]] = _relays(held)
    shipment = Shipped(id, tenant, carrier, relays, created_at)
    groups = zip(_GROUPS, (name, phone, address, other), strict=True)
    sealed = {group: bytes(held) for group, held in groups if held}
    courier, key = sent(shipment) if sent else ("", b"")
    past, earlier = sorted(_PAST.all(connection, shipment=id, courier=courier, key=key)), ""
    if past and past[0][0] == _SENT:
        earlier = past.pop(0)[1]
    return Parcel(
        shipment,
        Record(tenant, id, bytes(wrapped), sealed),
        None if seq is None else Outcome(seq, status, waybill or "", routing, None),
        [row[1:] for row in past],
        past[-1][0] if past else 0,
        _lines(connection, [slot for slot in relays.values() if slot[2] >= 0]),
        earlier,
    )


def _lines(connection: Connection, slots: list[list[Any]]) -> list[Line]:
    """The lines behind these slots, in their order, two of them a statement: most parcels have a sender's and a recipient's."""
    found: dict[tuple[Any, ...], Sequence[Any]] = {}
    for at in range(0, len(slots), 2):
        (x1, ext1, turn1), (x2, ext2, turn2) = slots[at], slots[min(at + 1, len(slots) - 1)]
        rows = _BINDINGS.all(connection, x1=x1, ext1=ext1, turn1=turn1, x2=x2, ext2=ext2, turn2=turn2)
        found.update((row[_SLOT], row) for row in rows)
    return [Line(slot, found[slot][1], found[slot]) for slot in dict.fromkeys(map(tuple, slots)) if slot in found]


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
