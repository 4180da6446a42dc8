"""Do providers hold what we think they hold? Each leg is asked after, each number listed, at the account's own rate; differences by name.

A page at a time, so that a verb may stop and go on, and nothing is held in memory for long. A repair changes what is to be told and
lets the sender tell it; only what is none of ours is taken back here, because nobody else knows of it. Phones are compared by keyed
index: no record is opened.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import msgspec
from sqlalchemy import Connection

from gateway.accounts import Account
from gateway.flows.provider_ask import ProviderAsk
from gateway.flows.push_outbox import put_push
from gateway.logs import log
from gateway.provider_line import ProviderLine
from gateway.service import Service
from gateway.store import push_reads, reconcile_reads
from gateway.store.errors import StoreError
from gateway.store.reconcile_reads import LegRow
from gateway.store.unit import Unit
from masking.errors import VeilwayError
from virtual_numbers.aim import aim
from virtual_numbers.drift import RANK, Drift, Reported, drift
from virtual_numbers.legs import Leg, LegState, over
from virtual_numbers.providers.pushed import Seen, bare_x
from virtual_numbers.providers.wire import Bound, ProviderFault

PAGE = 100
AT_ONCE = 4  # questions under way; the account's rate bounds them beside the pushes
DAILY = timedelta(hours=24)
PHASES = ("legs", "numbers", "lacking")


Place = list[Any]
"""Where a page begins: a slot, or a number; empty for the first."""
Look = Callable[[aiohttp.ClientSession, Account, Place, bool], Awaitable[tuple["Page", Place]]]


class UnknownAccount(VeilwayError):
    """No account with a number provider has this name."""

    code = "provider_account_unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One finding, as it is told: a place by its X and turn, a provider's binding by the provider's own id."""

    account: str
    drift: Drift
    x: str
    turn: int = -1
    """-1 where the provider's binding is none of ours."""
    shipment: str = ""
    handle: str = ""


@dataclass(slots=True)
class Page:
    """What one page found, and where the next begins."""

    found: list[Difference] = field(default_factory=list)
    asked: int = 0
    after: str = ""
    """Empty when there is no further page."""


class Reconcile:
    """Asks, compares, repairs."""

    def __init__(self, service: Service, line: ProviderLine) -> None:
        self._service = service
        self._line = line
        self._ask = ProviderAsk(line, service.keys.keyring)

    async def page(self, name: str, after: str, *, repair: bool, actor: str) -> Page:
        """One page of one account. Raises `UnknownAccount`, or the fault of a provider that cannot be asked now."""
        account = self._service.accounts.by_name.get(name)
        if account is None:
            raise UnknownAccount("no account has this name; `veilway numbers provider list` shows all")
        phase, place = msgspec.json.decode(after) if after else (PHASES[0], [])
        look: Look = {"legs": self._legs, "numbers": self._numbers, "lacking": self._lacking}[phase]
        async with self._line.open() as http:
            page, reached = await look(http, account, place, repair)
        following = PHASES[PHASES.index(phase) + 1 :]
        if reached or following:
            page.after = msgspec.json.encode([phase, reached] if reached else [following[0], []]).decode()
        page.found.sort(key=lambda one: RANK[one.drift])
        if page.found:
            await self._note(name, page, repair, actor)
        return page

    async def _note(self, name: str, page: Page, repair: bool, actor: str) -> None:
        kinds = Counter(one.drift.value for one in page.found)
        detail = {"account": name, "found": dict(kinds), "repaired": repair}
        entry = self._service.record("provider.drifted", tenant="", actor=actor, subject=name, detail=detail)
        await self._service.commit(Unit(entries=[entry]))

    # -- our legs, one by one

    async def _legs(
        self, http: aiohttp.ClientSession, account: Account, after: Place, repair: bool
    ) -> tuple[Page, Place]:
        now, page = self._service.clock(), Page()
        read = partial(reconcile_reads.legs_of_account, account=account.name, after=after, now=_ms(now), limit=PAGE)
        rows, reached = await self._service.database.read(read)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            answers = await asyncio.gather(*(self._reported(http, account, row) for row in some))
            page.asked += len(some)
            for row, reported in zip(some, answers, strict=True):
                await self._compare(account, row, reported, page, repair, now)
        return page, reached

    async def _reported(self, http: aiohttp.ClientSession, account: Account, row: LegRow) -> list[Reported]:
        """What the provider says of this leg: by its handle, or by its place where that tells of whoever else stands there."""
        leg, binding = row.leg, row.binding
        seen: Sequence[Seen | None]
        if leg.ext and not account.dialect.lists_whole_numbers:
            seen = await self._ask.on(http, account, leg.x, leg.ext)
            ours = await self._service.database.read(partial(push_reads.handles_on, account=account.name, x=binding.x))
            seen = [one for one in seen if one is not None and (one.handle == leg.handle or one.handle not in ours)]
        else:
            seen = [await self._ask.about(http, account, Bound(leg.handle, leg.x, leg.ext))]
        return [
            # The provider's spelling of our own X is no other number.
            Reported(
                one.handle, leg.x if bare_x(one.x) == bare_x(leg.x) else one.x, one.ext, one.expires_at,
                self._ask.right_target(one, binding),
            )
            for one in seen if one is not None
        ]  # fmt: skip

    async def _compare(
        self, account: Account, row: LegRow, reported: list[Reported], page: Page, repair: bool, now: datetime
    ) -> None:
        if row.leg.state is LegState.UP and over(row.leg, now):
            return  # ended by itself, as it was asked to; the sender notes it
        for finding in drift(account.name, [row.leg], reported):
            # What changed while we asked is no drift: only what still stands as it was read.
            fresh = await self._service.database.read(partial(push_reads.legs_of, slot=row.binding.slot))
            if row.leg not in fresh:
                continue
            ours = bool(finding.binding)
            turn, shipment = (row.binding.turn, row.binding.shipment) if ours else (-1, "")
            page.found.append(Difference(account.name, finding.drift, row.binding.x, turn, shipment, finding.handle))
            if repair and ours:
                reported_end = next((r.expires_at for r in reported if r.handle == finding.handle), None)
                await self._mend(row, finding.drift, reported_end)
            elif repair:
                await self._take_back(account, Bound(finding.handle, row.leg.x, row.leg.ext))

    async def _mend(self, row: LegRow, kind: Drift, reported_end: datetime | None) -> None:
        """The leg as the provider has it; the sender then does what is to be done about it."""
        leg = row.leg
        match kind:
            case Drift.MISSING:
                leg = replace(leg, state=LegState.WANTED, handle="", expires_at=None, attempts=0, tried_at=None)
            case Drift.STILL_BOUND | Drift.OTHER_TARGET | Drift.OTHER_NUMBER:
                leg = replace(leg, state=LegState.ENDING, attempts=0, tried_at=None)
            case Drift.ENDS_LATER | Drift.ENDS_EARLIER:
                leg = replace(leg, expires_at=reported_end, attempts=0, tried_at=None)
            case Drift.STRAY:
                return
        await self._again(row.binding.tenant, row, leg)

    async def _again(self, tenant: str, row: LegRow, *legs: Leg) -> None:
        slot, ms = row.binding.slot, _ms(self._service.clock())

        def work(connection: Connection) -> Sequence[bytes]:
            for leg in legs:
                push_reads.save_leg(connection, slot, tenant, leg, ms)
            push_reads.revive(connection, slot, ms)
            return ()

        unit = Unit(work=work)
        put_push(unit, slot, tenant, "repair", ms)
        await self._service.commit(unit)

    async def _take_back(self, account: Account, bound: Bound) -> None:
        """A binding on one of our numbers that is none of ours."""
        unbind, read = account.dialect.unbind, account.dialect.read_done
        with suppress(ProviderFault):  # gone in the meantime, or not now: the next reconciliation finds it again
            async with self._line.open() as http:
                await self._line.ask(
                    http, account, "unbind", lambda now, nonce: unbind(bound, now=now, nonce=nonce), read
                )

    # -- our numbers, for what stands on them and is none of ours

    async def _numbers(
        self, http: aiohttp.ClientSession, account: Account, after: Place, repair: bool
    ) -> tuple[Page, Place]:
        page = Page()
        read = partial(reconcile_reads.numbers_of_account, account=account.name, after=(after or [""])[0], limit=PAGE)
        rows = await self._service.database.read(read)
        for x, by_extension in rows:
            if by_extension and not account.dialect.lists_whole_numbers:
                continue  # its places were asked after one by one
            page.asked += 1
            for handle in await self._strangers(http, account, x):
                page.found.append(Difference(account.name, Drift.STRAY, x, handle=handle))
                if repair:
                    await self._take_back(account, Bound(handle, bare_x(x)))
        return page, [rows[-1][0]] if len(rows) == PAGE else []

    async def _strangers(self, http: aiohttp.ClientSession, account: Account, x: str) -> list[str]:
        listed = [seen.handle for seen in await self._ask.on(http, account, x, "")]
        ours, unsure = await self._service.database.read(
            lambda c: (
                push_reads.handles_on(c, account.name, x),
                reconcile_reads.has_unsure(c, account.name, x),
            )
        )
        # While an answer of this number's is outstanding, a handle that nobody knows may be that answer's.
        return [] if unsure else [handle for handle in listed if handle not in ours]

    # -- our bindings, for what no provider carries

    async def _lacking(
        self, _http: aiohttp.ClientSession, account: Account, after: Place, repair: bool
    ) -> tuple[Page, Place]:
        now, page = self._service.clock(), Page()
        read = partial(reconcile_reads.lacking, account=account.name, after=after, now=_ms(now), limit=PAGE)
        rows, reached = await self._service.database.read(read)
        for row in rows:
            if not aim(row.binding, row.courier, now).wanted:
                continue
            page.found.append(
                Difference(account.name, Drift.MISSING, row.binding.x, row.binding.turn, row.binding.shipment)
            )
            if repair:
                open_again = [
                    replace(leg, state=LegState.WANTED, attempts=0, tried_at=None)
                    for leg in row.legs
                    if leg.state is LegState.DOWN
                ]
                await self._again(row.binding.tenant, LegRow(row.binding, Leg("", "")), *open_again)
        return page, reached

    # -- the chore

    async def daily(self) -> int:
        """Every account that was not looked at for a day; gives how many differences there are. Repairs nothing."""
        total = 0
        for name in list(self._service.accounts.by_name):
            now = self._service.clock()
            lease = partial(
                push_reads.take_lease, name=f"reconcile {name}", holder=self._service.holder, now=_ms(now),
                until=_ms(now + DAILY), renew=False,
            )  # fmt: skip
            if not await self._service.database.write(lease):
                continue
            try:
                total += await self.whole(name)
            except ProviderFault as fault:
                log.warning("reconcile.failed", provider=name, code=fault.code)
        return total

    async def whole(self, name: str) -> int:
        """All pages of one account; gives how many differences were found, and counts them by kind."""
        kinds: Counter[str] = Counter()
        asked, after = 0, ""
        while True:
            page = await self.page(name, after, repair=False, actor="service:reconcile")
            kinds.update(one.drift.value for one in page.found)
            asked, after = asked + page.asked, page.after
            if not after:
                break
        for kind in Drift:
            self._service.metrics.provider_drift.labels(name, kind.value).set(kinds[kind.value])
        log.info("reconcile.done", provider=name, count=asked, size=kinds.total())
        return kinds.total()

    async def run(self) -> None:
        """Once a day, whichever process comes first."""
        while True:
            if self._service.accounts:
                with suppress(StoreError):
                    await self.daily()
            await asyncio.sleep(600)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
