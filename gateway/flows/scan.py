"""A courier scans a label: move the parcel on, show what this courier may see now. Down once, back once.

The ticket's keyed tag is checked before any look-up; the credential gives carrier, person and station; one read, the stage and
the scope give the view; one commit (scan, stage, reveal, audit, tombstone), then the answer. Foreign, absent, expired and forged
are one refusal. A scan that the app sends again counts once and moves nothing.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from gateway.budgets import Account, Budgets
from gateway.flows.deliver import put
from gateway.flows.lifecycle import Lifecycle, Then, nothing
from gateway.flows.narrow import taken_out
from gateway.flows.relays import party_index
from gateway.flows.scan_answer import AFTER_STATION, MAY_REPORT, REPORTS, told
from gateway.identity import Courier
from gateway.ids import new_id
from gateway.service import Service
from gateway.store import scan_reads
from gateway.store.errors import Conflict, Overloaded
from gateway.store.reads import Shipped
from gateway.store.scan_reads import Parcel, Sent
from gateway.store.tables import reveals, scans, shown, stages, tombstones
from gateway.store.unit import Unit
from masking.disclosure import Scope, disclose
from masking.labels.errors import TicketRefused
from masking.labels.ticket import Ticket, is_same, verify_online
from masking.moments import moment
from masking.personal import RelayNumber
from masking.policy import Audience, Level, Occasion, Reader
from masking.stage import Stage, advance
from masking.vault import blind_index

AT_ONCE = 5  # readers of one parcel in one moment that are sorted out here
LATE_MS = 7 * 86_400_000  # what a device kept longer than this, it is not believed about
_READERS, _STAGES = {reader.value: reader for reader in Reader}, {stage.value: stage for stage in Stage}
_OUT, _AT_STATION, _DELIVERED, _RELAY = Stage.OUT_FOR_DELIVERY, Stage.AT_STATION, Stage.DELIVERED, Level.RELAY


class ScanRequest(Struct, frozen=True):
    """What the courier's app sends."""

    ticket: str = ""
    waybill: str = ""
    station: str = ""
    """Where the scan was made, for the record; what a courier may see goes by the account's own station."""
    purpose: str = ""
    event: str = ""
    """A stage that this scan reports; empty for the one that the role's scan means."""
    reason: str = ""
    """A code; asks to reveal what the stage shows only with a reason."""
    scan_id: str = ""
    """Made by the app; the same scan sent twice counts once."""
    made_at: int = 0
    """Milliseconds since 1970 by the device's clock, where the scan was kept while there was no network. For the record only."""


class _Seen(Struct, frozen=True):
    """A parcel, and what this courier and carrier did with it before."""

    now: datetime
    ms: int
    """`now` in milliseconds."""
    parcel: Parcel
    stage: Stage
    last_at: datetime
    key: bytes | None
    """What the same scan, sent again, is known by."""
    account: Account

    def relays(self) -> dict[str, RelayNumber]:
        """What may still be dialled: a released number is resting, and whoever learns it now would have to be kept from it."""
        dead = {line.slot for line in self.parcel.lines if not line.live(self.ms)}
        return {
            role: RelayNumber(x, ext)
            for role, (x, ext, turn) in self.parcel.shipment.relays.items()
            if not dead or (x, ext, turn) not in dead
        }

    def marks(self) -> tuple[datetime | None, datetime | None, str]:
        """When the parcel first reached the last mile's depot, and its door; and the station that it was last reported from."""
        opened = delivered = None
        station = ""
        for stage, at, source in self.parcel.history:
            if stage == _AT_STATION and opened is None:
                opened = moment(at)
            elif stage == _DELIVERED and delivered is None:
                delivered = moment(at)
            if source.startswith("station:"):
                station = source[8:]
        return opened, delivered, station


class CourierScan:
    """The scan path. One instance a service; it holds the carriers' books in memory."""

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._budgets = Budgets()

    async def run(self, asked: ScanRequest, courier: Courier, *, source: str) -> dict[str, Any]:
        """The view as JSON values. Raises `ticket_refused` for everything that is not this courier's to see."""
        for _ in range(AT_ONCE):
            now = self._service.clock()
            try:
                if self._service.neighbours.locked(source, now):
                    raise TicketRefused
                seen = await self._find(asked, courier, now)
            except TicketRefused:
                self._service.neighbours.miss(source, now)
                self._service.metrics.scan("refused")
                raise
            stage = self._report(asked, courier, seen)
            try:
                return await self._show(asked, courier, seen, stage)
            except Conflict:
                continue  # another scan or push moved the parcel at this very moment: look again
        raise Overloaded("the parcel is being moved by others; scan again")

    async def _find(self, asked: ScanRequest, courier: Courier, now: datetime) -> _Seen:
        ticket: Ticket | None = None
        key: bytes | None = None
        if asked.ticket:
            tags = self._service.keys.tickets.tag_keys(now)
            ticket = verify_online(
                asked.ticket, tags, now, courier.carrier, hosts=(self._service.settings.ticket_host,)
            )
        elif not asked.waybill or len(asked.waybill) > 64:
            raise TicketRefused

        def look(connection: Connection) -> _Seen | None:
            parcel = _named(connection, asked, ticket, courier.carrier, sent)
            if parcel is None or parcel.shipment.carrier != courier.carrier:
                return None
            return self._seen(connection, asked, courier, parcel, key, now)

        def sent(shipment: Shipped) -> tuple[str, bytes]:
            nonlocal key
            key = self._key(asked, shipment)
            return courier.id, key or b""

        seen = await self._service.database.read(look)
        if seen is None:
            raise TicketRefused
        return seen

    def _seen(
        self,
        connection: Connection,
        asked: ScanRequest,
        courier: Courier,
        parcel: Parcel,
        key: bytes | None,
        now: datetime,
    ) -> _Seen:
        stage, at, _ = parcel.history[-1] if parcel.history else ("created", parcel.shipment.created_at, "")
        terms = self._service.policy.terms.get(courier.carrier)
        account = self._budgets.account(
            connection, terms, parcel, reveal=bool(asked.reason), scan=parcel.earlier, now=now
        )
        ms = int(now.timestamp() * 1000)
        return _Seen(now, ms, parcel, _STAGES[stage], moment(at), key, account)

    def _key(self, asked: ScanRequest, shipment: Shipped) -> bytes | None:
        """What makes a scan that the app sends again the same one; the app's own id is not stored."""
        if not asked.scan_id:
            return None
        said = f"{shipment.id} {asked.scan_id} {asked.event} {asked.reason}"
        return blind_index(self._service.keys.keyring, shipment.tenant, "scan", said)

    # -- the parcel moves

    def _report(self, asked: ScanRequest, courier: Courier, seen: _Seen) -> Stage:
        """The stage after this scan. A scan sent again moves nothing: what came after the first time stands."""
        report = REPORTS.get(courier.role)
        if asked.event:
            report = _STAGES.get(asked.event)
            if report not in MAY_REPORT.get(courier.role, frozenset()):
                report = None
        if report is _OUT and seen.stage not in AFTER_STATION:
            report = None
        if report is None or seen.parcel.earlier:
            return seen.stage
        return advance(seen.stage, report, seen.now, seen.last_at)[0]

    async def _show(self, asked: ScanRequest, courier: Courier, seen: _Seen, stage: Stage) -> dict[str, Any]:
        service, shipment, now = self._service, seen.parcel.shipment, seen.now
        profile = service.profiles.get(shipment.carrier)
        disclosure = disclose(
            seen.parcel.record,
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=self._audience(courier),
            occasion=self._occasion(asked, seen, stage),
            relays=seen.relays(),
            home=profile.manner.country if profile else "",
            masking=service.settings.masking_policy,
        )
        unit, scan, scope = Unit(), seen.parcel.earlier, disclosure.view.scope
        if not scan:
            scan = new_id("scan", seen.ms)
            self._write(unit, scan, asked, courier, seen, stage)
            self._write_reveal(unit, scan, asked, courier, seen, scope)
        self._budgets.enter(unit, service.policy.terms.get(courier.carrier), seen.parcel, seen.account, scope, now)
        self._remember_shown(unit, courier, shipment, scope, seen.ms)
        unit.record(disclosure.entry)
        then = await self._follow(unit, asked, courier, seen, stage, scope)
        if stage is not seen.stage:
            told_shop = {"carrier": shipment.carrier, "stage": stage.value}
            put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.stage", now=now, **told_shop)
        await service.commit(unit)
        then()
        service.metrics.scan("shown")
        return told(scan, seen.parcel, stage, disclosure.view, courier)

    def _audience(self, courier: Courier) -> Audience:
        serves, route = courier.serves, self._service.routes.get(courier.carrier)
        country = serves.country or (route.country if route else "")
        return Audience(
            _READERS[courier.role], f"courier:{courier.id}", courier.carrier, courier.station, serves.regions, country
        )

    async def _follow(
        self, unit: Unit, asked: ScanRequest, courier: Courier, seen: _Seen, stage: Stage, scope: Scope
    ) -> Then:
        """What the scan does to the recipient's number: it follows the parcel, and may be narrowed to this courier."""
        kept = _believed(asked, seen.ms)
        made_at = None if kept is None else moment(kept)
        # A scan sent again must not take the number back from a courier who came after it.
        scan = None if seen.parcel.earlier else await taken_out(
            self._service, courier, seen.parcel, stage, scope, made_at, seen.now
        )  # fmt: skip
        if stage is seen.stage and scan is None:
            return nothing
        shipment, own = seen.parcel.shipment, seen.parcel.own
        if own is None:
            return nothing
        known = own.binding()
        return await self._lifecycle.follow(unit, shipment, stage, seen.now, known=known, scan=scan, by=courier.id)

    def _occasion(self, asked: ScanRequest, seen: _Seen, stage: Stage) -> Occasion:
        opened, delivered, station = seen.marks()
        return Occasion(
            stage,
            seen.now,
            own=True,
            purpose=asked.purpose,
            reason=asked.reason,
            opened_at=opened,
            delivered_at=delivered,
            seen_at=seen.last_at,
            station=station,
            usage=self._budgets.usage(seen.parcel.shipment.carrier, seen.account),
        )

    def _write(self, unit: Unit, scan: str, asked: ScanRequest, courier: Courier, seen: _Seen, stage: Stage) -> None:
        ms, shipment = seen.ms, seen.parcel.shipment
        station = courier.station or asked.station
        if stage is not seen.stage:
            # Where the parcel is decides what others see of it: believed of the account, never of the request.
            source = f"station:{courier.station}" if courier.station else f"courier:{courier.id}"
            unit.add(stages, shipment.id, seen.parcel.seq + 1, shipment.tenant, stage.value, source, ms)
        made_at = _believed(asked, ms)
        unit.add(
            scans, scan, shipment.tenant, shipment.id, courier.id, station, asked.purpose, seen.key, made_at, ms
        )  # fmt: skip

    def _write_reveal(
        self, unit: Unit, scan: str, asked: ScanRequest, courier: Courier, seen: _Seen, scope: Scope
    ) -> None:
        """What was shown only for its reason counts against the quota, and the shop hears of it."""
        if not asked.reason:
            return
        asking = {rule.id for rule in self._service.policy.rules if rule.when.reveal}
        fields = sorted(name for name, decision in scope.decisions.items() if decision.rule in asking)
        if not fields:
            return
        shipment, ms = seen.parcel.shipment, seen.ms
        unit.add(
            reveals, shipment.id, shipment.carrier, seen.account.nth, shipment.tenant, scan, courier.id, asked.reason,
            courier.role, json.dumps(fields), ms,
        )  # fmt: skip
        said = {
            "carrier": shipment.carrier,
            "courier": courier.id,
            "role": courier.role,
            "reason": asked.reason,
            "fields": fields,
        }
        put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.revealed", now=seen.now, **said)

    def _remember_shown(self, unit: Unit, courier: Courier, shipment: Shipped, scope: Scope, ms: int) -> None:
        """Who was shown a dial string must never reach a party of another shipment through it."""
        for role, (x, ext, turn) in shipment.relays.items():
            if turn < 0 or scope.level(f"{role}.phone") is not _RELAY:
                continue
            unit.add(shown, x, ext, turn, courier.id, int(bool(courier.phone)), shipment.tenant, ms)
            if courier.phone:
                index = party_index(self._service.keys.keyring, x, courier.phone)
                unit.add(tombstones, x, index, ext, turn, shipment.tenant, ms)


def _named(
    connection: Connection, asked: ScanRequest, ticket: Ticket | None, carrier: str, sent: Sent
) -> Parcel | None:
    """The parcel that the ticket, or else the waybill, names to this carrier."""
    if ticket is None:
        id = scan_reads.by_waybill(connection, carrier, asked.waybill)
        return scan_reads.parcel(connection, id, sent) if id else None

    def holds(issued_to: str, fingerprint: bytes) -> bool:
        return issued_to == carrier and is_same(ticket, fingerprint)

    return scan_reads.by_ticket(connection, ticket.id, holds, sent)


def _believed(asked: ScanRequest, ms: int) -> int | None:
    """When the device made a scan that it kept, in ms, as far as it can be true."""
    return asked.made_at if ms - LATE_MS < asked.made_at < ms else None
