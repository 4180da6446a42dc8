"""Versions of the policy as rows: counted at a glance, read whole, with the second person's word where there is one."""

from __future__ import annotations

from sqlalchemy import insert

from gateway.store import policy_reads
from gateway.store.tables import policy_approvals, policy_versions
from tests.gateway.store.conftest import Store


def row(number: int, **more: object) -> dict[str, object]:
    made = {
        "number": number,
        "name": "n",
        "policy_digest": "d",
        "source": f"source {number}",
        "changed_by": "li",
        "at": 1,
    }
    return made | {"why": "w", "opens": 0, "waits": 0, "restores": None} | more


async def test_an_empty_store_has_no_versions(store: Store) -> None:
    assert await store.database.read(policy_reads.mark) == (0, 0)
    assert await store.database.read(policy_reads.versions) == []


async def test_versions_come_oldest_first_with_their_approval(store: Store) -> None:
    rows = [row(2, opens=1, waits=1, restores=1), row(1)]
    await store.database.write(lambda c: c.execute(insert(policy_versions), rows))
    approval = {"number": 2, "approved_by": "wang", "at": 2}
    await store.database.write(lambda c: c.execute(insert(policy_approvals), [approval]))
    assert await store.database.read(policy_reads.mark) == (2, 1)
    first, second = await store.database.read(policy_reads.versions)
    assert (first.number, first.source, first.opens, first.waits, first.approved_by) == (
        1,
        "source 1",
        False,
        False,
        "",
    )
    assert (second.opens, second.waits, second.restores, second.approved_by) == (True, True, 1, "wang")
