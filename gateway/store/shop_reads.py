"""What a shop may list of its own: shipments and events, a page at a time. Connection -> plain values; nothing personal is read.

Pages are keyed: ids begin with their time, so `after` is the last id of the page before and no row is skipped or given twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, select, update

from gateway.store.tables import outbox, outcomes, shipments, stages

LONGEST_PAGE = 200
STATES = ("waiting", "delivered", "dead", "unwanted")
"""Of an event: on its way, taken by the shop, refused to the end, made while the shop wanted none."""

_later, _further = outcomes.alias("later"), stages.alias("further")
_booking = select(func.max(_later.c.seq)).where(_later.c.shipment == shipments.c.id).scalar_subquery()
_stage = select(func.max(_further.c.seq)).where(_further.c.shipment == shipments.c.id).scalar_subquery()


def shipment_page(
    connection: Connection, tenant: str, *, carrier: str = "", ids: Sequence[str] | None = None, after: str, limit: int
) -> list[dict[str, Any]]:
    """The shop's shipments, newest first; `ids` narrows to these."""
    statement = (
        select(
            shipments.c.id,
            shipments.c.carrier,
            shipments.c.operation,
            shipments.c.created_at,
            outcomes.c.status,
            outcomes.c.waybill,
            stages.c.stage,
        )
        .select_from(
            shipments.outerjoin(
                outcomes, and_(outcomes.c.shipment == shipments.c.id, outcomes.c.seq == _booking)
            ).outerjoin(stages, and_(stages.c.shipment == shipments.c.id, stages.c.seq == _stage))
        )
        .where(shipments.c.tenant == tenant)
        .order_by(shipments.c.id.desc())
        .limit(limit)
    )
    if carrier:
        statement = statement.where(shipments.c.carrier == carrier)
    if ids is not None:
        statement = statement.where(shipments.c.id.in_(ids))
    if after:
        statement = statement.where(shipments.c.id < after)
    return [
        {
            "shipment": row.id,
            "carrier": row.carrier,
            "operation": row.operation,
            "status": row.status or "pending",
            "waybill": row.waybill or "",
            "stage": row.stage or "created",
            "created_at_ms": row.created_at,
        }
        for row in connection.execute(statement)
    ]


def shipments_of_reference(connection: Connection, tenant: str, carrier: str, ref: bytes) -> list[str]:
    """Every attempt under one order reference."""
    rows = connection.execute(
        select(shipments.c.id).where(
            shipments.c.tenant == tenant, shipments.c.carrier == carrier, shipments.c.ref == ref
        )
    )
    return [id for (id,) in rows]


def event_page(connection: Connection, tenant: str, *, state: str, after: str, limit: int) -> list[dict[str, Any]]:
    """The shop's events in one state, newest first."""
    statement = (
        select(outbox)
        .where(outbox.c.tenant == tenant, outbox.c.state == state)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(outbox.c.id < after)
    return [
        {
            "event": row.id,
            "shipment": row.shipment,
            "state": row.state,
            "attempts": row.attempts,
            "next_at_ms": row.next_at if row.state == "waiting" else None,
            "body": msgspec.json.decode(row.event),
        }
        for row in connection.execute(statement)
    ]


def try_again(connection: Connection, tenant: str, event: str, now: int) -> int:
    """Put a dead letter, or with an empty `event` all of them, back among what is due; gives how many."""
    dead = [outbox.c.tenant == tenant, outbox.c.state == "dead"]
    if event:
        dead.append(outbox.c.id == event)
    return connection.execute(update(outbox).where(*dead).values(state="waiting", attempts=0, next_at=now)).rowcount
