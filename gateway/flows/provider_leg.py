"""One binding and its providers: what they hold is brought into line with what the binding now is, one request after another.

The leg is on disk as unanswered before its request goes out, so that after a crash the same id is sent again and binds nothing twice.
The real phone is unsealed through the one door, on record before it is sent. What to send is decided in `virtual_numbers/legs.py`;
this file sends it, keeps what was answered, and says when the binding may carry calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

import aiohttp

from gateway.accounts import Account
from gateway.flows.provider_ask import ProviderAsk
from gateway.flows.provider_phones import UNTOLD, ProviderPhones
from gateway.flows.provider_record import ProviderRecord
from gateway.provider_line import LineFault, ProviderLine
from gateway.service import Service
from gateway.store import push_reads
from gateway.store.push_reads import Case
from virtual_numbers.aim import Aim, aim
from virtual_numbers.binding import Slot
from virtual_numbers.legs import (
    ELSEWHERE,
    PASSING,
    Leg,
    LegState,
    Step,
    absent,
    answered,
    due,
    end,
    ended,
    extended,
    next_steps,
    over,
    refused,
    settled,
    term,
)
from virtual_numbers.providers.pushed import Want, bare_x, same_place
from virtual_numbers.providers.wire import Bound, Fault, ProviderFault

NOT_GRANTED = "not_granted"
"""Fault of a leg whose phone may not be told: erased, kept by policy, or not dialable."""
ROUNDS = 4  # of requests for one binding in one go: unbind, bind elsewhere, and what these two leave to do


class Done(NamedTuple):
    """What became of a leg, and the audit entry that tells of it."""

    leg: Leg
    tag: str = ""
    detail: Mapping[str, str] = {}


class ProviderLeg:
    """Works on one binding at a time; several may be under way, but never two of one binding."""

    def __init__(self, service: Service, line: ProviderLine) -> None:
        self._service = service
        self._line = line
        self._ask = ProviderAsk(line, service.keys.keyring)
        self._phones = ProviderPhones(service)
        self._record = ProviderRecord(service, line)

    async def settle(self, http: aiohttp.ClientSession, slot: Slot) -> None:
        """Send what is to be sent of this binding now. Its pushes end as `done`, wait for their next time, or are dead letters."""
        for _ in range(ROUNDS):
            case = await self._case(slot)
            if case is None:
                return
            steps = self._steps(case, self._aim(case))
            for step in steps:
                await self._do(http, case, step)
            if not steps:
                break
        case = await self._case(slot)
        if case is not None:
            await self._record.ready(case)
            await self._record.close(case, self._aim(case), self._providers(case), told=self._told(case))

    async def _case(self, slot: Slot) -> Case | None:
        """The binding as it is, its legs turned to where they are to go."""
        case = await self._service.database.read(partial(push_reads.case, slot=slot))
        if case is None:
            return None
        legs = tuple([await self._turn(case, leg) for leg in case.legs])
        return replace(case, legs=legs)

    async def _turn(self, case: Case, leg: Leg) -> Leg:
        """A leg that is wanted no more begins to end; one that its provider ended by itself is over."""
        goal, now, turned = self._aim(case), self._service.clock(), leg
        if over(leg, now) and leg.state in (LegState.UP, LegState.ENDING):
            turned = ended(leg)
        elif not goal.wanted or self._superseded(case, leg) or (self._mispaired(goal, case, leg) and leg.handle):
            turned = end(leg)
        if turned != leg:
            await self._record.save(case, turned)
        return turned

    def _told(self, case: Case) -> bool:
        goal = self._aim(case)
        told = settled(case.legs, wanted=goal.wanted, now=self._service.clock(), until=goal.until)
        return told and not any(self._to_narrow(goal, leg) for leg in case.legs)

    def _superseded(self, case: Case, leg: Leg) -> bool:
        """Its provider carries this pool no more, and another one does."""
        names = self._providers(case)
        carried = any(other.state is LegState.UP and other.provider in names for other in case.legs)
        return leg.provider not in names and carried

    def _mispaired(self, goal: Aim, case: Case, leg: Leg) -> bool:
        """A pair with the courier of another day, at a provider that cannot change it."""
        account = self._service.accounts.by_name.get(leg.provider)
        pair = not case.binding.scheme.by_extension
        fixed = account is not None and not account.dialect.narrows
        return pair and fixed and leg.state is LegState.UP and leg.courier != goal.courier

    def _aim(self, case: Case) -> Aim:
        return aim(case.binding, case.courier, self._service.clock())

    def _providers(self, case: Case) -> Sequence[str]:
        return self._service.accounts.of_pool(case.pool)

    def _steps(self, case: Case, goal: Aim) -> list[Step]:
        now, accounts = self._service.clock(), self._service.accounts.by_name
        well = {name: not self._line.health(name).down(now) for name in accounts}
        used = {name: well[name] and not accounts[name].suspended for name in accounts}
        steps = next_steps(case.legs, self._providers(case), used, wanted=goal.wanted, now=now, until=goal.until)
        # A suspended account gets nothing new, and what it holds is taken back all the same.
        idle = [
            leg
            for leg in case.legs
            if leg.state is LegState.ENDING and well.get(leg.provider) and not used[leg.provider]
        ]
        steps += next_steps(idle, (), well, wanted=0, now=now)
        steps += [
            Step("narrow", leg.provider) for leg in case.legs if self._to_narrow(goal, leg) and used.get(leg.provider)
        ]
        # One step a provider and round: each reads the leg that the one before has changed.
        first = {step.provider: step for step in reversed(steps)}
        return [step for step in first.values() if not self._line.health(step.provider).paused(now)]

    def _to_narrow(self, goal: Aim, leg: Leg) -> bool:
        stands = leg.state is LegState.UP and bool(goal.wanted)
        return stands and bool(goal.courier) and leg.courier != goal.courier and due(leg, self._service.clock())

    async def _do(self, http: aiohttp.ClientSession, case: Case, step: Step) -> None:
        account = self._service.accounts.by_name[step.provider]
        known = next((leg for leg in case.legs if leg.provider == step.provider), Leg(case.out_id, step.provider))
        if step.action == "bind":
            await self._bind(http, case, account, known)
            return
        act = {"unbind": self._unbind, "extend": self._extend, "narrow": self._narrow, "look": self._look}[step.action]
        try:
            done = await act(http, case, account, known)
        except ProviderFault as fault:
            done = Done(self._refused(known, fault))
        await self._record.save(case, done.leg, done.tag, done.detail)

    def _refused(self, leg: Leg, fault: ProviderFault) -> Leg:
        now = self._service.clock()
        if leg.state is LegState.WANTED and fault.fault not in PASSING:
            # A question was refused, not a bind: the leg is as sure or unsure as before.
            return replace(leg, attempts=leg.attempts + 1, tried_at=now, fault=fault.fault.value)
        return refused(leg, fault.fault, now, sent=isinstance(fault, LineFault) and fault.sent)

    # -- bind

    async def _bind(self, http: aiohttp.ClientSession, case: Case, account: Account, known: Leg) -> None:
        goal, binding = self._aim(case), case.binding
        place = replace(known, state=LegState.WANTED, handle="", x=binding.x, ext=binding.ext, courier=goal.courier)
        a = await self._phones.party(case, account)
        b = await self._phones.courier(case, account) if goal.courier else UNTOLD
        entries = [phone.entry for phone in (a, b) if phone.entry]
        if not a.number or (goal.courier and not b.number):
            await self._record.lose(case, replace(place, state=LegState.DOWN, fault=NOT_GRANTED, unsure=False), entries)
            return
        until = term(goal.until, self._service.clock())
        want = Want(case.out_id, binding.x, binding.ext, until, a.number, b.number)
        # One transaction: what is about to be disclosed is on record, and the leg stands as sent and unanswered.
        await self._record.save(case, replace(place, unsure=True), entries=entries)
        make, read = account.dialect.bind, account.dialect.read_bound
        try:
            bound = await self._line.ask(
                http, account, "bind", lambda now, nonce: make(want, now=now, nonce=nonce), read
            )
        except ProviderFault as fault:
            await self._not_bound(http, case, account, place, fault)
            return
        await self._bound(http, case, account, place, bound, until)

    async def _bound(
        self, http: aiohttp.ClientSession, case: Case, account: Account, place: Leg, bound: Bound, until: datetime
    ) -> None:
        up = answered(place, handle=bound.handle, x=bound.x, ext=bound.ext, expires_at=until)
        if not same_place((bound.x, bound.ext), (case.binding.x, case.binding.ext)):
            # A number of the provider's choice: nobody here keeps it from other shipments, and the label shows another.
            await self._record.lose(case, replace(up, state=LegState.ENDING, fault=ELSEWHERE))
            return
        await self._record.carried(case, up, next(iter(self._providers(case)), account.name))

    async def _not_bound(
        self, http: aiohttp.ClientSession, case: Case, account: Account, place: Leg, fault: ProviderFault
    ) -> None:
        sent = isinstance(fault, LineFault) and fault.sent
        if sent and fault.fault in (Fault.CONFLICT, Fault.EXHAUSTED):
            # What stands in the way may be our own earlier push, whose answer was lost.
            try:
                found = (await self._look(http, case, account, place)).leg
            except ProviderFault as silent:
                await self._record.save(case, refused(place, silent.fault, self._service.clock()))
                return
            if found.state is LegState.UP:
                await self._record.carried(case, found, next(iter(self._providers(case)), account.name))
                return
        changed = refused(place, fault.fault, self._service.clock(), sent=sent)
        if changed.state is LegState.DOWN:
            await self._record.lose(case, changed)
        else:
            await self._record.save(case, changed)

    # -- everything else

    async def _unbind(self, http: aiohttp.ClientSession, case: Case, account: Account, leg: Leg) -> Done:
        make, read = account.dialect.unbind, account.dialect.read_done
        leg, bound = end(leg), Bound(leg.handle, leg.x, leg.ext)
        await self._record.save(case, leg)
        try:
            await self._line.ask(http, account, "unbind", lambda now, nonce: make(bound, now=now, nonce=nonce), read)
        except ProviderFault as fault:
            return Done(self._refused(leg, fault))
        return Done(ended(leg), "binding.taken_back")

    async def _extend(self, http: aiohttp.ClientSession, case: Case, account: Account, leg: Leg) -> Done:
        make, read, bound = account.dialect.extend, account.dialect.read_done, Bound(leg.handle, leg.x, leg.ext)
        until = term(self._aim(case).until, self._service.clock())
        await self._line.ask(http, account, "extend", lambda now, nonce: make(bound, until, now=now, nonce=nonce), read)
        return Done(extended(leg, until), "binding.push_extended", {"until": until.isoformat()})

    async def _narrow(self, http: aiohttp.ClientSession, case: Case, account: Account, leg: Leg) -> Done:
        """The party's own calls reach this courier. Where the provider cannot be told, they reach the last caller, and that is all."""
        goal, bound = self._aim(case), Bound(leg.handle, leg.x, leg.ext)
        told = replace(leg, courier=goal.courier, attempts=0, tried_at=None, fault="")
        if not account.dialect.narrows:
            return Done(told)
        phone = await self._phones.courier(case, account)
        if not phone.number:
            return Done(replace(told, fault=NOT_GRANTED))
        await self._record.save(case, leg, entries=[phone.entry])
        make, read = partial(account.dialect.narrow, bound, phone.number), account.dialect.read_done
        await self._line.ask(http, account, "narrow", lambda now, nonce: make(now=now, nonce=nonce), read)
        return Done(told, "binding.push_narrowed", {"courier": goal.courier})

    async def _look(self, http: aiohttp.ClientSession, case: Case, account: Account, leg: Leg) -> Done:
        """Does the provider hold what it never answered for?"""
        binding = case.binding
        known = await self._service.database.read(partial(push_reads.handles_on, account=account.name, x=binding.x))
        found = await self._ask.find(http, account, binding, leg.binding, known - {leg.handle})
        if found is None:
            return Done(absent(leg))
        ends = found.expires_at or term(self._aim(case).until, self._service.clock())
        x, ext = found.x or bare_x(binding.x), found.ext or binding.ext
        up = answered(leg, handle=found.handle, x=x, ext=ext, expires_at=ends)
        return Done(up, "binding.push_found")
