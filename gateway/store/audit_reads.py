"""Reads of the audit log: chains, rows, checkpoints. Decides nothing; `masking.audit_verify` does."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.store.tables import (
    audit,
    audit_checkpoints,
)
from masking.audit import Batch


def audit_origins(connection: Connection) -> list[str]:
    """The chains that this store holds."""
    return [name for (name,) in connection.execute(select(audit.c.chain).distinct().order_by(audit.c.chain))]


def audit_batches(connection: Connection, chain: str, after: int, limit: int) -> list[Batch]:
    """The next rows of the log whose first seq is above `after`."""
    rows = connection.execute(
        select(audit.c.first_seq, audit.c["count"], audit.c.entries, audit.c.links)
        .where(audit.c.chain == chain, audit.c.first_seq > after)
        .order_by(audit.c.first_seq)
        .limit(limit)
    )
    return [Batch(r[0], r[1], bytes(r[2]), bytes(r[3])) for r in rows]


def audit_notes(connection: Connection, chain: str) -> list[str]:
    """The signed checkpoints of a chain, oldest first."""
    return [
        note
        for (note,) in connection.execute(
            select(audit_checkpoints.c.note)
            .where(audit_checkpoints.c.chain == chain)
            .order_by(audit_checkpoints.c.size)
        )
    ]


def newest_rows(connection: Connection, before: int, limit: int) -> list[tuple[int, bytes]]:
    """(id, entries) of the rows written last, whatever their chain, newest first; those below the id `before`, where it is not 0."""
    rows = select(audit.c.id, audit.c.entries).order_by(audit.c.id.desc()).limit(limit)
    if before:
        rows = rows.where(audit.c.id < before)
    return [(id, bytes(entries)) for id, entries in connection.execute(rows)]
