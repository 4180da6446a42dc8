"""A relay number lives as its parcel lives: prolonged on exception and return, closed some hours after delivery, released at the end.

Pure transitions are `virtual_numbers.binding`'s; this file reads the binding, writes the new state into the unit of whoever
moved the parcel, and gives the slot back to the desk once that unit is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from gateway.logs import log
from gateway.service import Service
from gateway.store import chore_reads, reads, relay_reads
from gateway.store.errors import StoreError
from gateway.store.tables import binding_states
from gateway.store.unit import Unit
from masking.stage import Stage
from virtual_numbers.binding import Binding, State, Terms, expire, extend, release

AT_ONCE = 200
Then = Callable[[], None]
"""What is to be done in memory once the unit is durable."""


class Lifecycle:
    """Moves bindings with their parcels."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._expired = 0
        """Every binding that ran out up to this millisecond has been looked at."""

    @property
    def terms(self) -> Terms:
        """How long bindings live here."""
        s = self._service.settings
        return Terms(hold=s.hold, after_delivery=s.after_delivery)

    async def follow(
        self,
        unit: Unit,
        shipment: reads.ShipmentRow,
        stage: Stage,
        now: datetime,
        *,
        known: Iterable[Binding] | None = None,
    ) -> Then:
        """The parcel reached `stage`: put its recipient's binding's new state into `unit`. Call what it gives after the commit.

        `known` are the shipment's bindings where the caller has just read them.
        """
        return await self._change(
            unit, shipment, now, lambda binding: extend(binding, stage, now, self.terms), stage.value, known
        )

    async def end(self, unit: Unit, shipment: reads.ShipmentRow, now: datetime, reason: str) -> Then:
        """The shipment is over (cancelled, never booked): release its number."""
        return await self._change(unit, shipment, now, lambda binding: release(binding, now), reason)

    async def _change(
        self,
        unit: Unit,
        shipment: reads.ShipmentRow,
        now: datetime,
        change: Callable[[Binding], Binding],
        reason: str,
        known: Iterable[Binding] | None = None,
    ) -> Then:
        slot = shipment.relays.get("recipient")
        if not slot or slot[2] < 0:
            return _nothing
        read = self._service.database.read
        if known is None:
            binding = await read(lambda connection: relay_reads.binding_of_turn(connection, *slot))
        else:
            binding = next((held for held in known if held.slot == tuple(slot)), None)
        if binding is None or binding.shipment != shipment.id:
            return _nothing
        changed, strange = change(binding), False
        if changed.state is State.RELEASED:
            strange = await read(lambda connection: relay_reads.shown_to_stranger(connection, *slot))
        return self._write(unit, binding, changed, now, reason, strange)

    def _write(self, unit: Unit, binding: Binding, changed: Binding, now: datetime, reason: str, strange: bool) -> Then:
        if changed == binding:
            return _nothing
        ms = int(now.timestamp() * 1000)
        unit.add(
            binding_states, changed.x, changed.ext, changed.turn, ms, changed.tenant, changed.state.value,
            _ms(changed.expires_at), _ms(changed.released_at), changed.peer or None, _ms(changed.peer_until), reason,
        )  # fmt: skip
        detail: dict[str, Any] = {"state": changed.state.value, "x": changed.x, "turn": changed.turn, "reason": reason}
        unit.record(
            self._service.record(
                f"binding.{changed.state.value}",
                tenant=changed.tenant,
                actor="service:lifecycle",
                subject=changed.shipment,
                detail=detail,
                at=now,
            )
        )
        if changed.state is not State.RELEASED:
            return _nothing
        # Where a courier without a phone on record read it, no tombstone can keep that courier away: the slot rests a year.
        return lambda: self._service.desk.give_back(changed.slot, now, unknown_reader=strange)

    async def expire(self) -> int:
        """Release every binding whose time ran out; gives how many. Goes on where the last round ended."""
        now, released = self._service.clock(), 0
        until = int(now.timestamp() * 1000)
        while self._expired < until:
            read = partial(chore_reads.run_out, after=self._expired, until=until, limit=AT_ONCE)
            found, reached = await self._service.database.read(read)
            unit = Unit()
            after = [
                self._write(unit, binding, expire(binding, now), now, "expired", strange) for binding, strange in found
            ]
            if unit.rows:
                await self._service.commit(unit)
            for then in after:
                then()
            released += len(unit.rows)
            self._expired = reached
        return released

    async def run(self) -> None:
        """The task that releases what has run out."""
        while True:
            with suppress(StoreError):
                released = await self.expire()
                if released:
                    log.info("bindings.released", count=released)
            await asyncio.sleep(60)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _nothing() -> None:
    return None
