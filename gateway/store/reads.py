"""Reads about shops, couriers, carriers and shipments, one function each: connection -> plain values. Decides nothing.

Relay numbers are read in `relay_reads.py`, the audit log in `audit_reads.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, exists, func, or_, select

from gateway.store.tables import (
    api_keys,
    bindings,
    calls,
    couriers,
    handles,
    hook_events,
    outcomes,
    routes,
    scans,
    shipments,
    shop_credentials,
    shops,
    stages,
    stations,
    suspensions,
    vault,
)


def shop_by_key(connection: Connection, digest: bytes) -> tuple[str, str] | None:
    """(shop id, hotline) of a live key."""
    row = connection.execute(
        select(shops.c.id, shops.c.hotline)
        .join(api_keys, api_keys.c.shop == shops.c.id)
        .where(api_keys.c.digest == digest, api_keys.c.revoked_at.is_(None))
    ).first()
    return (row.id, row.hotline) if row else None


def courier_by_token(connection: Connection, digest: bytes) -> tuple[Any, ...] | None:
    """The fields of `identity.Courier`; None where revoked, or where courier or station is suspended."""
    row = connection.execute(
        select(
            couriers.c.id,
            couriers.c.carrier,
            couriers.c.role,
            couriers.c.station,
            couriers.c.phone,
            couriers.c.device_key,
            couriers.c.expires_at,
            couriers.c.created_at,
            couriers.c.last_used_at,
        ).where(
            couriers.c.token_digest == digest,
            couriers.c.revoked_at.is_(None),
            ~exists(
                select(suspensions.c.at).where(
                    or_(
                        and_(suspensions.c.kind == "courier", suspensions.c.name == couriers.c.id),
                        and_(suspensions.c.kind == "carrier", suspensions.c.name == couriers.c.carrier),
                        and_(suspensions.c.kind == "station", suspensions.c.name == couriers.c.station),
                    )
                )
            ),
        )
    ).first()
    return tuple(row) if row else None


def station(connection: Connection, carrier: str, code: str) -> tuple[list[str], str] | None:
    """(regions, country) of a carrier's station."""
    row = connection.execute(
        select(stations.c.regions, stations.c.country).where(stations.c.carrier == carrier, stations.c.code == code)
    ).first()
    return (msgspec.json.decode(row.regions), row.country) if row else None


def suspended(connection: Connection) -> frozenset[tuple[str, str]]:
    """(kind, name) of every carrier, station and courier that is suspended."""
    return frozenset((r.kind, r.name) for r in connection.execute(select(suspensions.c.kind, suspensions.c.name)))


def all_routes(connection: Connection) -> list[tuple[str, str, bytes, bytes, str, bool]]:
    """(carrier, base URL, sealed secrets, hook digest, options JSON, suspended)."""
    blocked = {
        name for (name,) in connection.execute(select(suspensions.c.name).where(suspensions.c.kind == "carrier"))
    }
    return [
        (r.carrier, r.base_url, bytes(r.secrets), bytes(r.hook_digest), r.options, r.carrier in blocked)
        for r in connection.execute(select(routes))
    ]


def shop_credential(connection: Connection, carrier: str, login: str) -> tuple[str, str, bytes] | None:
    """(shop id, hotline, sealed secret) of a credential that we issued in a carrier's own shape."""
    row = connection.execute(
        select(shops.c.id, shops.c.hotline, shop_credentials.c.secret)
        .join(shops, shops.c.id == shop_credentials.c.shop)
        .where(
            shop_credentials.c.carrier == carrier,
            shop_credentials.c.login == login,
            shop_credentials.c.revoked_at.is_(None),
        )
    ).first()
    return (row.id, row.hotline, bytes(row.secret)) if row else None


# -- shipments ----------------------------------------------------------------------------------------------------------


class Outcome(msgspec.Struct, frozen=True):
    """What is known of a shipment's booking: the latest row of `outcomes`."""

    seq: int
    status: str
    """booked | refused | not_sent | unknown | absent | not_booked"""
    waybill: str
    routing_code: str
    answer: bytes | None


class Shipped(msgspec.Struct, frozen=True):
    """What everybody who follows a parcel has to know of its shipment. Nothing personal."""

    id: str
    tenant: str
    carrier: str
    relays: dict[str, list[Any]]
    """Role -> [x, ext, turn] of the relay number that stands for the party; turn is -1 for a hotline."""
    created_at: int


class ShipmentRow(Shipped, frozen=True):
    """A whole row of `shipments`."""

    operation: str
    ref: bytes | None
    attempt: int
    document: bytes


class VaultRow(msgspec.Struct, frozen=True):
    """A sealed record as stored."""

    record: str
    tenant: str
    kid: int
    wrapped: bytes
    groups: dict[str, bytes]


def shipment_of(row: Any) -> ShipmentRow:
    """A row of `shipments` as a value."""
    ref = bytes(row.ref) if row.ref is not None else None
    return ShipmentRow(
        row.id,
        row.tenant,
        row.carrier,
        msgspec.json.decode(row.relays),
        row.created_at,
        row.operation,
        ref,
        row.attempt,
        bytes(row.document),
    )


def shipment(connection: Connection, id: str) -> ShipmentRow | None:
    """By id."""
    row = connection.execute(select(shipments).where(shipments.c.id == id)).first()
    return shipment_of(row) if row else None


def shipment_by_ref(connection: Connection, tenant: str, carrier: str, ref: bytes) -> ShipmentRow | None:
    """The latest attempt under a keyed reference."""
    row = connection.execute(
        select(shipments)
        .where(shipments.c.tenant == tenant, shipments.c.carrier == carrier, shipments.c.ref == ref)
        .order_by(shipments.c.attempt.desc())
        .limit(1)
    ).first()
    return shipment_of(row) if row else None


def outcome(connection: Connection, id: str) -> Outcome | None:
    """The latest outcome of a shipment; None while it is pending."""
    row = connection.execute(
        select(outcomes).where(outcomes.c.shipment == id).order_by(outcomes.c.seq.desc()).limit(1)
    ).first()
    if row is None:
        return None
    answer = bytes(row.answer) if row.answer is not None else None
    return Outcome(row.seq, row.status, row.waybill or "", row.routing_code, answer)


def sealed(connection: Connection, record: str) -> VaultRow | None:
    """The vault's record; None once erased."""
    row = connection.execute(select(vault).where(vault.c.record == record)).first()
    if row is None:
        return None
    groups = {
        name: bytes(value) for name in ("name", "phone", "address", "other", "restore") if (value := getattr(row, name))
    }
    return VaultRow(row.record, row.tenant, row.kid, bytes(row.wrapped), groups)


def shipment_by_waybill(connection: Connection, carrier: str, waybill: str) -> str | None:
    """The id of the newest shipment that a carrier booked under this waybill."""
    found: str | None = connection.execute(
        select(outcomes.c.shipment)
        .where(outcomes.c.waybill == waybill, outcomes.c.carrier == carrier)
        .order_by(outcomes.c.at.desc())
        .limit(1)
    ).scalar()
    return found


def shipments_by_handle(connection: Connection, carrier: str, names: Sequence[str]) -> dict[str, str]:
    """Tenant -> id of the newest shipment that a carrier calls by one of these names."""
    found = connection.execute(
        select(handles.c.tenant, handles.c.shipment)
        .where(handles.c.carrier == carrier, handles.c.handle.in_(names))
        .order_by(handles.c.at)
    )
    return {row.tenant: row.shipment for row in found}


def latest_stage(connection: Connection, id: str) -> tuple[int, str, int] | None:
    """(seq, stage, at in ms) of a shipment; None before its first event."""
    row = connection.execute(
        select(stages.c.seq, stages.c.stage, stages.c.at)
        .where(stages.c.shipment == id)
        .order_by(stages.c.seq.desc())
        .limit(1)
    ).first()
    return (row.seq, row.stage, row.at) if row else None


def stage_history(connection: Connection, id: str) -> list[tuple[str, int, str]]:
    """(stage, at in ms, source), oldest first."""
    return [
        (r.stage, r.at, r.source)
        for r in connection.execute(
            select(stages.c.stage, stages.c.at, stages.c.source).where(stages.c.shipment == id).order_by(stages.c.seq)
        )
    ]


def hook_seen(connection: Connection, carrier: str, digest: bytes) -> bool:
    """True where this very push was stored before."""
    return (
        connection.execute(
            select(hook_events.c.at).where(hook_events.c.carrier == carrier, hook_events.c.digest == digest)
        ).first()
        is not None
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many rows the main tables hold; for reports and tests of completeness."""
    out = {}
    for table in (shipments, outcomes, bindings, scans, calls):
        out[table.name] = connection.execute(select(func.count()).select_from(table)).scalar() or 0
    return out


def shipment_ids(connection: Connection, after: str, limit: int) -> list[str]:
    """Ids above `after`, in order."""
    rows = connection.execute(
        select(shipments.c.id).where(shipments.c.id > after).order_by(shipments.c.id).limit(limit)
    )
    return [id for (id,) in rows]
