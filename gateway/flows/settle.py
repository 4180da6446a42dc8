"""What became of an order that a crash or a timeout left open: found out by asking only, never by sending it again.

The profile's look-up finds it (booked) or does not (absent: open to the shop's retry), or there is no look-up and it stays
unknown until `veilway shipment resolve` closes it. A sweeper asks for every order left pending; a retry asks for its own.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from carriers.errors import CarrierRefusal
from carriers.lookup import lookup_request, read_lookup
from gateway.flows.deliver import put
from gateway.flows.lifecycle import Lifecycle
from gateway.logs import log
from gateway.service import Service
from gateway.store import chore_reads, reads
from gateway.store.errors import Conflict, StoreError
from gateway.store.tables import outcomes
from gateway.store.unit import Unit
from gateway.upstream import CarrierFault
from masking.disclosure import Record, disclose_for_restore
from masking.errors import VeilwayError
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

REFERENCE, ECHOES = "#reference", "#echoes"
"""Keys in the vault's group `restore`: the carrier's own order reference, and what gives echoes back to the shop."""
SETTLED = frozenset({"booked", "refused", "not_sent", "absent", "not_booked"})
NEVER_BOOKED = frozenset({"refused", "not_sent", "absent", "not_booked"})
PAGE = 500
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


class NotResolvable(VeilwayError):
    """The shipment is not in doubt, or not there."""

    code = "not_resolvable"


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one shipment after asking."""

    status: str
    waybill: str = ""
    routing_code: str = ""


class Settle:
    """Look-ups, the sweeper, and the operator's word."""

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._swept = ""
        """Every shipment up to this id has an outcome."""
        self._next_ask: dict[str, tuple[datetime, timedelta]] = {}

    async def ask(self, shipment: reads.ShipmentRow, outcome: reads.Outcome | None) -> Finding:
        """Ask the carrier about one open order and store what it says. Gives `unknown` where it cannot be asked."""
        service = self._service
        profile = service.profiles.get(shipment.carrier)
        route = service.routes.get(shipment.carrier)
        if profile is None or route is None:
            return Finding("unknown")
        operation = profile.operations.get(shipment.operation)
        reference = await self._reference(shipment) if operation and operation.lookup else ""
        if operation is None or operation.lookup is None or not reference:
            return await self._store(shipment, outcome, Finding("unknown"), None)
        try:
            token = await service.token(profile, route)
            now, nonce = service.clock(), secrets.token_hex(16)
            wire = lookup_request(operation, reference, route.secrets, now=now, nonce=nonce, token=token)
            reply = await service.upstream.send(route, wire, operation.lookup.operation.host)
            found = read_lookup(operation, reference, reply)
        except (CarrierFault, CarrierRefusal):
            return await self._store(shipment, outcome, Finding("unknown"), None)
        return await self._store(shipment, outcome, Finding(found.outcome, found.waybill, found.routing_code), None)

    async def _reference(self, shipment: reads.ShipmentRow) -> str:
        """The carrier's own order reference, opened on the shop's behalf and on record."""
        record = await self._service.database.read(lambda connection: reads.sealed(connection, shipment.id))
        if record is None:
            return ""
        told = disclose_for_restore(
            Record(record.tenant, record.record, record.wrapped, record.groups),
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, "service:sweeper"),
            occasion=Occasion(Stage.CREATED, self._service.clock(), own=True, purpose="lookup"),
        )
        await self._service.commit(Unit(entries=[told.entry]))
        return told.view.get(REFERENCE, "")

    async def _store(
        self, shipment: reads.ShipmentRow, outcome: reads.Outcome | None, finding: Finding, by: str | None
    ) -> Finding:
        if outcome is not None and outcome.status == finding.status == "unknown":
            return finding
        seq = outcome.seq + 1 if outcome else 1
        now = self._service.clock()
        unit = Unit()
        unit.add(
            outcomes, shipment.id, seq, shipment.tenant, shipment.carrier, finding.status, finding.waybill or None, "", None,
            int(now.timestamp() * 1000),
        )  # fmt: skip
        detail = {"carrier": shipment.carrier, "status": finding.status, "by": by or "lookup"}
        if finding.waybill:
            detail["waybill"] = finding.waybill
        actor = by or f"carrier:{shipment.carrier}"
        unit.record(
            self._service.record(
                f"order.{finding.status}",
                tenant=shipment.tenant,
                actor=actor,
                subject=shipment.id,
                detail=detail,
                at=now,
            )
        )
        told = {"carrier": shipment.carrier, "waybill": finding.waybill, "status": finding.status}
        put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.settled", now=now, **told)
        then = None
        if finding.status in NEVER_BOOKED:
            then = await self._lifecycle.end(unit, shipment, now, finding.status)
        try:
            await self._service.commit(unit)
            if then:
                then()
        except Conflict:
            # Another process asked at the same moment; what it stored stands.
            stored = await self._service.database.read(lambda connection: reads.outcome(connection, shipment.id))
            return Finding(stored.status, stored.waybill) if stored else finding
        return finding

    async def resolve(self, id: str, *, waybill: str, actor: str) -> Finding:
        """The operator's word on an order in doubt: booked under `waybill`, or not booked where it is empty."""
        row, outcome = await self._service.database.read(
            lambda connection: (reads.shipment(connection, id), reads.outcome(connection, id))
        )
        if row is None:
            raise NotResolvable("no such shipment", code="shipment_not_found")
        if outcome is not None and outcome.status in SETTLED:
            raise NotResolvable(f"the shipment is not in doubt: {outcome.status}")
        finding = Finding("booked", waybill) if waybill else Finding("not_booked")
        return await self._store(row, outcome, finding, actor)

    async def sweep(self, *, older_than: timedelta) -> int:
        """Ask about every order left open for longer than `older_than`; gives how many were settled."""
        before = int((self._service.clock() - older_than).timestamp() * 1000)
        bound = f"shp_{before:012x}"  # ids begin with their millisecond
        return await self._sweep_pending(bound) + await self._sweep_unknown(bound)

    async def _sweep_pending(self, before: str) -> int:
        """Each pending order is asked about once; what stays in doubt becomes `unknown`, so the cursor never waits."""
        settled, more = 0, True
        while more:
            read = partial(chore_reads.pending, after=self._swept, before=before, limit=PAGE)
            rows, reached, more = await self._service.database.read(read)
            for row in rows:
                settled += (await self.ask(row, None)).status in SETTLED
            self._swept = reached
        return settled

    async def _sweep_unknown(self, before: str) -> int:
        """Those in doubt are asked about again, each at growing intervals: asking is a disclosure, and on record."""
        settled, now = 0, self._service.clock()
        rows = await self._service.database.read(partial(chore_reads.unknown, before=before, limit=PAGE))
        self._next_ask = {row.id: at for row in rows if (at := self._next_ask.get(row.id))}
        for row in rows:
            due, pause = self._next_ask.get(row.id, (now, FIRST_PAUSE))
            if now < due:
                continue
            self._next_ask[row.id] = (now + pause, min(pause * 2, LAST_PAUSE))
            outcome = await self._service.database.read(partial(reads.outcome, id=row.id))
            settled += (await self.ask(row, outcome)).status in SETTLED
        return settled

    async def run(self) -> None:
        """The sweeper's task."""
        pause = self._service.settings.sweep_every
        older = max(self._service.settings.carrier_timeout * 2, pause)
        while True:
            try:
                settled = await self.sweep(older_than=older)
                if settled:
                    log.info("sweep.settled", count=settled)
            except StoreError as error:
                log.warning("sweep.failed", error=type(error).__name__)
            await asyncio.sleep(pause.total_seconds())
