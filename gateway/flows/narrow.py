"""A courier takes a parcel out, and their carrier wants its number narrowed to them for the day: what the decision has to know.

Off until a carrier asks for it (`veilway carrier enable ID --narrow-on-scan ZONE`). Gathers; what becomes of the binding is
`virtual_numbers.narrowing`'s to say, and `lifecycle.py` writes it down with the scan.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.flows.relays import party_index
from gateway.identity import Courier
from gateway.service import Service
from gateway.store import relay_reads
from gateway.store.scan_reads import Parcel
from masking.disclosure import Scope
from masking.policy import Level
from masking.stage import Stage
from virtual_numbers.binding import Slot
from virtual_numbers.narrowing import Scanned, end_of_day
from virtual_numbers.relay import Tombstone, may_show


async def taken_out(
    service: Service, courier: Courier, parcel: Parcel, stage: Stage, scope: Scope, made_at: datetime | None, now: datetime
) -> Scanned | None:  # fmt: skip
    """The scan as its binding sees it; None where it narrows nothing.

    Only a delivery courier who has the parcel out and is shown the dial string counts: whoever merely photographed a label cannot
    draw the recipient's call-backs to themselves. `made_at` is the device's word on a scan that was kept while there was no network.
    """
    zone, slot = zone_of(service, courier.carrier), parcel.shipment.relays.get("recipient")
    if not zone or not slot or slot[2] < 0 or courier.role != "delivery" or stage is not Stage.OUT_FOR_DELIVERY:
        return None
    if not any(line.slot == tuple(slot) and line.shipment == parcel.shipment.id for line in parcel.lines):
        return None  # goods that go back: their recipient's number is the shop's own, and serves others too
    if scope.level("recipient.phone") is not Level.RELAY:
        return None
    until = end_of_day(made_at or now, zone)
    if not courier.phone:
        return Scanned(b"", until, late=made_at is not None)
    held = Slot(*slot)
    index = party_index(service.keys.keyring, held.x, courier.phone)
    barred = await service.database.read(lambda connection: _barred(connection, held, index))
    return Scanned(index, until, late=made_at is not None, barred=barred)


def zone_of(service: Service, carrier: str) -> str:
    """Whose midnight ends the day of a carrier's couriers; empty where the carrier narrows nothing."""
    route = service.routes.get(carrier)
    return str((route.options.get("couriers") or {}).get("narrow") or "") if route else ""


def _barred(connection: Connection, slot: Slot, index: bytes) -> bool:
    stones = relay_reads.tombstones_of(connection, slot.x, index)
    return not may_show(slot, tuple(Tombstone(index, slot.x, ext, turn) for ext, turn in stones))
