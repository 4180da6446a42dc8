"""Every read the service does, one function each: connection -> plain values. Knows tables; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, exists, func, or_, select

from gateway.store.tables import (
    api_keys,
    audit,
    audit_checkpoints,
    binding_states,
    bindings,
    calls,
    couriers,
    hook_events,
    numbers,
    outcomes,
    pools,
    routes,
    scans,
    shipments,
    shop_credentials,
    shops,
    shown,
    stages,
    suspensions,
    tickets,
    tombstones,
    vault,
)
from masking.audit import Batch
from virtual_numbers.binding import Binding, Scheme, State


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a shipment's booking: the latest row of `outcomes`."""

    seq: int
    status: str
    """booked | refused | not_sent | unknown | absent | not_booked"""
    waybill: str
    routing_code: str
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """A shipment without anything personal."""

    id: str
    tenant: str
    carrier: str
    operation: str
    ref: bytes | None
    attempt: int
    document: bytes
    relays: dict[str, list[Any]]
    """Role -> [x, ext, turn] of the relay number that stands for the party; turn is -1 for a hotline."""
    created_at: int


@dataclass(frozen=True, slots=True)
class VaultRow:
    """A sealed record as stored."""

    record: str
    tenant: str
    kid: int
    wrapped: bytes
    groups: dict[str, bytes]


def _shipment(row: Any) -> ShipmentRow:
    ref = bytes(row.ref) if row.ref is not None else None
    return ShipmentRow(
        row.id,
        row.tenant,
        row.carrier,
        row.operation,
        ref,
        row.attempt,
        bytes(row.document),
        msgspec.json.decode(row.relays),
        row.created_at,
    )


def shipment(connection: Connection, id: str) -> ShipmentRow | None:
    """By id."""
    row = connection.execute(select(shipments).where(shipments.c.id == id)).first()
    return _shipment(row) if row else None


def shipment_by_ref(connection: Connection, tenant: str, carrier: str, ref: bytes) -> ShipmentRow | None:
    """The latest attempt under a keyed reference."""
    row = connection.execute(
        select(shipments)
        .where(shipments.c.tenant == tenant, shipments.c.carrier == carrier, shipments.c.ref == ref)
        .order_by(shipments.c.attempt.desc())
        .limit(1)
    ).first()
    return _shipment(row) if row else None


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


def unsettled(connection: Connection, before: int, limit: int) -> list[ShipmentRow]:
    """Shipments older than `before` (ms) that have no outcome, or whose outcome is unknown."""
    latest = select(outcomes.c.shipment, func.max(outcomes.c.seq).label("seq")).group_by(outcomes.c.shipment).subquery()
    settled = (
        select(outcomes.c.shipment)
        .join(latest, and_(latest.c.shipment == outcomes.c.shipment, latest.c.seq == outcomes.c.seq))
        .where(outcomes.c.status != "unknown", outcomes.c.shipment == shipments.c.id)
    )
    return [
        _shipment(row)
        for row in connection.execute(
            select(shipments)
            .where(shipments.c.created_at < before, ~settled.exists())
            .order_by(shipments.c.id)
            .limit(limit)
        )
    ]


def ticket(connection: Connection, id: bytes) -> tuple[str, str, str, bytes] | None:
    """(tenant, shipment, carrier, fingerprint) of a ticket that was not revoked."""
    row = connection.execute(select(tickets).where(tickets.c.id == id, tickets.c.revoked_at.is_(None))).first()
    return (row.tenant, row.shipment, row.carrier, bytes(row.fingerprint)) if row else None


def scan_by_key(connection: Connection, courier: str, key: bytes) -> tuple[str, str] | None:
    """(scan id, shipment) of an earlier scan with the same idempotent key."""
    row = connection.execute(
        select(scans.c.id, scans.c.shipment).where(scans.c.courier == courier, scans.c.scan_key == key)
    ).first()
    return (row.id, row.shipment) if row else None


# -- relay --------------------------------------------------------------------------------------------------------------


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _binding(connection: Connection, row: Any) -> Binding:
    key = (binding_states.c.x == row.x, binding_states.c.ext == row.ext, binding_states.c.turn == row.turn)
    state = connection.execute(select(binding_states).where(*key).order_by(binding_states.c.at.desc()).limit(1)).first()
    return Binding(
        tenant=row.tenant,
        shipment=row.shipment,
        carrier=row.carrier,
        role=row.role,
        x=row.x,
        ext=row.ext,
        turn=row.turn,
        party=bytes(row.party),
        state=State(state.state) if state else State.CALLABLE,
        bound_at=datetime.fromtimestamp(row.bound_at / 1000, UTC),
        expires_at=_when(state.expires_at if state else row.expires_at),
        released_at=_when(state.released_at) if state else None,
        scheme=Scheme(row.scheme),
        peer=bytes(state.peer) if state and state.peer else b"",
        peer_until=_when(state.peer_until) if state else None,
    )


def binding_at(connection: Connection, x: str, ext: str) -> Binding | None:
    """The newest binding of a slot, live or not."""
    row = connection.execute(
        select(bindings).where(bindings.c.x == x, bindings.c.ext == ext).order_by(bindings.c.turn.desc()).limit(1)
    ).first()
    return _binding(connection, row) if row else None


def bindings_of_party(connection: Connection, party: bytes) -> list[Binding]:
    """Every binding of a phone on one X (`party` is keyed by both), newest last."""
    rows = connection.execute(select(bindings).where(bindings.c.party == party).order_by(bindings.c.bound_at)).all()
    return [_binding(connection, row) for row in rows]


def binding_of_turn(connection: Connection, x: str, ext: str, turn: int) -> Binding | None:
    """One binding by its key."""
    row = connection.execute(
        select(bindings).where(bindings.c.x == x, bindings.c.ext == ext, bindings.c.turn == turn)
    ).first()
    return _binding(connection, row) if row else None


def sender_binding(connection: Connection, tenant: str, carrier: str, owner: bytes) -> Binding | None:
    """The newest long-lived binding of (shop, sender's keyed phone, carrier)."""
    row = connection.execute(
        select(bindings)
        .where(
            bindings.c.owner == owner,
            bindings.c.tenant == tenant,
            bindings.c.carrier == carrier,
            bindings.c.role == "sender",
        )
        .order_by(bindings.c.bound_at.desc())
        .limit(1)
    ).first()
    return _binding(connection, row) if row else None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call that was connected."""

    id: str
    """Also the vault record that its caller is sealed in."""
    caller: bytes


def tombstones_of(connection: Connection, x: str, phone: bytes) -> list[tuple[str, int]]:
    """(ext, turn) of every slot of X that this phone had to do with."""
    rows = connection.execute(
        select(tombstones.c.ext, tombstones.c.turn).where(tombstones.c.x == x, tombstones.c.phone == phone)
    )
    return [(r.ext, r.turn) for r in rows]


def ever_connected(connection: Connection, x: str, caller: bytes) -> bool:
    """True where this caller was connected through X before."""
    return (
        connection.execute(
            select(calls.c.id).where(calls.c.x == x, calls.c.caller == caller, calls.c.action == "connect").limit(1)
        ).first()
        is not None
    )


def connected_calls(connection: Connection, x: str, ext: str, turn: int) -> int:
    """How many calls one binding has carried."""
    where = (calls.c.x == x, calls.c.ext == ext, calls.c.turn == turn, calls.c.action == "connect")
    return connection.execute(select(func.count()).select_from(calls).where(*where)).scalar() or 0


def last_connected(connection: Connection, x: str, ext: str, turn: int, party: bytes) -> CallRow | None:
    """The last caller, other than the party itself, who was connected through this binding."""
    row = connection.execute(
        select(calls.c.id, calls.c.caller)
        .where(
            calls.c.x == x,
            calls.c.ext == ext,
            calls.c.turn == turn,
            calls.c.action == "connect",
            calls.c.caller != party,
        )
        .order_by(calls.c.at.desc())
        .limit(1)
    ).first()
    return CallRow(row.id, bytes(row.caller)) if row else None


def number(connection: Connection, x: str) -> tuple[str, str, str] | None:
    """(pool, filing state, scheme) of a relay number we hold."""
    row = connection.execute(
        select(numbers.c.pool, numbers.c.filing, pools.c.scheme)
        .join(pools, pools.c.name == numbers.c.pool)
        .where(numbers.c.x == x)
    ).first()
    return (row.pool, row.filing, row.scheme) if row else None


def pool_status(connection: Connection) -> list[dict[str, Any]]:
    """Pools with their numbers' count."""
    rows = connection.execute(
        select(pools, func.count(numbers.c.x).label("held"))
        .outerjoin(numbers, numbers.c.pool == pools.c.name)
        .group_by(*pools.c)
        .order_by(pools.c.name)
    )
    return [
        {
            "pool": r.name,
            "scheme": r.scheme,
            "ext_digits": r.ext_digits,
            "carrier": r.carrier,
            "provider": r.provider,
            "numbers": r.held,
        }
        for r in rows
    ]


# -- pushes and audit ---------------------------------------------------------------------------------------------------


def hook_seen(connection: Connection, carrier: str, digest: bytes) -> bool:
    """True where this very push was stored before."""
    return (
        connection.execute(
            select(hook_events.c.at).where(hook_events.c.carrier == carrier, hook_events.c.digest == digest)
        ).first()
        is not None
    )


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


# -- what an allocation needs -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool as configured."""

    name: str
    scheme: str
    ext_digits: int
    carrier: str
    provider: str


def all_pools(connection: Connection) -> list[PoolRow]:
    """Every pool, by name."""
    return [
        PoolRow(r.name, r.scheme, r.ext_digits, r.carrier, r.provider)
        for r in connection.execute(select(pools).order_by(pools.c.name))
    ]


def numbers_of(connection: Connection, pool: str) -> list[str]:
    """The X of a pool that may be given out."""
    rows = connection.execute(
        select(numbers.c.x).where(numbers.c.pool == pool, numbers.c.health == "good").order_by(numbers.c.x)
    )
    return [x for (x,) in rows]


def used_slots(connection: Connection, x: str, first: str, last: str) -> list[tuple[str, int, int | None, bytes, bool]]:
    """(ext, turn, released at in ms or None, party, shown to a courier without a phone) of each slot ever used in a block."""
    latest = (
        select(bindings.c.ext, func.max(bindings.c.turn).label("turn"))
        .where(bindings.c.x == x, bindings.c.ext >= first, bindings.c.ext <= last)
        .group_by(bindings.c.ext)
        .subquery()
    )
    rows = connection.execute(
        select(bindings.c.ext, bindings.c.turn, bindings.c.party, bindings.c.expires_at)
        .join(latest, and_(latest.c.ext == bindings.c.ext, latest.c.turn == bindings.c.turn))
        .where(bindings.c.x == x)
    ).all()
    released = {
        (r.ext, r.turn): r.released_at
        for r in connection.execute(
            select(binding_states.c.ext, binding_states.c.turn, binding_states.c.released_at)
            .where(binding_states.c.x == x, binding_states.c.ext >= first, binding_states.c.ext <= last)
            .order_by(binding_states.c.at)
        )
    }
    unknown = {
        (r.ext, r.turn)
        for r in connection.execute(select(shown.c.ext, shown.c.turn).where(shown.c.x == x, shown.c.with_phone == 0))
    }
    return [(r.ext, r.turn, released.get((r.ext, r.turn)), bytes(r.party), (r.ext, r.turn) in unknown) for r in rows]


def expired_bindings(connection: Connection, now: int, limit: int) -> list[Binding]:
    """Bindings whose time ran out and that nobody has released yet."""
    latest = (
        select(
            binding_states.c.x, binding_states.c.ext, binding_states.c.turn, func.max(binding_states.c.at).label("at")
        )
        .group_by(binding_states.c.x, binding_states.c.ext, binding_states.c.turn)
        .subquery()
    )
    same = and_(latest.c.x == bindings.c.x, latest.c.ext == bindings.c.ext, latest.c.turn == bindings.c.turn)
    state = and_(
        binding_states.c.x == latest.c.x,
        binding_states.c.ext == latest.c.ext,
        binding_states.c.turn == latest.c.turn,
        binding_states.c.at == latest.c.at,
    )
    ends = func.coalesce(binding_states.c.expires_at, bindings.c.expires_at)
    rows = connection.execute(
        select(bindings)
        .outerjoin(latest, same)
        .outerjoin(binding_states, state)
        .where(ends <= now, func.coalesce(binding_states.c.state, "callable").notin_(("released", "quarantined")))
        .limit(limit)
    ).all()
    return [_binding(connection, row) for row in rows]
