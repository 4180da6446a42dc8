"""What a call or a message meets in the store, in two statements: the number with the caller's tombstones, and every binding that
it may be about, with state, calls and wishes. Rows to plain values; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, or_, select

from gateway.store.binding_rows import COLUMNS, SLOT, WITH_STATE, binding_of
from gateway.store.compiled import Query
from gateway.store.reads import VaultRow
from gateway.store.relay_reads import FILED
from gateway.store.tables import (
    allowed_callers,
    binding_states,
    bindings,
    calls,
    couriers,
    guesses,
    numbers,
    pools,
    shown,
    stages,
    suspensions,
    tombstones,
    vault,
    wishes,
)
from virtual_numbers.binding import Binding

DAY, MINUTE = 86_400_000, 60_000  # how long a wrong extension counts against its caller, and against the number


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call that was connected."""

    id: str
    """Also the vault record that its caller is sealed in."""
    caller: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A binding and what the store keeps beside it."""

    binding: Binding
    last: CallRow | None
    """The last caller, other than the party itself, who was connected through it."""
    calls: int
    """How many calls it has carried."""
    quiet: str
    blocks: str
    """What its party has set with this shop: quiet hours, and blocks as JSON."""
    listed: bool
    """Its carrier has set a list of callers."""


@dataclass(frozen=True, slots=True)
class Met:
    """Everything about (caller, X, extension)."""

    scheme: str
    """Of X's pool; empty where X is no number of ours, and then nothing else was looked for."""
    ever_connected: bool = False
    caller_misses: int = 0
    """Wrong extensions of this caller on X in a day, since they were last connected through it."""
    number_misses: int = 0
    """Wrong extensions on X in a minute, of callers never connected through it."""
    tombstones: list[tuple[str, int]] = field(default_factory=list)
    """(ext, turn) of every slot of X that this caller had to do with."""
    bindings: list[Held] = field(default_factory=list)
    """The newest at (x, ext), live or not; those whose party is the caller; those that are a pair with the caller, or narrowed to them now."""
    filed: bool = True
    """Whether X's filing with the regulator lets it carry calls."""


_x: BindParameter[str] = bindparam("x")
_ext: BindParameter[str] = bindparam("ext")
_phone: BindParameter[bytes] = bindparam("phone")
_connected = calls.c.action == "connect"
_through_x = (calls.c.x == _x, calls.c.caller == _phone, _connected)
_since = func.coalesce(select(func.max(calls.c.at)).where(*_through_x).scalar_subquery(), 0)
_NUMBER = Query(
    select(
        pools.c.scheme,
        numbers.c.filing,
        exists(select(calls.c.id).where(*_through_x)),
        select(func.count())
        .select_from(guesses)
        .where(guesses.c.x == _x, guesses.c.phone == _phone, guesses.c.at > bindparam("day"), guesses.c.at > _since)
        .scalar_subquery(),
        select(func.count())
        .select_from(guesses)
        .where(guesses.c.x == _x, guesses.c.at > bindparam("minute"), guesses.c.stranger == 1)
        .scalar_subquery(),
        tombstones.c.ext,
        tombstones.c.turn,
    )
    .select_from(
        numbers.join(pools, pools.c.name == numbers.c.pool).outerjoin(
            tombstones, and_(tombstones.c.x == numbers.c.x, tombstones.c.phone == _phone)
        )
    )
    .where(numbers.c.x == _x)
)
_older = bindings.alias("older")
_newest = select(func.max(_older.c.turn)).where(_older.c.x == _x, _older.c.ext == _ext).scalar_subquery()
_wanted = (
    select(*(bindings.c[name] for name in SLOT))
    .where(bindings.c.x == _x, bindings.c.ext == _ext, bindings.c.turn == _newest)
    .union(
        select(*(bindings.c[name] for name in SLOT)).where(bindings.c.x == _x, bindings.c.party == _phone),
        select(*(binding_states.c[name] for name in SLOT)).where(
            binding_states.c.peer == _phone,
            or_(binding_states.c.peer_until.is_(None), binding_states.c.peer_until > bindparam("now")),
        ),
    )
    .subquery("wanted")
)
_last = calls.alias("last")
_through = (*(calls.c[name] == bindings.c[name] for name in SLOT), _connected)
_last_id = (
    select(calls.c.id)
    .where(*_through, calls.c.caller != bindings.c.party)
    .order_by(calls.c.at.desc(), calls.c.id.desc())
    .limit(1)
    .correlate(bindings)
    .scalar_subquery()
)
_BINDINGS = Query(
    select(
        *COLUMNS,
        _last.c.id,
        _last.c.caller,
        select(func.count()).select_from(calls).where(*_through).correlate(bindings).scalar_subquery(),
        wishes.c.quiet,
        wishes.c.blocks,
        exists(select(allowed_callers.c.phone).where(allowed_callers.c.carrier == bindings.c.carrier)),
    )
    .select_from(
        WITH_STATE.join(_wanted, and_(*(_wanted.c[name] == bindings.c[name] for name in SLOT)))
        .outerjoin(_last, _last.c.id == _last_id)
        .outerjoin(wishes, and_(wishes.c.owner == bindings.c.owner, wishes.c.tenant == bindings.c.tenant))
    )
    .order_by(bindings.c.bound_at)
)
_ALLOWED = Query(
    select(allowed_callers.c.added_at).where(
        allowed_callers.c.carrier == bindparam("carrier"), allowed_callers.c.phone == _phone
    )
)
_GROUPS = ("name", "phone", "address", "other", "restore")
_later = stages.alias("later")
_RECORD = Query(
    select(
        vault.c.record,
        vault.c.tenant,
        vault.c.kid,
        vault.c.wrapped,
        *(vault.c[name] for name in _GROUPS),
        select(stages.c.stage)
        .where(
            stages.c.shipment == bindparam("shipment"),
            stages.c.seq
            == select(func.max(_later.c.seq)).where(_later.c.shipment == bindparam("shipment")).scalar_subquery(),
        )
        .scalar_subquery(),
    ).where(vault.c.record == bindparam("record"))
)
_STAGE = Query(
    select(stages.c.stage).where(stages.c.shipment == bindparam("shipment")).order_by(stages.c.seq.desc()).limit(1)
)
_SHOWN = Query(
    select(couriers.c.id, couriers.c.phone)
    .join(shown, shown.c.courier == couriers.c.id)
    .where(
        *(shown.c[name] == bindparam(name) for name in SLOT),
        couriers.c.phone.is_not(None),
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
)


def met(connection: Connection, x: str, ext: str, phone: bytes, now: int) -> Met:
    """Everything about one question. `phone` is the caller as X knows them, empty for a withheld one; `now` in ms."""
    rows = _NUMBER.all(connection, x=x, phone=phone, day=now - DAY, minute=now - MINUTE)
    if not rows:
        return Met("")
    scheme, filing, ever, own, strangers = rows[0][:5]
    stones = [(stone_ext, turn) for *_, stone_ext, turn in rows if turn is not None]
    found = [_held(row) for row in _BINDINGS.all(connection, x=x, ext=ext, phone=phone, now=now)]
    return Met(scheme, bool(ever), int(own), int(strangers), stones, found, filing == FILED)


def _held(row: tuple[object, ...]) -> Held:
    id, caller, carried, quiet, blocks, listed = row[len(COLUMNS) :]
    last = CallRow(str(id), bytes(caller)) if id is not None else None  # type: ignore[call-overload]
    return Held(binding_of(row), last, int(carried), str(quiet or ""), str(blocks or "{}"), bool(listed))  # type: ignore[call-overload]


def on_allow_list(connection: Connection, carrier: str, phone: bytes) -> bool:
    """Whether a carrier's list of callers holds this phone, keyed by the carrier."""
    return _ALLOWED.first(connection, carrier=carrier, phone=phone) is not None


def record_and_stage(connection: Connection, record: str, shipment: str) -> tuple[VaultRow, str] | None:
    """A sealed record, and the stage that a shipment is at ("" before its first); None once the record is erased."""
    row = _RECORD.first(connection, record=record, shipment=shipment)
    if row is None:
        return None
    id, tenant, kid, wrapped, *groups, stage = row
    held = {name: bytes(value) for name, value in zip(_GROUPS, groups, strict=True) if value}
    return VaultRow(id, tenant, kid, bytes(wrapped), held), stage or ""


def stage_of(connection: Connection, shipment: str) -> str:
    """The stage that a shipment is at; "" before its first."""
    row = _STAGE.first(connection, shipment=shipment)
    return row[0] if row else ""


def shown_couriers(connection: Connection, x: str, ext: str, turn: int) -> list[tuple[str, bytes]]:
    """(id, sealed phone) of the couriers who were shown this slot and may still scan."""
    return [(id, bytes(phone)) for id, phone in _SHOWN.all(connection, x=x, ext=ext, turn=turn)]
