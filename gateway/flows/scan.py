"""A courier scans a label: move the parcel on, show what this courier may see now. Down once, back once.

The ticket's keyed tag is checked before any look-up; the credential gives carrier, person and station; one read, the stage and
the scope give the view; one commit (scan, stage, audit, tombstone), then the answer. Foreign, absent, expired and forged are one
refusal.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from gateway.flows.deliver import put
from gateway.flows.lifecycle import Lifecycle
from gateway.flows.relays import party_index
from gateway.identity import Courier
from gateway.ids import new_id
from gateway.service import Service
from gateway.store import reads, relay_reads
from gateway.store.errors import Conflict, Overloaded
from gateway.store.tables import scans, shown, stages, tombstones
from gateway.store.unit import Unit
from masking.disclosure import Record, View, disclose
from masking.labels.errors import TicketRefused
from masking.labels.ticket import is_same, verify_online
from masking.personal import MaskedParty, RelayNumber
from masking.policy import Audience, Level, Occasion, Reader
from masking.stage import Stage, advance
from masking.vault import blind_index
from virtual_numbers.binding import Binding

SOURCES = 100_000  # sources of misses remembered at once
AT_ONCE = 5  # readers of one parcel in one moment that are sorted out here
# What a scan by this role reports, unless it says otherwise. A delivery courier's scan takes the parcel out only from the
# last-mile station: a photographed label scanned elsewhere opens nothing.
REPORTS = {
    "pickup": Stage.PICKED_UP,
    "linehaul": Stage.IN_TRANSIT,
    "station": Stage.AT_STATION,
    "delivery": Stage.OUT_FOR_DELIVERY,
}
MAY_REPORT = {
    "pickup": {Stage.PICKED_UP, Stage.EXCEPTION},
    "linehaul": {Stage.IN_TRANSIT, Stage.EXCEPTION},
    "station": {Stage.IN_TRANSIT, Stage.AT_STATION, Stage.DELIVERED, Stage.RETURNED, Stage.EXCEPTION},
    "delivery": {Stage.OUT_FOR_DELIVERY, Stage.DELIVERED, Stage.RETURNED, Stage.EXCEPTION},
}
NEEDS_STATION = {Stage.AT_STATION, Stage.OUT_FOR_DELIVERY, Stage.EXCEPTION, Stage.DELIVERED}


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What the courier's app sends."""

    ticket: str = ""
    waybill: str = ""
    station: str = ""
    purpose: str = ""
    event: str = ""
    """A stage that this scan reports; empty for the one that the role's scan means."""
    reason: str = ""
    """A code; asks to reveal what the stage shows only with a reason."""
    scan_id: str = ""
    """Made by the app; the same scan sent twice counts once."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The parcel as the store knows it."""

    shipment: reads.ShipmentRow
    outcome: reads.Outcome | None
    record: reads.VaultRow
    stage: Stage
    seq: int
    last_at: datetime
    history: list[tuple[str, int, str]]
    bindings: list[Binding]
    """The bindings behind the shipment's relay numbers, hotlines left out."""

    def relays(self, now: datetime) -> dict[str, RelayNumber]:
        """What may still be dialled: a released number is resting, and whoever learns it now would have to be kept from it."""
        dead = {binding.slot for binding in self.bindings if not binding.live(now)}
        return {
            role: RelayNumber(x, ext)
            for role, (x, ext, turn) in self.shipment.relays.items()
            if (x, ext, turn) not in dead
        }


class CourierScan:
    """The scan path. One instance a service; it holds the miss counters in memory."""

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._misses: OrderedDict[tuple[str, int], int] = OrderedDict()

    async def run(self, asked: ScanRequest, courier: Courier, *, source: str) -> dict[str, Any]:
        """The view as JSON values. Raises `ticket_refused` for everything that is not this courier's to see."""
        for _ in range(AT_ONCE):
            now = self._service.clock()
            try:
                if self._locked(source, now):
                    raise TicketRefused
                seen = await self._find(asked, courier, now)
            except TicketRefused:
                self._miss(source, now)
                self._service.metrics.scans.labels("refused").inc()
                raise
            moved, at = self._report(asked, courier, seen, now)
            with suppress(Conflict):  # another scan or push moved the parcel at this very moment: look again
                return await self._show(asked, courier, seen, moved, at, now)
        raise Overloaded("the parcel is being moved by others; scan again")

    # -- refusals

    def _locked(self, source: str, now: datetime) -> bool:
        return self._misses.get((source, int(now.timestamp() // 60)), 0) >= self._service.settings.scan_misses

    def _miss(self, source: str, now: datetime) -> None:
        key = (source, int(now.timestamp() // 60))
        self._misses[key] = self._misses.get(key, 0) + 1
        self._misses.move_to_end(key)
        if len(self._misses) > SOURCES:
            self._misses.popitem(last=False)

    async def _find(self, asked: ScanRequest, courier: Courier, now: datetime) -> _Seen:
        id, fingerprint = b"", None
        if asked.ticket:
            tags = self._service.keys.tickets.tag_keys(now)
            ticket = verify_online(asked.ticket, tags, now, courier.carrier)
            id, fingerprint = ticket.id, ticket
        elif not asked.waybill or len(asked.waybill) > 64:
            raise TicketRefused

        def look(connection: Connection) -> _Seen | None:
            if fingerprint is not None:
                row = reads.ticket(connection, id)
                if row is None or row[2] != courier.carrier or not is_same(fingerprint, row[3]):
                    return None
                return _see(connection, row[1])
            found = reads.shipment_by_waybill(connection, courier.carrier, asked.waybill)
            return _see(connection, found) if found else None

        seen = await self._service.database.read(look)
        if seen is None or seen.shipment.carrier != courier.carrier:
            raise TicketRefused
        return seen

    # -- the parcel moves

    def _report(self, asked: ScanRequest, courier: Courier, seen: _Seen, now: datetime) -> tuple[Stage, datetime]:
        report = REPORTS.get(courier.role)
        if asked.event:
            report = Stage(asked.event) if asked.event in Stage._value2member_map_ else None
            if report not in MAY_REPORT.get(courier.role, set()):
                report = None
        if report is Stage.OUT_FOR_DELIVERY and seen.stage not in NEEDS_STATION:
            report = None
        if report is None:
            return seen.stage, seen.last_at
        stage, changed = advance(seen.stage, report, now, seen.last_at)
        return stage, now if changed else seen.last_at

    async def _show(
        self, asked: ScanRequest, courier: Courier, seen: _Seen, stage: Stage, at: datetime, now: datetime
    ) -> dict[str, Any]:
        service, shipment = self._service, seen.shipment
        relays = seen.relays(now)
        disclosure = disclose(
            Record(shipment.tenant, shipment.id, seen.record.wrapped, seen.record.groups),
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=self._audience(courier, asked),
            occasion=self._occasion(asked, seen, stage, now),
            relays=relays,
            masking=service.settings.masking_policy,
        )
        key, unit = self._key(asked, seen, stage), Unit()
        scan = await self._earlier(courier, key)
        if not scan:
            scan = new_id("scan", int(now.timestamp() * 1000))
            self._write(unit, scan, key, asked, courier, seen, stage, now)
        self._remember_shown(unit, courier, shipment, disclosure.view, now)
        unit.record(disclosure.entry)
        then = None
        if stage is not seen.stage:
            then = await self._lifecycle.follow(unit, shipment, stage, now)
            told_shop = {"carrier": shipment.carrier, "stage": stage.value}
            put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.stage", now=now, **told_shop)
        await service.commit(unit)
        if then:
            then()
        service.metrics.scans.labels("shown").inc()
        return told(scan, seen, stage, disclosure.view, courier)

    def _audience(self, courier: Courier, asked: ScanRequest) -> Audience:
        station = courier.station or asked.station
        return Audience(Reader(courier.role), f"courier:{courier.id}", carrier=courier.carrier, station=station)

    def _occasion(self, asked: ScanRequest, seen: _Seen, stage: Stage, now: datetime) -> Occasion:
        opened = next((at for name, at, _ in seen.history if name == Stage.AT_STATION), None)
        delivered = next((at for name, at, _ in seen.history if name == Stage.DELIVERED), None)
        station = next((source[8:] for name, _, source in reversed(seen.history) if source.startswith("station:")), "")
        return Occasion(
            stage,
            now,
            own=True,
            purpose=asked.purpose,
            reason=asked.reason,
            opened_at=_when(opened),
            delivered_at=_when(delivered),
            seen_at=seen.last_at,
            station=station,
        )

    def _key(self, asked: ScanRequest, seen: _Seen, stage: Stage) -> bytes | None:
        """What makes a scan that the app sends again the same one; the app's own id is not stored."""
        if not asked.scan_id:
            return None
        said = f"{seen.shipment.id} {asked.scan_id} {stage} {asked.reason}"
        return blind_index(self._service.keys.keyring, seen.shipment.tenant, "scan", said)

    async def _earlier(self, courier: Courier, key: bytes | None) -> str:
        if key is None:
            return ""
        found = await self._service.database.read(lambda connection: reads.scan_by_key(connection, courier.id, key))
        return found[0] if found else ""

    def _write(
        self,
        unit: Unit,
        scan: str,
        key: bytes | None,
        asked: ScanRequest,
        courier: Courier,
        seen: _Seen,
        stage: Stage,
        now: datetime,
    ) -> None:
        ms, shipment = int(now.timestamp() * 1000), seen.shipment
        station = courier.station or asked.station
        if stage is not seen.stage:
            source = f"station:{station}" if station else f"courier:{courier.id}"
            unit.add(stages, shipment.id, seen.seq + 1, shipment.tenant, stage.value, source, ms)
        unit.add(scans, scan, shipment.tenant, shipment.id, courier.id, station, asked.purpose, key, ms)

    def _remember_shown(
        self, unit: Unit, courier: Courier, shipment: reads.ShipmentRow, view: View, now: datetime
    ) -> None:
        """Who was shown a dial string must never reach a party of another shipment through it."""
        ms = int(now.timestamp() * 1000)
        for role, (x, ext, turn) in shipment.relays.items():
            if turn < 0 or view.scope.level(f"{role}.phone") is not Level.RELAY:
                continue
            unit.add(shown, x, ext, turn, courier.id, int(bool(courier.phone)), shipment.tenant, ms)
            if courier.phone:
                index = party_index(self._service.keys.keyring, x, courier.phone)
                unit.add(tombstones, x, index, ext, turn, shipment.tenant, ms)


def _see(connection: Connection, id: str) -> _Seen | None:
    shipment = reads.shipment(connection, id)
    record = reads.sealed(connection, id)
    if shipment is None or record is None:
        return None
    history = reads.stage_history(connection, id)
    stage, at = (Stage(history[-1][0]), history[-1][1]) if history else (Stage.CREATED, shipment.created_at)
    latest = reads.latest_stage(connection, id)
    slots = [slot for slot in shipment.relays.values() if slot[2] >= 0]
    bindings = [found for slot in slots if (found := relay_reads.binding_of_turn(connection, *slot))]
    return _Seen(
        shipment,
        reads.outcome(connection, id),
        record,
        stage,
        latest[0] if latest else 0,
        datetime.fromtimestamp(at / 1000, UTC),
        history,
        bindings,
    )


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def told(scan: str, seen: _Seen, stage: Stage, view: View, courier: Courier) -> dict[str, Any]:
    """A view as the courier's app reads it. What is hidden is absent."""
    out: dict[str, Any] = {
        "scan": scan,
        "waybill": seen.outcome.waybill if seen.outcome else "",
        "routing_code": seen.outcome.routing_code if seen.outcome else "",
        "carrier": seen.shipment.carrier,
        "stage": stage.value,
    }
    for role, party in view.parties.items():
        out[role] = _party(party)
    dial = out.get("recipient", {}).get("dial")
    if dial:
        out["dial"] = dial
    if view.remark:
        out["remark"] = view.remark
    if view.goods:
        out["goods"] = view.goods
    out["actions"] = _actions(stage, view, courier, bool(dial))
    return out


def _party(party: MaskedParty) -> dict[str, Any]:
    shown_party: dict[str, Any] = {name: value for name in ("name", "company") if (value := getattr(party, name))}
    if party.relay is not None:
        shown_party["dial"] = party.relay.dial
    address = replace(party.address)
    fields = ("country", "state", "city", "district", "street", "postcode")
    shown_address = {name: value for name in fields if (value := getattr(address, name))}
    if shown_address:
        shown_party["address"] = shown_address
    return shown_party


def _actions(stage: Stage, view: View, courier: Courier, dial: bool) -> list[str]:
    """What this courier can do next: call, report an event, reveal with a reason."""
    out = ["call"] if dial else []
    for event in (Stage.OUT_FOR_DELIVERY, Stage.DELIVERED, Stage.EXCEPTION, Stage.RETURNED):
        possible = event in MAY_REPORT.get(courier.role, set()) and stage not in (event, Stage.CLOSED)
        if possible and stage in NEEDS_STATION:
            out.append(event.value)
    if "reason_missing" in view.scope.refusals().values():
        out.append("reveal")
    return out
