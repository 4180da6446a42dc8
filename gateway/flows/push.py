"""A carrier's push: verified as it signs, read, deduplicated, applied to the parcel's stage, acknowledged as it expects.

Doubled, late and disordered pushes change nothing they should not: each event is remembered by a digest, and the stage machine
is monotonic. What a push tells of people (courier, signer) is masked in the reading and not stored.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from carriers.push import PushEvent, read_push
from carriers.wire import WireRequest
from gateway.flows.deliver import put
from gateway.flows.lifecycle import Lifecycle
from gateway.flows.settle import NotResolvable, Settle
from gateway.service import Service
from gateway.store import chore_reads, reads
from gateway.store.errors import Conflict, Overloaded
from gateway.store.tables import hook_events, stages
from gateway.store.unit import Unit
from masking.stage import Stage, advance, first_mark, latest
from masking.vault import blind_index

AT_ONCE = 5  # events of one parcel in one moment that are sorted out here


@dataclass(frozen=True, slots=True)
class Ack:
    """What the carrier is told."""

    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class _Parcel:
    shipment: reads.ShipmentRow
    stage: Stage
    seq: int
    last_at: datetime


class CarrierPush:
    """The push path."""

    def __init__(self, service: Service, lifecycle: Lifecycle, settling: Settle) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._settling = settling

    async def run(self, carrier: str, request: WireRequest) -> Ack:
        """Take one push; each of its events is durable when this returns."""
        profile, route = self._service.profile(carrier), self._service.route(carrier)
        reading = read_push(profile, request, route.secrets)
        for event in reading.events:
            await self._take(carrier, event, verified=reading.verified)
        return Ack(reading.ack, reading.ack_type or "application/json")

    async def _take(self, carrier: str, event: PushEvent, *, verified: bool) -> None:
        for _ in range(AT_ONCE):
            with suppress(Conflict):  # a scan or another push moved the parcel at this very moment: look again
                return await self._apply(carrier, event, verified=verified)
        raise Overloaded("the parcel is being moved by others; push again")

    async def _apply(self, carrier: str, event: PushEvent, *, verified: bool) -> None:
        digest = hashlib.sha256(f"{event.waybill}\n{event.id}".encode()).digest()[:16]

        def look(connection: Connection) -> _Parcel | None:
            return _find(connection, carrier, event.waybill, digest)

        parcel = await self._service.database.read(look)
        if parcel is None and await self._settle(carrier, event):
            parcel = await self._service.database.read(look)
        if parcel is None:
            return  # not ours, or told before; the carrier is thanked all the same, or it would send it for days
        now, shipment = self._service.clock(), parcel.shipment
        unit, ms = Unit(), int(now.timestamp() * 1000)
        unit.add(hook_events, carrier, digest, shipment.tenant, shipment.id, ms)
        at = min(event.at, now) if event.at else now  # a push dated in the future must not hold back what follows
        stage, changed = (
            advance(parcel.stage, event.stage, at, parcel.last_at) if event.stage else (parcel.stage, False)
        )
        then = None
        if changed:
            unit.add(
                stages,
                shipment.id,
                parcel.seq + 1,
                shipment.tenant,
                stage.value,
                f"push:{carrier}",
                int(latest(at, parcel.last_at).timestamp() * 1000),
            )
            then = await self._lifecycle.follow(unit, shipment, stage, now)
            told = {"carrier": carrier, "waybill": event.waybill, "stage": stage.value}
            put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.stage", now=now, **told)
        self._tell(unit, shipment, event, now)
        detail = {
            "carrier": carrier,
            "code": event.code[:40],
            "stage": stage.value,
            "changed": changed,
            "verified": verified,
        }
        unit.record(
            self._service.record(
                "push.applied",
                tenant=shipment.tenant,
                actor=f"carrier:{carrier}",
                subject=shipment.id,
                detail=detail,
                at=now,
            )
        )
        await self._service.commit(unit)
        if then:
            then()

    def _tell(self, unit: Unit, shipment: reads.ShipmentRow, event: PushEvent, now: datetime) -> None:
        """The carrier's own word to the shop, whether or not it moves the parcel: code and moment. Its texts may name people and are not
        stored; the shop reads them, masked, from the carrier's trace."""
        said = {"carrier": shipment.carrier, "waybill": event.waybill, "code": event.code[:40]}
        if event.at is not None:
            said["at"] = event.at.astimezone(UTC).isoformat()
        put(unit, tenant=shipment.tenant, shipment=shipment.id, type="shipment.tracking", now=now, **said)

    async def _settle(self, carrier: str, event: PushEvent) -> bool:
        """A waybill that nobody knows, under a reference of an order in doubt: the carrier says itself that it is booked."""
        if not event.waybill or not event.reference:
            return False
        keyring = self._service.keys.keyring

        def find(connection: Connection) -> list[str]:
            open_orders = chore_reads.in_doubt(connection, carrier)
            tenants = {shipment.tenant for shipment in open_orders}
            asked = {t: blind_index(keyring, t, f"reference {carrier}", event.reference) for t in tenants}
            return [shipment.id for shipment in open_orders if shipment.ref == asked[shipment.tenant]]

        found = await self._service.database.read(find)
        if len(found) != 1:  # two shops may use one reference: whose it is cannot be told
            return False
        with suppress(NotResolvable):  # settled by a look-up at this very moment
            await self._settling.resolve(found[0], waybill=event.waybill, actor=f"carrier:{carrier}")
        return True


def _find(connection: Connection, carrier: str, waybill: str, digest: bytes) -> _Parcel | None:
    if not waybill or reads.hook_seen(connection, carrier, digest):
        return None
    id = reads.shipment_by_waybill(connection, carrier, waybill)
    shipment = reads.shipment(connection, id) if id else None
    if shipment is None:
        return None
    found = reads.latest_stage(connection, shipment.id)
    if found is None:
        return _Parcel(shipment, Stage.CREATED, 0, first_mark(_moment(shipment.created_at)))
    seq, name, at = found
    return _Parcel(shipment, Stage(name), seq, _moment(at))


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
