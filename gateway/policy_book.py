"""The policy in force, and the versions behind it: read from the store, changed by one unit that holds the change and its audit entry.

A house without versions has the policy of its folder (`scopes.toml`), or the built-in one. The first change writes that down as
version 1. From then on the store decides, for every process alike, and the file is no longer read. Judges nothing itself
(`masking.policy_history`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gateway.logs import log
from gateway.store import policy_reads
from gateway.store.database import Database
from gateway.store.tables import policy_approvals, policy_versions
from gateway.store.unit import Unit
from masking.audit import entry
from masking.freetext import mask_text
from masking.policy import ScopePolicy
from masking.policy_history import History, Revision, RevisionRefused
from masking.policy_load import PolicyInvalid, built_in, load_policy
from masking.policy_toml import written

FILE = "scopes.toml"
NOTHING = ScopePolicy("nothing", "0" * 16, ())
"""What holds while the version in force cannot be understood: nobody sees anything."""
REASON_LIMIT = 500  # a reason is a sentence or two
FOLDER = "folder"
"""Who wrote version 1: whoever could write into the folder, or the release."""


def folder_policy(folder: Path) -> ScopePolicy:
    """The folder's `scopes.toml`, or the built-in policy. Raises `policy_invalid`."""
    file = folder / FILE
    return load_policy(file.read_text(encoding="utf-8")) if file.is_file() else built_in()


class PolicyBook:
    """The versions, and which one is in force. One a process; compiled policies are kept, so a look costs one count."""

    def __init__(self, database: Database, first: ScopePolicy, *, two_persons: bool = False) -> None:
        self._database = database
        self._first = first
        self._two_persons = two_persons
        self._mark = (0, 0)
        self._compiled: dict[int, ScopePolicy] = {}
        self.current = first
        """The policy in force."""
        self.number = 0
        """Its version; 0 where there is none yet."""

    def __repr__(self) -> str:
        return f"<PolicyBook version {self.number}, {self.current.digest} in force>"

    async def follow(self) -> bool:
        """Take over what any process changed; True where another policy is in force now.

        Raises `policy_invalid` where that version cannot be understood here, and grants nothing to anybody until one can.
        """
        mark = await self._database.read(policy_reads.mark)
        if mark == self._mark:
            return False
        newest = _in_force(await self._database.read(policy_reads.versions))
        before = self.current
        try:
            self.current = await self._policy(newest)
        except PolicyInvalid:
            self.current = NOTHING
            log.error("policy.unreadable", version=newest.number)
            raise
        self._mark, self.number = mark, newest.number
        return self.current is not before

    async def history(self, now: datetime) -> History:
        """All versions; where there are none, the one that a first change would write down."""
        rows = await self._database.read(policy_reads.versions)
        if not rows:
            return History.begin(self._first, by=FOLDER, at=now, two_persons=self._two_persons)
        return History(tuple([await self._revision(row) for row in rows]), self._two_persons)

    async def _policy(self, row: policy_reads.VersionRow) -> ScopePolicy:
        policy = self._compiled.get(row.number)
        if policy is None:
            # Hundreds of rules compile for a quarter of a second: in a thread, so that calls and orders go on.
            policy = self._compiled[row.number] = await asyncio.to_thread(load_policy, row.source)
        return policy

    async def _revision(self, row: policy_reads.VersionRow) -> Revision:
        policy = await self._policy(row)
        at = datetime.fromtimestamp(row.at / 1000, UTC)
        return Revision(row.number, policy, row.by, at, row.why, row.opens, row.waits, row.restores, row.approved_by)

    async def change(self, decide: Callable[[History], History], now: datetime) -> tuple[History, Unit]:
        """What `decide` makes of the versions, and the unit that makes it so. Two at once: the second one's key is taken."""
        before = await self.history(now)
        after = await asyncio.to_thread(decide, before)  # comparing every cell takes as long
        stored = len(before.revisions) if (await self._database.read(policy_reads.mark))[0] else 0
        unit = Unit()
        for revision in after.revisions[stored:]:
            await asyncio.to_thread(_write, unit, revision, now)
        newest, was = after.revisions[-1], before.revisions[-1]
        if newest.number == was.number and newest.approved_by != was.approved_by:
            unit.add(policy_approvals, newest.number, newest.approved_by, _ms(now))
            detail = {"version": newest.number, "digest": newest.policy.digest}
            unit.record(
                entry("policy.approved", at=now, tenant="", actor=newest.approved_by, subject="", detail=detail)
            )
        return after, unit


def _in_force(rows: list[policy_reads.VersionRow]) -> policy_reads.VersionRow:
    return next(row for row in reversed(rows) if not row.waits or row.approved_by)


def reason(why: str) -> str:
    """Why somebody changed it, fit for a log that is never erased: without phones, addresses and the like. Raises `policy_change_refused`."""
    if len(why) > REASON_LIMIT:
        raise RevisionRefused(f"a reason has at most {REASON_LIMIT} characters", path="why")
    return mask_text(" ".join(why.split())).text


def _write(unit: Unit, revision: Revision, now: datetime) -> None:
    # Kept whole and read back at once: a text that would mean something else must not become a version.
    source = written(revision.policy)
    if load_policy(source) != revision.policy:
        raise RevisionRefused("the policy cannot be written down as it is", path="policy")
    unit.add(
        policy_versions, revision.number, revision.policy.name, revision.policy.digest, source, revision.by, _ms(revision.at),
        revision.why, int(revision.opens), int(revision.waits), revision.restores,
    )  # fmt: skip
    detail = {
        "version": revision.number,
        "digest": revision.policy.digest,
        "why": revision.why,
        "opens": revision.opens,
        "waits": revision.waits,
    }
    if revision.restores:
        detail["restores"] = revision.restores
    unit.record(entry("policy.changed", at=now, tenant="", actor=revision.by, subject="", detail=detail))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
