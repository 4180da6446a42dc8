"""Reads and rare writes about pushing: accounts, what is due, what a binding and its legs look like. Decides nothing.

Every statement runs on both stores. The one who writes legs and settles pushes is the sender (`take_lease`), and a reconciliation
that an operator lets repair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, literal_column, or_, select, text, update

from gateway.store import relay_reads
from gateway.store.tables import (
    binding_legs,
    binding_states,
    bindings,
    chore_leases,
    couriers,
    numbers,
    pool_accounts,
    provider_accounts,
    pushes,
)
from virtual_numbers.binding import Binding, Slot
from virtual_numbers.legs import LATE, Leg, LegState

# Spelled out and not a parameter: only so does SQLite see that its partial index holds the row.
WAITING = pushes.c.state == literal_column("'waiting'")
DEAD = pushes.c.state == literal_column("'dead'")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as stored."""

    name: str
    kind: str
    endpoint: str
    rate: int
    secrets: bytes = field(repr=False)
    suspended: bool = False


def accounts(connection: Connection) -> list[AccountRow]:
    """Every account, by name."""
    rows = connection.execute(select(provider_accounts).order_by(provider_accounts.c.name))
    return [AccountRow(r.name, r.kind, r.endpoint, r.rate, bytes(r.secrets), r.suspended_at is not None) for r in rows]


def accounts_by_pool(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Pool -> its accounts in the order of failover."""
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(pool_accounts).order_by(pool_accounts.c.pool, pool_accounts.c.rank)):
        found.setdefault(row.pool, []).append(row.account)
    return {pool: tuple(names) for pool, names in found.items()}


def is_pushed(connection: Connection, slot: Slot) -> bool:
    """Whether a provider was ever to be told of this binding."""
    row = connection.execute(select(pushes.c.id).where(*_at(pushes, slot)).limit(1)).first()
    return row is not None


def _at(table: Any, slot: Slot) -> tuple[Any, ...]:
    return table.c.x == slot.x, table.c.ext == slot.ext, table.c.turn == slot.turn


def due_slots(connection: Connection, now: int, limit: int) -> list[Slot]:
    """Bindings of which something is to be told now, the longest-waiting first."""
    rows = connection.execute(due_statement(now, limit))
    return list(dict.fromkeys(Slot(r.x, r.ext, r.turn) for r in rows))


def due_statement(now: int, limit: int) -> Select[Any]:
    """What `due_slots` asks."""
    due = select(pushes.c.x, pushes.c.ext, pushes.c.turn).where(WAITING, pushes.c.next_at <= now)
    return due.order_by(pushes.c.next_at, pushes.c.id).limit(limit)


@dataclass(frozen=True, slots=True)
class Case:
    """One binding with everything that bears on its legs."""

    binding: Binding
    state_at: int
    """When its present state was written (ms); of a binding that has had no other, its beginning."""
    out_id: str
    pool: str
    filed: bool
    """Whether X's own filing lets it carry calls."""
    legs: tuple[Leg, ...]
    waiting: tuple[str, ...]
    """The pushes that wait, by id."""
    since: int
    """When the oldest of them was asked for (ms)."""
    attempts: int
    courier: str
    """Whom the binding was narrowed to last, by id."""
    courier_phone: bytes | None = field(repr=False)
    """Sealed."""


def case(connection: Connection, slot: Slot) -> Case | None:
    """The case of one binding; None where there is no such binding, or nobody was ever to be told of it."""
    binding = relay_reads.binding_of_turn(connection, *slot)
    rows = connection.execute(select(pushes).where(*_at(pushes, slot)).order_by(pushes.c.at, pushes.c.id)).all()
    if binding is None or not rows:
        return None
    held = connection.execute(select(numbers.c.pool, numbers.c.filing).where(numbers.c.x == slot.x)).first()
    latest = connection.execute(select(func.max(binding_states.c.at)).where(*_at(binding_states, slot))).scalar()
    waiting = [row for row in rows if row.state == "waiting"]
    courier = next((row.courier for row in reversed(rows) if row.courier), "")
    phone = connection.execute(select(couriers.c.phone).where(couriers.c.id == courier)).scalar() if courier else None
    return Case(
        binding=binding,
        state_at=latest if latest is not None else int(binding.bound_at.timestamp() * 1000) - 1,
        out_id=next((row.id for row in rows if row.change == "bind"), rows[0].id),
        pool=held.pool if held else "",
        filed=held is not None and held.filing == relay_reads.FILED,
        legs=tuple(legs_of(connection, slot)),
        waiting=tuple(row.id for row in waiting),
        since=min((row.at for row in waiting), default=0),
        attempts=max((row.attempts for row in waiting), default=0),
        courier=courier,
        courier_phone=bytes(phone) if phone is not None else None,
    )


def leg(row: Any) -> Leg:
    """A row of `binding_legs` as the value that rules are written for."""
    return Leg(
        binding=row.out_id,
        provider=row.account,
        state=LegState(row.state),
        handle=row.handle,
        x=row.x,
        ext=row.ext,
        expires_at=_when(row.expires_at),
        attempts=row.attempts,
        tried_at=_when(row.tried_at),
        unsure=bool(row.unsure),
        fault=row.fault,
        courier=row.courier,
    )


def legs_of(connection: Connection, slot: Slot) -> list[Leg]:
    """The legs of one binding."""
    rows = connection.execute(select(binding_legs).where(*_at(binding_legs, slot)).order_by(binding_legs.c.account))
    return [leg(row) for row in rows]


def save_leg(connection: Connection, slot: Slot, tenant: str, changed: Leg, at: int) -> None:
    """Write a leg as it now is."""
    values = {
        "tenant": tenant, "out_id": changed.binding, "handle": changed.handle, "state": changed.state.value,
        "expires_at": _ms(changed.expires_at), "attempts": changed.attempts, "tried_at": _ms(changed.tried_at),
        "unsure": int(changed.unsure), "fault": changed.fault, "courier": changed.courier, "at": at,
    }  # fmt: skip
    mine = and_(*_at(binding_legs, slot), binding_legs.c.account == changed.provider)
    if connection.execute(update(binding_legs).where(mine).values(**values)).rowcount == 0:
        place = {"x": slot.x, "ext": slot.ext, "turn": slot.turn, "account": changed.provider}
        connection.execute(insert(binding_legs).values(**place, **values))


def settle(connection: Connection, ids: tuple[str, ...], **values: Any) -> None:
    """What became of pushes: their new state, or when they are due again."""
    if ids:
        connection.execute(update(pushes).where(pushes.c.id.in_(ids)).values(**values))


def revive(connection: Connection, slot: Slot, now: int) -> None:
    """The binding's dead letters are settled: a repair asks anew."""
    connection.execute(
        update(pushes).where(*_at(pushes, slot), pushes.c.state == "dead").values(state="done", next_at=now)
    )


def put_off(connection: Connection, slot: Slot, next_at: int) -> None:
    """Whatever waits of a binding waits until then."""
    connection.execute(update(pushes).where(*_at(pushes, slot), pushes.c.state == "waiting").values(next_at=next_at))


def handles_on(connection: Connection, account: str, x: str) -> set[str]:
    """The handles of all our legs on one number at one provider, ended ones too."""
    mine = (binding_legs.c.x == x, binding_legs.c.account == account, binding_legs.c.handle != "")
    return set(connection.execute(select(binding_legs.c.handle).where(*mine)).scalars())


def running_out(connection: Connection, now: int, before: int, limit: int) -> list[tuple[Slot, str]]:
    """(slot, tenant) of legs that their provider has ended or will end before a moment (ms), where nothing waits to be told."""
    waiting = select(pushes.c.id).where(
        pushes.c.x == binding_legs.c.x,
        pushes.c.ext == binding_legs.c.ext,
        pushes.c.turn == binding_legs.c.turn,
        pushes.c.state == "waiting",
    )
    rows = connection.execute(
        select(binding_legs.c.x, binding_legs.c.ext, binding_legs.c.turn, binding_legs.c.tenant)
        .join(bindings, and_(*(bindings.c[n] == binding_legs.c[n] for n in ("x", "ext", "turn"))))
        .where(
            binding_legs.c.expires_at < before,
            binding_legs.c.state == LegState.UP.value,
            # A binding's own end bounds its leg's; only what was cut shorter than the binding has to be renewed.
            or_(
                bindings.c.expires_at.is_(None),
                bindings.c.expires_at > binding_legs.c.expires_at,
                binding_legs.c.expires_at < now - int(LATE.total_seconds() * 1000),
            ),
            ~waiting.exists(),
        )
        .order_by(binding_legs.c.expires_at)
        .limit(limit)
    )
    return [(Slot(r.x, r.ext, r.turn), r.tenant) for r in rows]


def payer_of_push(connection: Connection, binding: str) -> tuple[str, str, str] | None:
    """(shop, shipment, carrier) of the binding that a provider's report names, by our id or by the provider's handle."""
    for column in (binding_legs.c.out_id, binding_legs.c.handle):
        row = connection.execute(
            select(bindings.c.tenant, bindings.c.shipment, bindings.c.carrier)
            .join(binding_legs, and_(*(bindings.c[n] == binding_legs.c[n] for n in ("x", "ext", "turn"))))
            .where(column == binding)
            .limit(1)
        ).first()
        if row is not None:
            return row.tenant, row.shipment, row.carrier
    return None


def figures(connection: Connection) -> dict[str, dict[str, int]]:
    """Account -> its legs by state."""
    found: dict[str, dict[str, int]] = {}
    of = (binding_legs.c.account, binding_legs.c.state)
    for row in connection.execute(select(*of, func.count().label("n")).group_by(*of)):
        found.setdefault(row.account, {})[row.state] = row.n
    return found


def unsettled(connection: Connection) -> dict[str, int]:
    """How many pushes wait, and how many are dead letters. Costs what these are, not what all were."""
    counted = select(func.count()).select_from(pushes)
    return {
        state: connection.execute(counted.where(which)).scalar() or 0
        for state, which in (("waiting", WAITING), ("dead", DEAD))
    }


STATES = ("waiting", "dead", "done")


def push_page(connection: Connection, state: str, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of pushes in one state, newest first: what is told of them holds no extension and nobody."""
    where = [DEAD if state == "dead" else pushes.c.state == state] + ([pushes.c.id < after] if after else [])
    rows = connection.execute(
        select(pushes, bindings.c.shipment)
        .join(bindings, and_(*(bindings.c[n] == pushes.c[n] for n in ("x", "ext", "turn"))))
        .where(*where)
        .order_by(pushes.c.id.desc())
        .limit(limit)
    ).all()
    return [
        {"push": r.id, "shipment": r.shipment, "change": r.change, "x": r.x, "turn": r.turn, "state": r.state}
        | {"attempts": r.attempts, "at_ms": r.at, "legs": _legs_told(connection, Slot(r.x, r.ext, r.turn))}
        for r in rows
    ]


def _legs_told(connection: Connection, slot: Slot) -> dict[str, str]:
    return {one.provider: f"{one.state.value} {one.fault}".strip() for one in legs_of(connection, slot)}


def try_again(connection: Connection, push: str, now: int) -> int:
    """Dead letters wait anew from the start, one or all, and their providers are asked again; gives how many."""
    where = [DEAD] + ([pushes.c.id == push] if push else [])
    rows = connection.execute(select(pushes.c.id, pushes.c.x, pushes.c.ext, pushes.c.turn).where(*where)).all()
    for row in rows:
        slot = Slot(row.x, row.ext, row.turn)
        refused = and_(*_at(binding_legs, slot), binding_legs.c.state == LegState.DOWN.value)
        connection.execute(
            update(binding_legs).where(refused).values(state=LegState.WANTED.value, attempts=0, tried_at=None)
        )
        settle(connection, (row.id,), state="waiting", attempts=0, next_at=now, at=now)
    return len(rows)


def take_lease(connection: Connection, name: str, *, holder: str, now: int, until: int, renew: bool = True) -> bool:
    """Be the one process that does a chore until `until` (ms); False while it is taken. `renew` gives it again to its holder."""
    free = chore_leases.c.lease_until < now
    if renew:
        free = or_(chore_leases.c.holder == holder, free)
    mine = update(chore_leases).where(chore_leases.c.name == name, free).values(holder=holder, lease_until=until)
    if connection.execute(mine).rowcount:
        return True
    made = connection.execute(
        text(
            "INSERT INTO chore_leases (name, holder, lease_until) VALUES (:name, :holder, :until) ON CONFLICT DO NOTHING"
        ),
        {"name": name, "holder": holder, "until": until},
    )
    return made.rowcount == 1


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
