"""What is kept of a binding's legs, and how a round with its providers ends: callable, done, waiting, or a dead letter.

Legs are the sender's own rows; states of bindings and events for shops go through a unit, beside the audit entries that tell of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from gateway.flows.deliver import put
from gateway.logs import log
from gateway.provider_line import ProviderLine
from gateway.service import Service
from gateway.store import push_reads
from gateway.store.errors import Conflict
from gateway.store.push_reads import Case
from gateway.store.tables import binding_states
from gateway.store.unit import Unit
from virtual_numbers.aim import Aim
from virtual_numbers.binding import State
from virtual_numbers.legs import Leg, LegState, hopeless
from virtual_numbers.providers.wire import Fault

GIVE_UP = timedelta(days=3)  # as for the shops' events; a parcel whose number was dead for longer is reached otherwise
LONGEST_WAIT = 60  # seconds between two looks at a binding that waits for its provider
ACTOR = "service:push"


class ProviderRecord:
    """Writes down what happened."""

    def __init__(self, service: Service, line: ProviderLine) -> None:
        self._service = service
        self._line = line

    async def save(
        self, case: Case, leg: Leg, tag: str = "", detail: Mapping[str, str] | None = None, *, entries: Sequence[bytes] = ()
    ) -> None:  # fmt: skip
        """The leg as it now is, and the audit entries that tell of it (`tag`, and finished ones), durable together."""
        unit = self._unit(case, leg, tag, detail or {})
        unit.entries[:0] = entries
        await self._service.commit(unit)

    async def lose(self, case: Case, leg: Leg, entries: Sequence[bytes] = ()) -> None:
        """This provider will not carry it."""
        await self.save(case, leg, "binding.push_refused", {"code": leg.fault}, entries=entries)
        log.warning("push.refused", provider=leg.provider, code=leg.fault)

    def _unit(self, case: Case, leg: Leg, tag: str, detail: Mapping[str, Any]) -> Unit:
        ms, binding = int(self._service.clock().timestamp() * 1000), case.binding

        def work(connection: Connection) -> Sequence[bytes]:
            push_reads.save_leg(connection, binding.slot, binding.tenant, leg, ms)
            return ()

        entries = [self._entry(case, tag, {"account": leg.provider, **detail})] if tag else []
        return Unit(entries=entries, work=work)

    def _entry(self, case: Case, tag: str, detail: Mapping[str, Any]) -> bytes:
        binding = case.binding
        said = {"x": binding.x, "turn": binding.turn, **detail}
        return self._service.record(
            tag, tenant=binding.tenant, actor=ACTOR, subject=binding.shipment, detail=said, at=self._service.clock()
        )

    async def carried(self, case: Case, leg: Leg, first: str) -> None:
        """A provider holds it. Where that is another than the pool's first, the failover is on record and told to the shop, too."""
        ends = leg.expires_at.isoformat() if leg.expires_at else ""
        unit = self._unit(case, leg, "binding.pushed", {"until": ends})
        if leg.provider != first:
            why = next((one.fault for one in case.legs if one.provider == first), "") or Fault.RETRY.value
            binding, now = case.binding, self._service.clock()
            unit.record(self._entry(case, "binding.failed_over", {"from": first, "to": leg.provider, "why": why}))
            told = {"carrier": binding.carrier, "why": why}
            put(unit, tenant=binding.tenant, shipment=binding.shipment, type="relay.failed_over", now=now, **told)
            log.warning("push.failed_over", provider=leg.provider, reason=why)
        await self._service.commit(unit)

    async def ready(self, case: Case) -> None:
        """Bound becomes callable when a provider has confirmed it, and falls back when none holds it any more."""
        binding, now = case.binding, self._service.clock()
        up = case.filed and any(leg.state is LegState.UP for leg in case.legs)
        state = State.CALLABLE if up else State.BOUND
        if binding.state not in (State.BOUND, State.CALLABLE) or state is binding.state or not binding.live(now):
            return
        unit = Unit()
        # Right behind the state it was decided on: whatever came meanwhile, a release above all, stands after it or refuses it.
        unit.add(
            binding_states, binding.x, binding.ext, binding.turn, case.state_at + 1, binding.tenant, state.value,
            _ms(binding.expires_at), None, binding.peer or None, _ms(binding.peer_until), "provider",
        )  # fmt: skip
        unit.record(self._entry(case, f"binding.{state.value}", {"state": state.value, "reason": "provider"}))
        with suppress(Conflict):
            await self._service.commit(unit)

    async def close(self, case: Case, goal: Aim, providers: Sequence[str], *, told: bool) -> None:
        """What becomes of the pushes that were worked on. `told`: nothing is left to be sent."""
        now = self._service.clock()
        attempts, ms = case.attempts + 1, int(now.timestamp() * 1000)
        if told:
            await self._settle(case, state="done", attempts=attempts)
        elif (goal.wanted and hopeless(case.legs, providers)) or ms - case.since > GIVE_UP.total_seconds() * 1000:
            await self._dead(case, goal, attempts)
        else:
            wait = self._wait(case, providers, attempts, now)
            await self._settle(case, next_at=ms + int(wait * 1000), attempts=attempts)

    def _wait(self, case: Case, providers: Sequence[str], attempts: int, now: datetime) -> float:
        """Seconds until the next look: doubled each time, not before a provider opens, and never many bindings at one moment."""
        asked = {*providers, *(leg.provider for leg in case.legs if leg.state is not LegState.ENDED)}
        opens = min((self._line.health(name).opens_at(now) for name in asked), default=now)
        pause = max(min(1 << min(attempts, 10), LONGEST_WAIT), (opens - now).total_seconds())
        return pause * (1 + secrets.randbelow(200) / 1000)

    async def _settle(self, case: Case, **values: Any) -> None:
        await self._service.database.write(partial(push_reads.settle, ids=case.waiting, **values))

    async def _dead(self, case: Case, goal: Aim, attempts: int) -> None:
        binding, now = case.binding, self._service.clock()

        def work(connection: Connection) -> Sequence[bytes]:
            push_reads.settle(connection, case.waiting, state="dead", attempts=attempts)
            return ()

        unit = Unit(work=work)
        faults = sorted({leg.fault for leg in case.legs if leg.fault})
        unit.record(self._entry(case, "binding.push_dead", {"wanted": goal.wanted, "faults": faults}))
        if goal.wanted:
            shipment, carrier = binding.shipment, binding.carrier
            put(unit, tenant=binding.tenant, shipment=shipment, type="relay.not_ready", now=now, carrier=carrier)
        await self._service.commit(unit)
        log.warning("push.dead", shipment=binding.shipment)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
