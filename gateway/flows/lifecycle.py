"""A relay number lives as its parcel lives: prolonged on exception and return, closed some hours after delivery, released at the end.

Pure transitions are `virtual_numbers.binding`'s; this file reads the binding, writes the new state into the unit of whoever
moved the parcel, and gives the slot back to the desk once that unit is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from gateway.flows.push_outbox import Change, put_push
from gateway.logs import log
from gateway.service import Service
from gateway.store import call_reads, chore_reads, push_reads, reads, relay_reads
from gateway.store.errors import StoreError
from gateway.store.tables import binding_states
from gateway.store.unit import Unit
from masking.stage import Stage
from virtual_numbers.binding import Binding, Slot, State, Terms, expire, extend, release, reopen
from virtual_numbers.errors import BindingRefused
from virtual_numbers.narrowing import Scanned, after_scan

AT_ONCE = 200
PAGE = 5_000  # rows deleted in one transaction
UNSETTLED = timedelta(minutes=1)  # no commit is under way longer
NARROWED, WIDENED = "binding.narrowed", "binding.widened"
Then = Callable[[], None]
"""What is to be done in memory once the unit is durable."""


class Lifecycle:
    """Moves bindings with their parcels."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._expired = 0
        """Every binding that ran out up to this millisecond has been looked at."""
        self._reopening: dict[Slot, datetime] = {}
        """Places taken back for a unit that is not yet known to be durable, with when."""

    @property
    def terms(self) -> Terms:
        """How long bindings live here."""
        s = self._service.settings
        return Terms(hold=s.hold, after_delivery=s.after_delivery)

    async def follow(
        self,
        unit: Unit,
        shipment: reads.Shipped,
        stage: Stage,
        now: datetime,
        *,
        known: Binding | None = None,
        scan: Scanned | None = None,
        by: str = "",
    ) -> Then:
        """The parcel reached `stage`: put its recipient's binding's new state into `unit`. Call what it gives after the commit.

        `known` is the shipment's own binding where the caller has just read it; `scan` is set where courier `by` took the parcel out,
        and where the stage did not change, it alone counts.
        """

        def change(binding: Binding) -> Binding:
            if stage is Stage.RETURNED and binding.state is State.RELEASED:
                return self._reopened(binding, now)
            moved = extend(binding, stage, now, self.terms)
            return moved if scan is None else after_scan(moved, scan, now)

        return await self._change(unit, shipment, now, change, stage.value, known, by)

    def _reopened(self, binding: Binding, now: datetime) -> Binding:
        """A parcel on its way back after its number was released: the number lives again, while its place still rests with us."""
        try:
            again = reopen(binding, now, self.terms)
        except BindingRefused:
            return binding
        if binding.slot not in self._reopening and not self._service.desk.reclaim(binding.slot):
            return binding
        self._reopening[binding.slot] = now
        return again

    async def _rest_again(self, now: datetime) -> None:
        """Places that were taken back for a unit which never became durable."""
        for slot in [slot for slot, at in self._reopening.items() if now - at >= UNSETTLED]:
            read = self._service.database.read
            binding = await read(partial(_of_turn, slot=slot))
            if binding is not None and binding.state is State.RELEASED:
                strange = await read(partial(_shown_to_stranger, slot=slot))
                pushed = slot in await self._pushed([slot])
                self._service.desk.give_back(slot, now, unknown_reader=strange or pushed)
            del self._reopening[slot]

    async def end(self, unit: Unit, shipment: reads.Shipped, now: datetime, reason: str) -> Then:
        """The shipment is over (cancelled, never booked): release its number."""
        return await self._change(unit, shipment, now, lambda binding: release(binding, now), reason)

    async def _change(
        self,
        unit: Unit,
        shipment: reads.Shipped,
        now: datetime,
        change: Callable[[Binding], Binding],
        reason: str,
        known: Binding | None = None,
        by: str = "",
    ) -> Then:
        binding = known or await self._own(shipment)
        if binding is None:
            return nothing
        changed, strange = change(binding), False
        if changed == binding:
            return nothing
        if changed.state is State.RELEASED:
            slot = binding.slot
            strange = await self._service.database.read(lambda c: relay_reads.shown_to_stranger(c, *slot))
        pushed = binding.slot in await self._pushed([binding.slot])
        return self._write(unit, binding, changed, now, reason, strange, pushed, by)

    async def _pushed(self, slots: Iterable[Slot]) -> set[Slot]:
        """Those of the slots whose binding a provider was told of, or is to be."""
        asked = list(slots) if self._service.accounts else []
        if not asked:
            return set()
        return await self._service.database.read(lambda c: {slot for slot in asked if push_reads.is_pushed(c, slot)})

    async def _own(self, shipment: reads.Shipped) -> Binding | None:
        """The binding that is this shipment's alone: the recipient's, or the customer's who sends goods back."""
        for role in ("recipient", "sender"):
            slot = shipment.relays.get(role)
            if slot and slot[2] >= 0:
                read = partial(relay_reads.binding_of_turn, x=slot[0], ext=slot[1], turn=slot[2])
                binding = await self._service.database.read(read)
                if binding is not None and binding.shipment == shipment.id:
                    return binding
        return None

    def _write(
        self,
        unit: Unit,
        binding: Binding,
        changed: Binding,
        now: datetime,
        reason: str,
        strange: bool,
        pushed: bool,
        by: str = "",
    ) -> Then:
        if changed == binding:
            return nothing
        if pushed and binding.state is State.RELEASED:
            changed = replace(changed, state=State.BOUND)  # its provider has yet to hold it again
        ms, tag = int(now.timestamp() * 1000), _tag(binding, changed, now)
        if tag in (NARROWED, WIDENED):
            reason = tag.removeprefix("binding.")
        unit.add(
            binding_states, changed.x, changed.ext, changed.turn, ms, changed.tenant, changed.state.value,
            _ms(changed.expires_at), _ms(changed.released_at), changed.peer or None, _ms(changed.peer_until), reason,
        )  # fmt: skip
        if pushed:
            what: Change = "narrow" if tag == NARROWED else "unbind" if changed.state is State.RELEASED else "extend"
            put_push(unit, changed.slot, changed.tenant, what, ms, by if tag == NARROWED else "")
        detail: dict[str, Any] = {"state": changed.state.value, "x": changed.x, "turn": changed.turn, "reason": reason}
        if tag == NARROWED and changed.peer_until is not None:
            detail |= {"courier": by, "until": changed.peer_until.isoformat()}
        unit.record(
            self._service.record(
                tag,
                tenant=changed.tenant,
                actor=f"courier:{by}" if by else "service:lifecycle",
                subject=changed.shipment,
                detail=detail,
                at=now,
            )
        )
        if binding.state is State.RELEASED:
            return lambda: discard(self._reopening, binding.slot)
        if changed.state is not State.RELEASED:
            return nothing
        # Where a courier without a phone on record read it, no tombstone can keep that courier away; nor can one keep away those
        # whom a provider connected by itself. The slot rests a year.
        return lambda: self._service.desk.give_back(changed.slot, now, unknown_reader=strange or pushed)

    async def expire(self) -> int:
        """Release every binding whose time ran out; gives how many. Goes on where the last round ended."""
        now, released = self._service.clock(), 0
        await self._rest_again(now)
        until = int(now.timestamp() * 1000)
        while self._expired < until:
            read = partial(chore_reads.run_out, after=self._expired, until=until, limit=AT_ONCE)
            found, reached = await self._service.database.read(read)
            unit, pushed = Unit(), await self._pushed(binding.slot for binding, _strange in found)
            after = [
                self._write(unit, binding, expire(binding, now), now, "expired", strange, binding.slot in pushed)
                for binding, strange in found
            ]
            if unit.rows:
                await self._service.commit(unit)
            for then in after:
                then()
            released += len(unit.entries)
            self._expired = reached
        return released

    async def forget(self) -> int:
        """Delete the wrong extensions that count no more, a page at a time; gives how many."""
        before = int(self._service.clock().timestamp() * 1000) - call_reads.DAY
        gone: int = await self._service.database.write(
            lambda connection: chore_reads.forget_guesses(connection, before, PAGE)
        )
        return gone

    async def run(self) -> None:
        """The task that releases what has run out."""
        while True:
            with suppress(StoreError):
                released = await self.expire()
                if released:
                    log.info("bindings.released", count=released)
                await self.forget()
            await asyncio.sleep(60)


def _of_turn(connection: Connection, slot: Slot) -> Binding | None:
    return relay_reads.binding_of_turn(connection, *slot)


def _shown_to_stranger(connection: Connection, slot: Slot) -> bool:
    return relay_reads.shown_to_stranger(connection, *slot)


def discard(held: dict[Slot, datetime], slot: Slot) -> None:
    """Out of `held`, if it is there."""
    held.pop(slot, None)


def _tag(was: Binding, now_is: Binding, now: datetime) -> str:
    """What the audit log calls a change: the state, unless only who may be connected is another."""
    if now_is.state is not was.state:
        return f"binding.{now_is.state.value}"
    if now_is.narrowed_to(now) and (now_is.peer, now_is.peer_until) != (was.peer, was.peer_until):
        return NARROWED
    widened = was.narrowed_to(now) and not now_is.narrowed_to(now)
    return WIDENED if widened else f"binding.{now_is.state.value}"


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def nothing() -> None:
    """Nothing is left to do."""
