"""Every call that books nothing: look-up, trace, rate, label, update, cancel. Masked like an order, answered like an order.

The shipment it speaks of is found by the carrier's order reference or waybill, among this shop's own; its relay numbers stand
in for phones, and its sealed record gives echoes back. What has no shipment yet (a rate) shows the sender's number for everybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from carriers.answer import Answer
from carriers.order import OpenOrder, open_order
from carriers.profile import CarrierProfile, Operation
from carriers.rewrite import Veiled, finish, rewrite_answer, veil
from carriers.unknown import inspect
from carriers.wire import WireRequest
from gateway.flows.agreement import check_agreement
from gateway.flows.aliases import order_aliases
from gateway.flows.amend import Amend, Before
from gateway.flows.artwork import police
from gateway.flows.forward import label_terms, refuse_hits
from gateway.flows.handles import names_in, remember
from gateway.flows.lifecycle import Lifecycle
from gateway.flows.order_steps import FrontAnswer, OrderRefused, last_look, unveiled
from gateway.flows.own_label import own_label
from gateway.flows.print_label import PrintLabel
from gateway.flows.relays import Relays, dialled_first
from gateway.flows.settle import ECHOES
from gateway.identity import Shop
from gateway.service import Service
from gateway.store import reads
from gateway.store.tables import outcomes, stages
from gateway.store.unit import Unit
from gateway.upstream import ENFORCE, Route
from masking.disclosure import Record, disclose, disclose_for_restore
from masking.personal import Party, RelayNumber, Role
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage
from masking.vault import blind_index

UNKNOWN = "unknown"
"""The id of an operation that no profile describes (`carriers.unknown`)."""


@dataclass(slots=True)
class _Known:
    """The shipment that a call speaks of, as far as it is this shop's."""

    shipment: reads.ShipmentRow | None = None
    record: reads.VaultRow | None = None
    stage: tuple[int, str, int] | None = None
    outcome: reads.Outcome | None = None
    entries: list[bytes] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list, repr=False)
    """Opened only to check a carrier's label against them."""

    @property
    def id(self) -> str:
        return self.shipment.id if self.shipment else ""


class Consult:
    """The path of calls that book nothing."""

    def __init__(
        self, service: Service, relays: Relays, lifecycle: Lifecycle, printing: PrintLabel, amend: Amend
    ) -> None:
        self._service = service
        self._amend = amend
        self._printing = printing
        self._relays = relays
        self._lifecycle = lifecycle

    async def run(
        self, shop: Shop, profile: CarrierProfile, route: Route, operation: Operation, request: WireRequest
    ) -> FrontAnswer:
        """Ask the carrier, on record, and give its answer back with the shop's own values."""
        service, now = self._service, self._service.clock()
        order = open_order(operation, request, keys=shop.keys, attachments=route.options.get("attachments", ()))
        if operation.id == UNKNOWN:
            inspect(order)
        await check_agreement(service, shop, route, order, now)
        known = await self._known(shop, profile, order)
        echoes = self._echoes(known, now)
        last_four = self._last_four(order, known, now)
        before, sender = await self._before(operation, shop, order, known, now)
        if route.mode == ENFORCE:
            veiled = await self._veil(shop, route, order, known, last_four, sender, now)
        else:
            veiled = unveiled(service, profile.id, order)
        detail: dict[str, Any] = {"carrier": profile.id, "operation": operation.name}
        if route.mode != ENFORCE:
            detail["mode"] = route.mode
        if veiled.granted:
            detail["granted"] = sorted({f"{role} {kind} {path}" for path, kind, role in veiled.granted})
        entry = service.record(
            "call.forwarded", tenant=shop.id, actor=f"shop:{shop.id}", subject=known.id, detail=detail, at=now
        )
        await service.commit(Unit(entries=[*known.entries, entry]))
        token = await service.token(profile, route)
        wire = finish(veiled, route.secrets, now=service.clock(), nonce=secrets.token_hex(16), token=token)
        reply = await service.upstream.send(route, wire, operation.host)
        answer = rewrite_answer(operation, [*veiled.restore_map, *echoes], reply)
        if not answer.readable:
            raise OrderRefused("the carrier's answer cannot be read", code="carrier_garbage", shipment=known.id)
        withheld = 0
        if answer.artwork and route.mode == ENFORCE:
            await self._open_parties(known, now)
            withheld = await self._artwork(answer, route, operation, order, known)
        await self._effects(operation, known, answer)
        if before is not None and answer.outcome != "refused" and answer.status < 400:
            await self._sealed_anew(known, before, order, veiled, sender)
        content_type = answer.headers.get("content-type", "application/json")
        return FrontAnswer(answer.status, content_type, answer.body, known.id, withheld=withheld)

    async def _veil(
        self,
        shop: Shop,
        route: Route,
        order: OpenOrder,
        known: _Known,
        last_four: Mapping[Role, str],
        sender: tuple[str, str, int] | None,
        now: datetime,
    ) -> Veiled:
        relays = await self._stand_ins(shop, route.carrier, order, known, now)
        if sender is not None:
            relays[Role.SENDER] = RelayNumber(sender[0], sender[1])
        aliases = order_aliases(self._service, shop.id, route.carrier, known.id)
        last_mile = route.options.get("last_mile")
        veiled = veil(order, relays=relays, last_mile=last_mile, aliases=aliases, last_four=last_four)
        if hits := last_look(order, veiled, extra_kept=tuple(last_four.values())):
            await refuse_hits(self._service, shop, order, hits)
        return veiled

    async def _before(
        self, operation: Operation, shop: Shop, order: OpenOrder, known: _Known, now: datetime
    ) -> tuple[Before | None, tuple[str, str, int] | None]:
        """For a change of an order of ours: the order as it is sealed, and the shop's number where it changes its own phone."""
        record = self._record(known)
        if operation.effect != "update" or record is None or known.shipment is None:
            return None, None
        before = self._amend.opened(record, _stage(known), now)
        known.entries.extend(before.entries)
        if not before.whole:
            message = "the folder's policy does not show this order to its shop in full, so it cannot be changed"
            raise OrderRefused(message, code="scope_refused", shipment=known.id)
        sender = order.parties.get(Role.SENDER)
        if sender is None or dialled_first(sender) in ("", before.phone(Role.SENDER)):
            return before, None
        return before, await self._relays.sender_number(shop, known.shipment.carrier, order.parties, now)

    async def _sealed_anew(
        self, known: _Known, before: Before, order: OpenOrder, veiled: Veiled, sender: tuple[str, str, int] | None
    ) -> None:
        record = self._record(known)
        if record is not None and known.shipment is not None:
            await self._amend.seal_anew(known.shipment, record, before, order, veiled, sender)

    async def _known(self, shop: Shop, profile: CarrierProfile, order: OpenOrder) -> _Known:
        ref = None
        if order.reference:
            ref = blind_index(self._service.keys.keyring, shop.id, f"reference {profile.id}", order.reference)
        waybills = [leaf.value for leaf in order.sheet.facts.get("waybill", [])]
        names = names_in(order)

        def look(connection: Connection) -> _Known:
            row = reads.shipment_by_ref(connection, shop.id, profile.id, ref) if ref else None
            if row is None:
                row = _named(connection, shop.id, profile.id, waybills, names)
            if row is None:
                return _Known()
            stage, outcome = reads.latest_stage(connection, row.id), reads.outcome(connection, row.id)
            return _Known(row, reads.sealed(connection, row.id), stage, outcome)

        return await self._service.database.read(look)

    def _record(self, known: _Known) -> Record | None:
        row = known.record
        return Record(row.tenant, row.record, row.wrapped, row.groups) if row else None

    def _echoes(self, known: _Known, now: datetime) -> list[Any]:
        record = self._record(known)
        if record is None or "restore" not in record.groups:
            return []
        told = disclose_for_restore(
            record,
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, f"shop:{record.tenant}"),
            occasion=Occasion(_stage(known), now, own=True, purpose="restore"),
        )
        known.entries.append(told.entry)
        return list(msgspec.json.decode(told.view.get(ECHOES, "[]")))

    async def _open_parties(self, known: _Known, now: datetime) -> None:
        record = self._record(known)
        if record is None:
            return
        told = disclose(
            record,
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, f"shop:{record.tenant}"),
            occasion=Occasion(_stage(known), now, own=True, purpose="label_check"),
        )
        await self._service.commit(Unit(entries=[told.entry]))
        view = told.view
        known.parties = [
            Party(p.name, p.phone, p.email, p.company, p.address, view.ids.get(name, ()))
            for name, p in view.parties.items()
        ]

    def _last_four(self, order: OpenOrder, known: _Known, now: datetime) -> Mapping[Role, str]:
        """What a trace call asks of the real phone; a disclosure, on record."""
        record = self._record(known)
        if not order.last4_roles or record is None:
            return {}
        # Where the format does not say whose phone it asks about, the consignee's is the one that carriers check.
        whose = {role: Role.RECIPIENT if role is Role.THIRD_PARTY else role for role in order.last4_roles}
        names = {f"{role.value}.phone" for role in whose.values()}
        told = disclose(
            record,
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, f"shop:{record.tenant}"),
            occasion=Occasion(_stage(known), now, own=True, purpose="trace_last_four"),
            fields=names,
        )
        known.entries.append(told.entry)
        found = {}
        for role, party_role in whose.items():
            party = told.view.parties.get(party_role.value)
            digits = "".join(c for c in party.phone if c.isdigit()) if party else ""
            if len(digits) >= 4:
                found[role] = digits[-4:]
        return found

    async def _stand_ins(
        self, shop: Shop, carrier: str, order: OpenOrder, known: _Known, now: datetime
    ) -> dict[Role, RelayNumber]:
        relays = (
            {Role(role): RelayNumber(x, ext) for role, (x, ext, _) in known.shipment.relays.items()}
            if known.shipment
            else {}
        )
        missing = [role for role in order.phone_roles if role not in relays]
        if missing:
            x, ext, _turn = await self._relays.sender_number(shop, carrier, order.parties, now)
            relays.update(dict.fromkeys(missing, RelayNumber(x, ext)))
        return relays

    async def _artwork(
        self, answer: Answer, route: Route, operation: Operation, order: OpenOrder, known: _Known
    ) -> int:
        """Labels that a look-up or a label call brings. The plain values are the document's own and the sealed order's."""
        terms = label_terms(self._service, route, operation.manner.last_mile, known.id)
        waybill = answer.waybill or (known.outcome.waybill if known.outcome else "")
        if waybill and known.shipment is not None:
            code = answer.routing_code or (known.outcome.routing_code if known.outcome else "")
            tenant = known.shipment.tenant
            own = own_label(self._printing, tenant=tenant, shipment=known.id, waybill=waybill, routing_code=code)
            terms = replace(terms, own=own)
        return await police(answer, [*order.parties.values(), *known.parties], terms)

    async def _effects(self, operation: Operation, known: _Known, answer: Answer) -> None:
        """What the answer changes: a shipment is cancelled, or the purchase of its label brought the waybill."""
        if known.shipment is None or answer.outcome != "booked":
            return
        if operation.effect == "cancel":
            await self._cancelled(known, known.shipment)
        elif operation.effect == "label":
            await self._bought(known, known.shipment, answer)

    async def _bought(self, known: _Known, shipment: reads.ShipmentRow, answer: Answer) -> None:
        """A waybill that comes with the purchase. On disk before the shop is told, like one that comes at once."""
        before, now = known.outcome, self._service.clock()
        unit, ms = Unit(), int(now.timestamp() * 1000)
        remember(unit, answer, tenant=shipment.tenant, carrier=shipment.carrier, shipment=shipment.id, at=ms)
        if answer.waybill and (before is None or before.waybill != answer.waybill):
            seq, kept = (before.seq + 1, before.answer) if before else (1, None)
            unit.add(
                outcomes, shipment.id, seq, shipment.tenant, shipment.carrier, "booked", answer.waybill, answer.routing_code,
                kept, ms,
            )  # fmt: skip
            told = {"carrier": shipment.carrier, "waybill": answer.waybill}
            actor, tenant = f"carrier:{shipment.carrier}", shipment.tenant
            entry = self._service.record(
                "order.bought", tenant=tenant, actor=actor, subject=shipment.id, detail=told, at=now
            )
            unit.record(entry)
        if unit.rows:
            await self._service.commit(unit)

    async def _cancelled(self, known: _Known, shipment: reads.ShipmentRow) -> None:
        """A cancelled shipment is over: its stage closes and its number is released."""
        now = self._service.clock()
        unit = Unit()
        seq = known.stage[0] + 1 if known.stage else 1
        unit.add(
            stages, shipment.id, seq, shipment.tenant, Stage.CLOSED.value, "cancelled", int(now.timestamp() * 1000)
        )
        then = await self._lifecycle.end(unit, shipment, now, "cancelled")
        detail = {"carrier": shipment.carrier}
        unit.record(
            self._service.record(
                "order.cancelled",
                tenant=shipment.tenant,
                actor=f"shop:{shipment.tenant}",
                subject=shipment.id,
                detail=detail,
                at=now,
            )
        )
        await self._service.commit(unit)
        then()


def _stage(known: _Known) -> Stage:
    return Stage(known.stage[1]) if known.stage else Stage.CREATED


def _named(
    connection: Connection, tenant: str, carrier: str, waybills: list[str], names: list[str]
) -> reads.ShipmentRow | None:
    """The tenant's shipment under one of these waybills or names. All shops ship under one account of the carrier's, so a call about
    another shop's parcel would be answered, and obeyed: it is refused."""
    found = [id for waybill in waybills if (id := reads.shipment_by_waybill(connection, carrier, waybill))]
    if names:
        by_tenant = reads.shipments_by_handle(connection, carrier, names)
        found += [by_tenant[tenant]] if tenant in by_tenant else list(by_tenant.values())
    rows = [row for id in found if (row := reads.shipment(connection, id))]
    own = next((row for row in rows if row.tenant == tenant), None)
    if own is None and rows:
        raise OrderRefused("no such shipment", code="shipment_not_found")
    return own
