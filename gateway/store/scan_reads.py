"""What a scan has to know of a parcel, in as few reads as can be: the order sealed, its booking, stages and relay bindings.

Rows to plain values; decides nothing. A parcel that is erased, or that no live ticket and no waybill of this carrier names, is None.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, or_, select

from gateway.store.compiled import Query
from gateway.store.reads import Outcome, ShipmentRow, VaultRow
from gateway.store.tables import (
    binding_states,
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
    """The recipient, as a keyed index within the tenant; empty where a hotline stands in for them."""


_SHIPMENT = ("id", "tenant", "carrier", "operation", "ref", "attempt", "document", "relays", "created_at")
_VAULT = ("kid", "wrapped", "name", "phone", "address", "other", "restore")
_OUTCOME = ("seq", "status", "waybill", "routing_code")
_newest = select(func.max(outcomes.c.seq)).where(outcomes.c.shipment == shipments.c.id).scalar_subquery()
_parcel = (
    select(
        *(shipments.c[name] for name in _SHIPMENT),
        *(vault.c[name] for name in _VAULT),
        *(outcomes.c[name] for name in _OUTCOME),
    )
    .join(vault, vault.c.record == shipments.c.id)
    .outerjoin(outcomes, and_(outcomes.c.shipment == shipments.c.id, outcomes.c.seq == _newest))
)
_booked = (
    select(outcomes.c.shipment)
    .where(outcomes.c.waybill == bindparam("waybill"), outcomes.c.carrier == bindparam("carrier"))
    .order_by(outcomes.c.at.desc())
    .limit(1)
)
PARCEL = Query(_parcel.where(shipments.c.id == bindparam("shipment")))
TICKET = Query(
    select(tickets.c.shipment, tickets.c.carrier, tickets.c.fingerprint).where(
        tickets.c.id == bindparam("id"), tickets.c.revoked_at.is_(None)
    )
)
BOOKED = Query(_booked)
HISTORY = Query(
    select(stages.c.stage, stages.c.at, stages.c.source, stages.c.seq)
    .where(stages.c.shipment == bindparam("shipment"))
    .order_by(stages.c.seq)
)
_key = (binding_states.c.x == bindings.c.x, binding_states.c.ext == bindings.c.ext)
_turn = binding_states.c.turn == bindings.c.turn
_latest = select(func.max(binding_states.c.at)).where(*_key, _turn).correlate(bindings).scalar_subquery()
_state = binding_states.alias("state")
BINDING = Query(
    select(
        bindings.c.tenant, bindings.c.shipment, bindings.c.carrier, bindings.c.role, bindings.c.x, bindings.c.ext,
        bindings.c.turn, bindings.c.party, bindings.c.bound_at, bindings.c.expires_at, bindings.c.scheme,
        bindings.c.owner, _state.c.state, _state.c.expires_at.label("until"), _state.c.released_at,
    )
    .outerjoin(
        _state,
        and_(
            _state.c.x == bindings.c.x, _state.c.ext == bindings.c.ext, _state.c.turn == bindings.c.turn,
            _state.c.at == _latest,
        ),
    )
    .where(
        bindings.c.x == bindparam("x"), bindings.c.ext == bindparam("ext"), bindings.c.turn == bindparam("turn")
    )
)  # fmt: skip
EARLIER = Query(select(scans.c.id).where(scans.c.courier == bindparam("courier"), scans.c.scan_key == bindparam("key")))
REVEALS = Query(
    select(func.count(), func.sum(scan_is := (reveals.c.scan == bindparam("scan")).cast(reveals.c.nth.type))).where(
        reveals.c.shipment == bindparam("shipment"), reveals.c.carrier == bindparam("carrier")
    )
)
LEARNED = Query(
    select(learned.c.shipment)
    .where(
        learned.c.carrier == bindparam("carrier"),
        or_(learned.c.person == bindparam("person"), learned.c.shipment == bindparam("shipment")),
    )
    .limit(1)
)
