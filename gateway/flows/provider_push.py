"""The outbox of pushed bindings: whatever changed of a binding is told to its providers, once it is durable and until they know.

One process sends at a time (a lease in the store), several bindings at once, never two requests of one binding. It survives a kill
at any moment: what was asked for stands in `pushes`, what was sent in `binding_legs`. What no provider takes is a dead letter, kept
and counted, and the shop hears that the number is not ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import aiohttp

from gateway.flows.provider_leg import ProviderLeg
from gateway.flows.push_outbox import put_push
from gateway.logs import log
from gateway.provider_line import ProviderLine
from gateway.service import Service
from gateway.store import push_reads
from gateway.store.errors import StoreError
from gateway.store.unit import Unit
from virtual_numbers.binding import Slot
from virtual_numbers.legs import LONGEST_TERM

AT_ONCE = 8  # bindings under way; each account's own rate bounds its requests
A_ROUND = 200
ROUND_SECONDS = 30.0  # after which no further binding is begun, so that the lease outlives the round
LEASE = timedelta(minutes=2)
ASK_AGAIN_MS = 5_000
TICK = 0.5
UPKEEP_EVERY = 60.0


class ProviderPush:
    """The outbox's task."""

    def __init__(self, service: Service, line: ProviderLine) -> None:
        self._service = service
        self._line = line
        self._leg = ProviderLeg(service, line)
        self._turn = asyncio.Lock()
        self._held_until = 0
        """Until when this process is the one that sends (ms)."""
        self._ask_at = 0

    async def once(self) -> int:
        """Work on everything that is due; gives how many bindings that were. Nothing where another process sends."""
        async with self._turn:
            if self._nobody_listens() or not await self._leads():
                return 0
            now = int(self._service.clock().timestamp() * 1000)
            slots = await self._service.database.read(partial(push_reads.due_slots, now=now, limit=A_ROUND))
            if slots:
                async with self._line.open() as http:
                    await self._send(http, slots)
            return len(slots)

    async def _send(self, http: aiohttp.ClientSession, slots: Sequence[Slot]) -> None:
        waiting, clock = iter(slots), asyncio.get_running_loop().time
        ends = clock() + ROUND_SECONDS

        async def work() -> None:
            for slot in waiting:
                if clock() > ends or self._nobody_listens():
                    return
                await self._settle(http, slot)

        await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(slots)))))

    def _nobody_listens(self) -> bool:
        """Every account is down or paused: what is due stays due, and an outage costs no writes however much waits."""
        now = self._service.clock()
        return all(self._line.health(name).opens_at(now) > now for name in self._service.accounts.by_name)

    async def _settle(self, http: aiohttp.ClientSession, slot: Slot) -> None:
        """One binding's fault holds up no other: its pushes come again in a minute."""
        try:
            await self._leg.settle(http, slot)
        except Exception as error:  # noqa: BLE001 - told by kind alone; the others must go on
            log.error("push.failed", error=type(error).__name__)
            later = int(self._service.clock().timestamp() * 1000) + 60_000
            with suppress(StoreError):
                await self._service.database.write(partial(push_reads.put_off, slot=slot, next_at=later))

    async def _leads(self) -> bool:
        """Whether this process is the one that sends. The embedded store has one process."""
        service = self._service
        if service.settings.embedded:
            return True
        now = int(service.clock().timestamp() * 1000)
        length = int(LEASE.total_seconds() * 1000)
        if now > self._ask_at:
            lease = partial(push_reads.take_lease, name="push", holder=service.holder, now=now, until=now + length)
            held = await service.database.write(lease)
            self._held_until = now + length if held else 0
            # Renewed at half its time; where another has it, looked at again in some seconds.
            self._ask_at = now + length // 2 if held else now + ASK_AGAIN_MS
        return now < self._held_until

    async def upkeep(self) -> int:
        """Have legs renewed before their provider ends them; gives how many. Counts what waits."""
        service = self._service
        if not service.accounts or not await self._leads():
            return 0
        now = service.clock()
        ms, before = int(now.timestamp() * 1000), int((now + LONGEST_TERM / 2).timestamp() * 1000)
        read = partial(push_reads.running_out, now=ms, before=before, limit=A_ROUND)
        found, unsettled = await service.database.read(lambda c: (read(c), push_reads.unsettled(c)))
        unit = Unit()
        for slot, tenant in found:
            put_push(unit, slot, tenant, "extend", ms)
        if found:
            await service.commit(unit)
        for state, count in unsettled.items():
            service.metrics.pushes.labels(state).set(count)
        return len(found)

    async def run(self) -> None:
        """Send until cancelled."""
        clock, upkeep_at = asyncio.get_running_loop().time, 0.0
        try:
            while True:
                sent = 0
                with suppress(StoreError):
                    sent = await self.once()
                    if clock() >= upkeep_at:
                        upkeep_at = clock() + UPKEEP_EVERY
                        await self.upkeep()
                if sent < A_ROUND:
                    await asyncio.sleep(TICK if self._service.accounts else 2 * TICK)
        finally:
            if self._held_until:
                lease = partial(push_reads.take_lease, name="push", holder=self._service.holder, now=0, until=0)
                with suppress(StoreError):
                    await self._service.database.write(lease)
