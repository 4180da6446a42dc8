"""A call (or a message): who is behind X and this extension, for this caller? One read, one decision, one commit, one answer.

The decision is pure (`virtual_numbers.relay.decide`); this file gathers its facts, records what it decided, with the
tombstones that keep a caller of one shipment from ever reaching a party of another, and only then opens the one number to dial.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.flows.relays import party_index
from gateway.ids import new_id
from gateway.service import Service
from gateway.store import reads, relay_reads
from gateway.store.tables import calls, tombstones, vault
from gateway.store.unit import Unit
from masking.disclosure import Record, disclose_phone_for_call
from masking.personal import Party, Role
from masking.phones import normalise_phone
from masking.policy import Audience, Occasion, Reader
from masking.record import Order, to_groups
from masking.stage import Stage
from masking.vault import seal
from virtual_numbers.binding import Binding, Scheme, Slot
from virtual_numbers.lockout import Lockout
from virtual_numbers.relay import ON_FAULT, Callee, CallFacts, Decision, Reason, RelayPolicy, Tombstone, decide

CALLER = Role.THIRD_PARTY.value
"""How a call's record names its one party."""


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """What the provider is told. `callee` is a real number: it goes to the switch and nowhere else."""

    action: str
    reason: str
    display: str = ""
    callee: str = field(default="", repr=False)
    decision_id: str = ""
    ring_seconds: int = 0
    longest_seconds: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store knows that bears on one call."""

    scheme: Scheme | None
    bindings: tuple[Binding, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    last: dict[Slot, relay_reads.CallRow] = field(default_factory=dict)
    ever_connected: bool = False


class RelayCall:
    """The call path. One instance a service; it holds the guess counters in memory."""

    def __init__(self, service: Service, *, policy: RelayPolicy | None = None) -> None:
        self._service = service
        self._policy = policy or RelayPolicy()
        self._lockout = Lockout()

    async def route(self, caller: str, called: str, ext: str, *, actor: str, placed: bool = True) -> RelayAnswer:
        """Decide one call. `actor` says who asked: a provider's switch, or a local user.

        `placed` False asks without a call: on record like any disclosure, but nobody was connected, so it leaves no tombstone,
        no guess and no caller to call back.
        """
        service, now = self._service, self._service.clock()
        x = "".join(c for c in called if c.isdecimal() and c.isascii())
        phone = normalise_phone(caller) if caller else ""
        index = party_index(service.keys.keyring, x, phone) if phone else b""
        found = await service.database.read(lambda connection: _find(connection, x, ext, index))
        decision = decide(self._facts(found, index, x, ext, now))
        if not placed:
            decision = replace(decision, tombstones=())
        elif decision.record_miss:
            self._lockout.record(index, x, now, stranger=not found.ever_connected)
        elif decision.action == "connect":
            self._lockout.forgive(index, x)
        answer = await self._commit(decision, found, index, phone, x, now, actor, placed)
        service.metrics.calls.labels(decision.action).inc()
        return answer

    def _facts(self, found: _Found, index: bytes, x: str, ext: str, now: datetime) -> CallFacts:
        return CallFacts(
            caller=index,
            x=x,
            ext=ext,
            now=now,
            scheme=found.scheme,
            bindings=found.bindings,
            tombstones=found.tombstones,
            last_callers={slot: call.caller for slot, call in found.last.items()},
            ever_connected=found.ever_connected,
            caller_misses=self._lockout.caller(index, x, now),
            number_misses=self._lockout.number(x, now),
            policy=self._policy,
        )

    async def _commit(
        self,
        decision: Decision,
        found: _Found,
        index: bytes,
        phone: str,
        x: str,
        now: datetime,
        actor: str,
        placed: bool,
    ) -> RelayAnswer:
        service, ms = self._service, int(now.timestamp() * 1000)
        call, unit, callee = new_id("call", ms), Unit(), ""
        binding = decision.binding
        if binding is not None:
            if decision.action == "connect":
                callee = await self._open(decision, binding, found, unit, actor, now)
                if not callee:
                    # Erased, closed to the switch by policy, or not dialable: nobody is rung, and it is on record why.
                    decision = replace(ON_FAULT, binding=binding, cause="no_number", tombstones=decision.tombstones)
            for stone in decision.tombstones:
                unit.add(tombstones, stone.x, stone.phone, stone.ext, stone.turn, binding.tenant, ms)
            if placed:
                self._note_call(unit, call, decision, binding, index, phone, ms)
        detail = {
            "action": decision.action,
            "reason": decision.reason.value,
            "cause": decision.cause,
            "x": x,
            "call": call,
        }
        subject, tenant = (binding.shipment, binding.tenant) if binding else ("", "")
        unit.record(service.record("relay.decided", tenant=tenant, actor=actor, subject=subject, detail=detail, at=now))
        await service.commit(unit)
        seconds = int(decision.ring.total_seconds()), int(decision.longest_call.total_seconds())
        return RelayAnswer(decision.action, decision.reason.value, decision.display, callee, call, *seconds)

    def _note_call(
        self, unit: Unit, call: str, decision: Decision, binding: Binding, index: bytes, phone: str, ms: int
    ) -> None:
        action, reason, record = decision.action, decision.reason.value, binding.shipment
        unit.add(calls, call, binding.x, binding.ext, index, binding.turn, binding.tenant, record, action, reason, ms)
        if action == "connect":
            self._keep_caller(unit, call, binding, phone)

    def _keep_caller(self, unit: Unit, call: str, binding: Binding, phone: str) -> None:
        """The caller, sealed in a record of its own, so that the party can call back."""
        groups = {"phone": to_groups(Order({CALLER: Party(phone=phone)}))["phone"]}
        sealed = seal(self._service.keys.keyring, tenant=binding.tenant, record=call, groups=groups)
        unit.add(
            vault, call, binding.tenant, sealed.kid, sealed.wrapped, None, sealed.groups["phone"], None, None, None
        )

    async def _open(
        self, decision: Decision, binding: Binding, found: _Found, unit: Unit, actor: str, now: datetime
    ) -> str:
        """The number to dial, with its audit entry in the unit; empty where it may not or cannot be dialled."""
        service = self._service
        party = binding.role if decision.callee is Callee.PARTY else CALLER
        last = found.last.get(binding.slot)
        id = binding.shipment if decision.callee is Callee.PARTY else (last.id if last else "")
        record, stage = await service.database.read(
            lambda connection: (reads.sealed(connection, id), reads.latest_stage(connection, binding.shipment))
        )
        if record is None:
            return ""
        told = disclose_phone_for_call(
            Record(record.tenant, record.record, record.wrapped, record.groups),
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=Audience(Reader.SWITCH, actor, carrier=binding.carrier),
            occasion=Occasion(Stage(stage[1]) if stage else Stage.CREATED, now, own=True, purpose="call"),
            party=party,
        )
        unit.record(told.entry)
        return told.view


def _find(connection: Connection, x: str, ext: str, index: bytes) -> _Found:
    held = relay_reads.number(connection, x)
    if held is None:
        return _Found(None)
    _pool, _filing, scheme = held
    found = {b.slot: b for b in relay_reads.bindings_of_party(connection, index)} if index else {}
    here = relay_reads.binding_at(connection, x, ext)
    if here is not None:
        found[here.slot] = here
    last = {slot: call for slot, b in found.items() if (call := relay_reads.last_connected(connection, *slot, b.party))}
    stones = (
        tuple(Tombstone(index, x, e, turn) for e, turn in relay_reads.tombstones_of(connection, x, index))
        if index
        else ()
    )
    ever = bool(index) and relay_reads.ever_connected(connection, x, index)
    return _Found(Scheme(scheme), tuple(found.values()), stones, last, ever)


REFUSED = RelayAnswer("reject", Reason.FAULT.value)
