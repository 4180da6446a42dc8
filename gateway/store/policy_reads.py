"""The versions of the scope policy as stored: rows to plain values. Decides nothing; `masking.policy_history` does."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from gateway.store.tables import policy_approvals, policy_versions


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version, its policy as text."""

    number: int
    source: str
    by: str
    at: int
    why: str
    opens: bool
    waits: bool
    restores: int | None
    approved_by: str


_VERSIONS = select(
    *(
        policy_versions.c[name]
        for name in ("number", "source", "changed_by", "at", "why", "opens", "waits", "restores")
    ),
    policy_approvals.c.approved_by,
).select_from(policy_versions.outerjoin(policy_approvals, policy_approvals.c.number == policy_versions.c.number))


def mark(connection: Connection) -> tuple[int, int]:
    """Versions and approvals, counted: it differs whenever either grew. One look, so that every process can ask twice a second."""
    counted = (
        select(func.count()).select_from(table).scalar_subquery() for table in (policy_versions, policy_approvals)
    )
    row = connection.execute(select(*counted)).one()
    return row[0], row[1]


def versions(connection: Connection) -> list[VersionRow]:
    """Every version, oldest first."""
    return [
        VersionRow(*row[:5], bool(row[5]), bool(row[6]), row[7], row[8] or "")
        for row in connection.execute(_VERSIONS.order_by(policy_versions.c.number))
    ]
