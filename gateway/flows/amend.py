"""An order that was changed at the carrier: its record is sealed anew, and its relay number leads to the new phone.

The number itself stays, for it is printed on the label. What the change leaves out stays as it was. Old and new are merged in memory only;
the record keeps its data key, so that what was sealed beside it (the kept answer) still opens, and what erases it erases all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, insert, update

from carriers.order import OpenOrder
from carriers.veil import Veiled
from gateway.flows.push_outbox import push_row
from gateway.flows.relays import dialled_first, owner_index, party_index
from gateway.flows.settle import ECHOES
from gateway.service import Service
from gateway.store import push_reads, reads
from gateway.store.tables import bindings, pushes, shipments, vault
from masking.disclosure import Record, disclose, disclose_for_restore
from masking.personal import Party, PostalAddress, Role
from masking.policy import PARTIES, PARTS, Audience, Level, Occasion, Reader
from masking.record import Order, to_groups
from masking.stage import Stage
from masking.vault import seal_more
from virtual_numbers.binding import Slot
from virtual_numbers.legs import LegState

_WHOLE = (*(f"{party}.{part}" for party in PARTIES for part in PARTS), "remark", "goods")


@dataclass(frozen=True, slots=True, repr=False)
class Before:
    """The order as it is sealed now. It lives for one call."""

    order: Order
    restore: Mapping[str, str]
    entries: tuple[bytes, ...]
    """The disclosures that opened it, to be on disk before the call goes out."""
    whole: bool
    """Whether the shop's own scope opened all of it: what is not seen cannot be sealed anew."""

    def phone(self, role: Role) -> str:
        """The party's number as it is dialled."""
        return dialled_first(self.order.parties.get(role.value))


class Amend:
    """Opens an order before its change is sent, and seals it after."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def opened(self, record: Record, stage: Stage, now: datetime) -> Before:
        """What is sealed, opened on its shop's behalf."""
        common: dict[str, Any] = {
            "keyring": self._service.keys.keyring,
            "policy": self._service.policy,
            "audience": Audience(Reader.SHOP, f"shop:{record.tenant}"),
            "occasion": Occasion(stage, now, own=True, purpose="update"),
        }
        told, restore = disclose(record, **common), disclose_for_restore(record, **common)
        view = told.view
        parties = {
            name: Party(p.name, p.phone, p.email, p.company, p.address, view.ids.get(name, ()))
            for name, p in view.parties.items()
        }
        granted = self._service.policy.decide(common["audience"], common["occasion"])
        whole = all(name in granted and granted[name].level is Level.FULL for name in _WHOLE)
        order = Order(parties, view.remark, view.goods)
        return Before(order, restore.view, (told.entry, restore.entry), whole)

    async def seal_anew(
        self,
        shipment: reads.ShipmentRow,
        record: Record,
        before: Before,
        changed: OpenOrder,
        veiled: Veiled,
        sender: tuple[str, str, int] | None,
    ) -> None:
        """The carrier took the change: record, binding and the audit entry of both, in one transaction. `sender` is the shop's other number."""
        service, now = self._service, self._service.clock()
        after = merged(before.order, changed, veiled.goods)
        restore = dict(before.restore) | {ECHOES: _echoes(before.restore.get(ECHOES, "[]"), veiled)}
        groups = to_groups(after, restore=restore)
        sealed = seal_more(service.keys.keyring, record.wrapped, tenant=record.tenant, record=record.id, groups=groups)
        role = self._own_role(shipment)
        phone = dialled_first(after.parties.get(role.value))
        moved = bool(phone) and phone != before.phone(role)

        def work(connection: Connection) -> bool:
            kept = connection.execute(update(vault).where(vault.c.record == record.id).values(**sealed)).rowcount
            if not kept:
                return False  # erased at this very moment, and erased it stays
            if moved:
                _rebind(connection, service, shipment, role, phone)
            if sender:
                relays = dict(shipment.relays) | {Role.SENDER.value: list(sender)}
                told = msgspec.json.encode(relays).decode()
                connection.execute(update(shipments).where(shipments.c.id == shipment.id).values(relays=told))
            return True

        parts = sorted({f"{role} {kind}" for _path, kind, role, _value in changed.fields})
        detail = {"carrier": shipment.carrier, "changed": parts, "rebound": moved}
        actor = f"shop:{shipment.tenant}"
        await service.change(
            work,
            lambda kept: service.record(
                "order.amended" if kept else "order.amended_after_erasure",
                tenant=shipment.tenant, actor=actor, subject=shipment.id, detail=detail, at=now,
            ),
        )  # fmt: skip

    def _own_role(self, shipment: reads.ShipmentRow) -> Role:
        """Whose number is this shipment's alone: the recipient's, or the customer's who sends goods back."""
        operation = self._service.profile(shipment.carrier).operations.get(shipment.operation)
        return Role.SENDER if operation is not None and operation.effect == "return" else Role.RECIPIENT


def merged(before: Order, changed: OpenOrder, goods: str) -> Order:
    """The order after the change: each part that the change says, and each other part as it was."""
    parties = dict(before.parties)
    for role, said in changed.parties.items():
        old = parties.get(role.value, Party())
        parts = _said(said) | {"address": structs.replace(old.address, **_said(said.address))}
        parties[role.value] = structs.replace(old, **parts)
    return Order(parties, changed.remark or before.remark, goods or before.goods)


def _said(value: Party | PostalAddress) -> dict[str, Any]:
    return {name: part for name in value.__struct_fields__ if (part := getattr(value, name))}


def _echoes(before: str, veiled: Veiled) -> str:
    """What gives echoes back: of each role and kind that the change says, the change's own; else as it was."""
    new = [list(echo) for echo in veiled.restore_map]
    said = {(str(role), str(kind)) for role, kind, *_rest in new}
    kept = [echo for echo in msgspec.json.decode(before) if (echo[0], echo[1]) not in said]
    return msgspec.json.encode([*kept, *new]).decode()


def _rebind(connection: Connection, service: Service, shipment: reads.ShipmentRow, role: Role, phone: str) -> None:
    """The same number, another phone behind it."""
    slot = Slot(*shipment.relays.get(role.value, ("", "", -1)))
    x, ext, turn = slot
    keyring = service.keys.keyring
    connection.execute(
        update(bindings)
        .where(bindings.c.x == x, bindings.c.ext == ext, bindings.c.turn == turn, bindings.c.shipment == shipment.id)
        .values(party=party_index(keyring, x, phone), owner=owner_index(keyring, shipment.tenant, phone))
    )
    if push_reads.is_pushed(connection, slot):
        _tell_providers(connection, service, slot, shipment.tenant)


def _tell_providers(connection: Connection, service: Service, slot: Slot, tenant: str) -> None:
    """Providers that hold the old phone let it go and are told the new one, as where they are found to ring somebody else."""
    ms = int(service.clock().timestamp() * 1000)
    for leg in push_reads.legs_of(connection, slot):
        if leg.state is LegState.UP or leg.unsure:
            ending = replace(leg, state=LegState.ENDING, attempts=0, tried_at=None)
            push_reads.save_leg(connection, slot, tenant, ending, ms)
    push_reads.revive(connection, slot, ms)
    connection.execute(insert(pushes).values(push_row(slot, tenant, "repair", ms)))
