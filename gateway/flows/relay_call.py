"""A call or a message: who is behind X and this extension, for this caller? One read, one decision, one commit, one answer.

The decision is pure (`virtual_numbers.relay.decide`, `virtual_numbers.sms.decide_message`), its facts are gathered in
`relay_facts.py`. This file records what was decided, with the tombstones that keep a caller of one shipment from ever reaching a
party of another, and only then opens the one number to dial.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from gateway.flows.relay_facts import Found, Question, caller_index, facts, find, ruled
from gateway.flows.relays import party_index
from gateway.ids import new_id
from gateway.secrets_box import open_secrets
from gateway.service import Service
from gateway.store import call_reads
from gateway.store.tables import calls, guesses, tombstones, vault
from gateway.store.unit import Unit
from masking.disclosure import Record, disclose_phone_for_call
from masking.personal import Party, Role
from masking.phones import normalise_phone
from masking.policy import Audience, Occasion, Reader
from masking.record import Order, to_groups
from masking.stage import Stage
from masking.vault import seal
from virtual_numbers.binding import Binding
from virtual_numbers.lockout import Lockout
from virtual_numbers.relay import ON_FAULT, Callee, CallFacts, Decision, Reason, RelayPolicy, decide
from virtual_numbers.sms import HELP_EN, HELP_ZH, Message, decide_message, open_text

CALLER = Role.THIRD_PARTY.value
"""How a call's record names its one party."""
HELPED = 100_000  # senders remembered who have had the help text today


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


REFUSED = RelayAnswer("reject", Reason.FAULT.value)


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """What becomes of a message: passed on scrubbed (`answer` connects), answered with `reply`, or dropped."""

    answer: RelayAnswer
    text: str = field(default="", repr=False)
    reply: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """One question with everything that belongs to it."""

    asked: Question
    index: bytes
    found: Found
    actor: str
    placed: bool
    """False: asked without a call. On record like any disclosure, but nobody was connected, so it leaves no tombstone, no guess
    and no caller to call back."""


class RelayCall:
    """The call path. One instance a service; it holds the guess counters in memory."""

    def __init__(self, service: Service, *, policy: RelayPolicy | None = None) -> None:
        self._service = service
        self._policy = policy or RelayPolicy()
        self._lockout = Lockout()
        self._helped: OrderedDict[tuple[bytes, str, date], None] = OrderedDict()

    async def route(self, caller: str, called: str, ext: str, *, actor: str, placed: bool = True) -> RelayAnswer:
        """Decide one call. `actor` says who asked: a provider's switch, or a local user (`placed` False: without a call)."""
        case = await self._case(caller, called, ext, actor=actor, placed=placed)
        return await self._told(case, decide(self._facts(case)))

    async def message(self, caller: str, called: str, text: str, *, actor: str) -> MessageAnswer:
        """Decide one message: the same rules, the text scrubbed of numbers and links, one help reply a day where `#EXT` is missing."""
        opened = open_text(text)
        case = await self._case(caller, called, opened.ext, actor=actor, placed=True)
        help_key = (case.index, case.asked.x, case.asked.now.date())
        message = decide_message(self._facts(case), opened.body, helped=help_key in self._helped)
        answer = await self._told(case, message.decision)
        if answer.action != "connect":
            message = replace(message, text="")
        return MessageAnswer(answer, message.text, self._help(message, help_key))

    def _help(self, message: Message, key: tuple[bytes, str, date]) -> str:
        if message.reply != "help":
            return ""
        self._helped[key] = None
        if len(self._helped) > HELPED:
            self._helped.popitem(last=False)
        return f"{HELP_ZH}\n{HELP_EN}"

    async def _case(self, caller: str, called: str, ext: str, *, actor: str, placed: bool) -> _Case:
        service = self._service
        x = "".join(c for c in called if c.isdecimal() and c.isascii())
        asked = Question(normalise_phone(caller) if caller else "", x, ext, service.clock())
        keyring = service.keys.keyring
        found = await service.database.read(lambda connection: find(connection, keyring, asked))
        return _Case(asked, caller_index(keyring, asked), found, actor, placed)

    def _facts(self, case: _Case) -> CallFacts:
        route = self._service.routes.get(case.found.carrier)
        policy = ruled(self._policy, route.options.get("relay", {})) if route else self._policy
        return facts(case.found, case.asked, case.index, self._lockout, policy)

    async def _told(self, case: _Case, decision: Decision) -> RelayAnswer:
        if not case.placed:
            decision = replace(decision, tombstones=())
        elif decision.record_miss:
            stranger = not case.found.ever_connected
            self._lockout.record(case.index, case.asked.x, case.asked.now, stranger=stranger)
        elif decision.action == "connect":
            self._lockout.forgive(case.index, case.asked.x)
        answer = await self._commit(case, decision)
        self._service.metrics.calls.labels(answer.action).inc()
        return answer

    async def _commit(self, case: _Case, decision: Decision) -> RelayAnswer:
        service, now = self._service, case.asked.now
        ms = int(now.timestamp() * 1000)
        call, unit, callee, binding = new_id("call", ms), Unit(), "", decision.binding
        if binding is not None:
            if decision.action == "connect":
                callee = await self._open(case, decision, binding, unit)
                if not callee:
                    # Erased, closed to the switch by policy, or not dialable: nobody is rung, and it is on record why.
                    decision = replace(ON_FAULT, binding=binding, cause="no_number", tombstones=decision.tombstones)
            for stone in decision.tombstones:
                unit.add(tombstones, stone.x, stone.phone, stone.ext, stone.turn, binding.tenant, ms)
            if case.placed:
                self._note_call(unit, call, case, decision, binding, ms)
        if case.placed and decision.record_miss:
            tenant, stranger = binding.tenant if binding else "", int(not case.found.ever_connected)
            unit.add(guesses, case.asked.x, case.index, ms, tenant, stranger)
        self._record(unit, call, case, decision)
        await service.commit(unit)
        seconds = int(decision.ring.total_seconds()), int(decision.longest_call.total_seconds())
        return RelayAnswer(decision.action, decision.reason.value, decision.display, callee, call, *seconds)

    def _record(self, unit: Unit, call: str, case: _Case, decision: Decision) -> None:
        detail = {
            "action": decision.action,
            "reason": decision.reason.value,
            "cause": decision.cause,
            "x": case.asked.x,
            "call": call,
            "placed": case.placed,
        }
        binding = decision.binding
        subject, tenant = (binding.shipment, binding.tenant) if binding else ("", "")
        unit.record(
            self._service.record(
                "relay.decided", tenant=tenant, actor=case.actor, subject=subject, detail=detail, at=case.asked.now
            )
        )

    def _note_call(self, unit: Unit, call: str, case: _Case, decision: Decision, binding: Binding, ms: int) -> None:
        action, reason, record = decision.action, decision.reason.value, binding.shipment
        unit.add(
            calls, call, binding.x, binding.ext, case.index, binding.turn, binding.tenant, record, action, reason, ms
        )
        if action == "connect":
            self._keep_caller(unit, call, binding, case.asked.caller)

    def _keep_caller(self, unit: Unit, call: str, binding: Binding, phone: str) -> None:
        """The caller, sealed in a record of its own, so that the party can call back."""
        groups = {"phone": to_groups(Order({CALLER: Party(phone=phone)}))["phone"]}
        sealed = seal(self._service.keys.keyring, tenant=binding.tenant, record=call, groups=groups)
        unit.add(
            vault, call, binding.tenant, sealed.kid, sealed.wrapped, None, sealed.groups["phone"], None, None, None
        )

    async def _open(self, case: _Case, decision: Decision, binding: Binding, unit: Unit) -> str:
        """The number to dial, with its audit entry in the unit; empty where it may not or cannot be dialled."""
        service = self._service
        held = await service.database.read(lambda connection: self._sealed(connection, case, decision, binding))
        if held is None:
            return ""
        record, stage = held
        told = disclose_phone_for_call(
            record,
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=Audience(Reader.SWITCH, case.actor, carrier=binding.carrier),
            occasion=Occasion(Stage(stage or Stage.CREATED), case.asked.now, own=True, purpose="call"),
            party=binding.role if decision.callee is Callee.PARTY else CALLER,
        )
        unit.record(told.entry)
        return told.view

    def _sealed(
        self, connection: Connection, case: _Case, decision: Decision, binding: Binding
    ) -> tuple[Record, str] | None:
        """Whoever is to be rung, sealed, and the parcel's stage."""
        if decision.callee is Callee.PEER:
            record = self._courier(connection, decision, binding)
            return (record, call_reads.stage_of(connection, binding.shipment)) if record else None
        last = case.found.last.get(binding.slot)
        id = binding.shipment if decision.callee is Callee.PARTY else (last.id if last else "")
        found = call_reads.record_and_stage(connection, id, binding.shipment)
        if found is None:
            return None
        held, stage = found
        return Record(held.tenant, held.record, held.wrapped, held.groups), stage

    def _courier(self, connection: Connection, decision: Decision, binding: Binding) -> Record | None:
        """The courier of the day, among those who were shown the number and may still scan.

        The phone stands in the courier's account. It goes out as a caller's does, by the one door, sealed on the way to it.
        """
        keyring = self._service.keys.keyring
        for id, sealed in call_reads.shown_couriers(connection, *binding.slot):
            phone = open_secrets(keyring, id, sealed)["phone"]
            if party_index(keyring, binding.x, phone) == decision.callee_index:
                groups = {"phone": to_groups(Order({CALLER: Party(phone=phone)}))["phone"]}
                made = seal(keyring, tenant=binding.tenant, record=id, groups=groups)
                return Record(binding.tenant, id, made.wrapped, made.groups)
        return None
