"""A label: masked parties, relay number, routing code, waybill and a fresh ticket; read back before it leaves.

Every print is a disclosure of its own with a ticket of its own: a photographed label tells which print it was.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.ids import new_id
from gateway.service import Service
from gateway.store import reads
from gateway.store.tables import tickets
from gateway.store.unit import Unit
from masking.disclosure import Record, View, disclose_for_label
from masking.errors import VeilwayError
from masking.freetext import mask_text
from masking.labels.label import PLAIN_ADDRESS_CARRIERS, Label
from masking.labels.render import Rendered, render
from masking.labels.ticket import Ticket, issue
from masking.named import mask_named
from masking.personal import Kind, MaskedParty, RelayNumber
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

LABEL_KINDS = frozenset({Kind.NAME, Kind.ADDRESS_LINE})
"""What a privacy label masks; a carrier whose rules forbid either gets no label from us but its own."""


class NoLabel(VeilwayError):
    """There is nothing to print: no such shipment of this shop, erased, or without a waybill yet."""

    code = "shipment_not_found"


class PrintLabel:
    """The label path."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(
        self,
        shipment: str,
        *,
        tenant: str | None,
        actor: str,
        format: str = "png",
        size: str = "100x150",
        dpi: int = 203,
        outcome: reads.Outcome | None = None,
    ) -> Rendered:
        """Render one label. `tenant` None is the local operator; `outcome` is one that came too lately to be stored. Raises `shipment_not_found`, `shipment_erased`, `no_waybill`."""
        service, now = self._service, self._service.clock()
        row, stored, record, stage = await service.database.read(lambda connection: _load(connection, shipment, tenant))
        outcome = outcome or stored
        if row is None:
            raise NoLabel("no such shipment")
        if record is None:
            raise NoLabel("the shipment was erased", code="shipment_erased")
        if outcome is None or not outcome.waybill:
            raise NoLabel("the carrier has given no waybill for this shipment", code="no_waybill")
        allowed = service.profile(row.carrier).mask_allowed >= LABEL_KINDS and row.carrier not in PLAIN_ADDRESS_CARRIERS
        relays = {role: RelayNumber(slot[0], slot[1]) for role, slot in row.relays.items()}
        disclosure = disclose_for_label(
            Record(row.tenant, row.id, record.wrapped, record.groups),
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=Audience(Reader.LABEL, actor, carrier=row.carrier),
            occasion=Occasion(stage, now, own=True),
            relays=relays,
            masking=service.settings.masking_policy,
        )
        ticket = self._ticket(row.carrier, now)
        label = label_of(row, outcome, disclosure.view, ticket.text(service.settings.ticket_host), now, allowed)
        operation = service.profile(row.carrier).operations.get(row.operation)
        if operation is not None and operation.effect == "return":
            label = replace(label, flags=("return",))
        # Drawing takes milliseconds of one core: a thread keeps the loop free for orders.
        rendered = await asyncio.to_thread(
            render, label, format=format, size=size, dpi=dpi, public_keys=service.keys.tickets.public_keys(now)
        )
        await service.commit(self._unit(row, ticket, disclosure.entry, actor, format, size, now))
        service.metrics.labels.labels(format).inc()
        return rendered

    def _ticket(self, carrier: str, now: datetime) -> Ticket:
        expires = now + timedelta(days=self._service.settings.ticket_days)
        return issue(self._service.keys.tickets.signer, audience=carrier, expires=expires)

    def _unit(
        self, row: reads.ShipmentRow, ticket: Ticket, entry: bytes, actor: str, format: str, size: str, now: datetime
    ) -> Unit:
        unit, ms = Unit(), int(now.timestamp() * 1000)
        until = int(ticket.expires.timestamp() * 1000)
        unit.add(tickets, ticket.id, ticket.fingerprint, row.tenant, row.id, row.carrier, ms, until, None)
        unit.record(entry)
        detail = {"format": format, "size": size, "print": new_id("prt", ms)}
        unit.record(
            self._service.record("label.printed", tenant=row.tenant, actor=actor, subject=row.id, detail=detail, at=now)
        )
        return unit


def _load(
    connection: Connection, shipment: str, tenant: str | None
) -> tuple[reads.ShipmentRow | None, reads.Outcome | None, reads.VaultRow | None, Stage]:
    row = reads.shipment(connection, shipment)
    if row is None or (tenant is not None and row.tenant != tenant):
        return None, None, None, Stage.CREATED  # another shop's costs what none costs
    found = reads.latest_stage(connection, shipment)
    stage = Stage(found[1]) if found else Stage.CREATED
    return row, reads.outcome(connection, shipment), reads.sealed(connection, shipment), stage


def label_of(
    row: reads.ShipmentRow, outcome: reads.Outcome, view: View, ticket: str, now: datetime, mask_allowed: bool
) -> Label:
    """The label of one shipment, out of what the policy lets whoever sees the parcel see."""
    return Label(
        carrier=row.carrier,
        waybill=outcome.waybill,
        sender=view.parties.get("sender", MaskedParty()),
        recipient=view.parties.get("recipient", MaskedParty()),
        ticket=ticket,
        printed_at=now,
        routing_code=outcome.routing_code,
        goods=tuple(mask_text(mask_named(name)).text for name in view.goods.splitlines() if name.strip()),
        mask_allowed=mask_allowed,
    )
