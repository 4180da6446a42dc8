"""Verbs about the scope policy: its versions, a change, the way back, a second person's word, and the decisions to try a change on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from gateway.flows import Flows
from gateway.ops.registry import OpRefused, Params, op
from gateway.policy_book import reason
from gateway.service import Service
from gateway.store import audit_reads
from gateway.store.errors import Conflict
from masking.policy_history import History, Revision, RevisionRefused, number_of_waiting
from masking.policy_load import load_policy
from masking.policy_toml import written

PAGE = 64
"""Rows of the audit log that are read at once; each holds up to a batch of entries."""


@op("policy.history")
async def policy_history(service: Service, _flows: Flows, _params: Params) -> Any:
    """Every version, oldest first, and which one is in force."""
    history = await service.policies.history(service.clock())
    return [_told(history, revision) for revision in history.revisions]


@op("policy.version")
async def policy_version(service: Service, _flows: Flows, params: Params) -> Any:
    """One version's whole text; the one in force where none is named."""
    history = await service.policies.history(service.clock())
    wanted = params.get("version")
    if wanted is None:
        return _told(history, history.current) | {"source": written(history.current.policy)}
    number = _number(params)
    if not 1 <= number <= len(history.revisions):
        raise RevisionRefused("there is no version of this number", path="version")
    revision = history.revisions[number - 1]
    return _told(history, revision) | {"source": written(revision.policy)}


@op("policy.apply")
async def policy_apply(service: Service, _flows: Flows, params: Params) -> Any:
    """A new version from a file's text. In force at once, or once somebody else approved it."""
    policy, why = load_policy(str(params["source"])), reason(str(params.get("why") or ""))
    by, now = str(params["actor"]), service.clock()
    return await _change(service, lambda history: history.changed(policy, by=by, at=now, why=why))


@op("policy.rollback")
async def policy_rollback(service: Service, _flows: Flows, params: Params) -> Any:
    """An earlier version's policy as a new version."""
    number, why = _number(params), reason(str(params.get("why") or ""))
    by, now = str(params["actor"]), service.clock()
    return await _change(service, lambda history: history.rolled_back(number, by=by, at=now, why=why))


@op("policy.approve")
async def policy_approve(service: Service, _flows: Flows, params: Params) -> Any:
    """A second person's word for the version that waits."""
    number, by = _number(params), str(params["actor"])
    return await _change(service, lambda history: history.approved(number, by=by))


@op("policy.decisions")
async def policy_decisions(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of decisions on record, newest first: what was asked, never what was shown. `next` None where there are no more."""
    before, limit = int(params.get("before") or 0), int(params.get("limit") or 1000)

    def look(connection: Connection) -> tuple[list[bytes], int | None]:
        rows = audit_reads.newest_rows(connection, before, PAGE)
        return [line for _, entries in rows for line in reversed(entries.split(b"\n"))], rows[-1][0] if rows else None

    found: list[Any] = []
    lines, reached = await service.database.read(look)
    for line in lines:
        if b'"tag":"disclosure.' in line and len(found) < limit:
            found.append(msgspec.json.decode(line))
    return {"decisions": found, "next": reached}


async def _change(service: Service, decide: Callable[[History], History]) -> Any:
    history, unit = await service.policies.change(decide, service.clock())
    try:
        await service.commit(unit)
    except Conflict:
        raise RevisionRefused("somebody else changed the policy at this very moment; look at it again") from None
    await service.load_policy()
    return _told(history, history.revisions[-1])


def _told(history: History, revision: Revision) -> dict[str, Any]:
    state = "in_force" if revision == history.current else "past"
    if revision.number == number_of_waiting(history):
        state = "pending"
    elif revision.waits and not revision.approved_by:
        state = "overtaken"
    return {
        "version": revision.number,
        "state": state,
        "name": revision.policy.name,
        "digest": revision.policy.digest,
        "by": revision.by,
        "at": revision.at.isoformat(),
        "why": revision.why,
        "opens": revision.opens,
        "restores": revision.restores,
        "approved_by": revision.approved_by,
    }


def _number(params: Params) -> int:
    try:
        return int(str(params.get("version")))
    except ValueError:
        raise OpRefused("a version is a number", path="version") from None
