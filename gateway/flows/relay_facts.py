"""What the store knows that bears on one call: gathered in one read, turned into the facts of the pure decision.

Knows tables and keyed indexes; decides nothing (`virtual_numbers.relay`, `virtual_numbers.sms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from gateway.flows.relays import party_index
from gateway.store import call_reads
from masking.keyring import Keyring
from masking.vault import blind_index
from virtual_numbers.binding import Binding, Scheme, Slot, unfiled
from virtual_numbers.lockout import Lockout
from virtual_numbers.relay import Blocks, CallFacts, Hours, RelayPolicy, Tombstone


@dataclass(frozen=True, slots=True)
class Question:
    """Who calls which number. `caller` is the normalised phone, empty where the network withheld it."""

    caller: str = field(repr=False)
    x: str
    ext: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What one read found."""

    scheme: Scheme | None
    bindings: tuple[Binding, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    last: dict[Slot, call_reads.CallRow] = field(default_factory=dict)
    ever_connected: bool = False
    caller_misses: int = 0
    number_misses: int = 0
    quiet: str = ""
    blocks: str = "{}"
    allowed: bool | None = None
    blocked: bool = False
    calls: int = 0
    carrier: str = ""
    """Whose rules bear on the call."""


def caller_index(keyring: Keyring, asked: Question) -> bytes:
    """The keyed index that this number knows the caller by; empty for a withheld caller."""
    return party_index(keyring, asked.x, asked.caller) if asked.caller else b""


def find(connection: Connection, keyring: Keyring, asked: Question) -> Found:
    """Everything about (caller, X, extension)."""
    index = caller_index(keyring, asked)
    met = call_reads.met(connection, asked.x, asked.ext, index, int(asked.now.timestamp() * 1000))
    if not met.scheme:
        return Found(None)
    found = {held.binding.slot: held for held in met.bindings}
    here = _meant(met.bindings, asked, index)
    return Found(
        Scheme(met.scheme),
        tuple(held.binding if met.filed else unfiled(held.binding) for held in met.bindings),
        tuple(Tombstone(index, asked.x, ext, turn) for ext, turn in met.tombstones),
        {slot: held.last for slot, held in found.items() if held.last},
        met.ever_connected,
        met.caller_misses,
        met.number_misses,
        here.quiet if here else "",
        here.blocks if here else "{}",
        _allowed(connection, keyring, here, asked),
        here is not None and _blocks_caller(keyring, here.binding.tenant, asked.caller, here.blocks),
        here.calls if here else 0,
        here.binding.carrier if here else "",
    )


def _meant(held: list[call_reads.Held], asked: Question, index: bytes) -> call_reads.Held | None:
    """The binding whose party's wishes and carrier's rules bear on the call: the newest that was dialled, else the one that the
    caller may reach by X alone. What the party itself calls is nobody's to close."""
    dialled = [one for one in held if (one.binding.x, one.binding.ext) == (asked.x, asked.ext)]
    if dialled:
        return max(dialled, key=lambda one: one.binding.turn)
    mine = [
        one for one in held if index and one.binding.live(asked.now) and one.binding.narrowed_to(asked.now) == index
    ]
    return mine[0] if len(mine) == 1 else None


def _allowed(connection: Connection, keyring: Keyring, here: call_reads.Held | None, asked: Question) -> bool | None:
    if here is None or not here.listed:
        return None
    carrier = here.binding.carrier
    return call_reads.on_allow_list(connection, carrier, blind_index(keyring, "#callers", carrier, asked.caller))


def _blocks_caller(keyring: Keyring, tenant: str, caller: str, blocks: str) -> bool:
    listed = msgspec.json.decode(blocks).get("callers", [])
    return bool(caller) and blind_index(keyring, tenant, "blocked", caller).hex() in listed


def facts(found: Found, asked: Question, index: bytes, lockout: Lockout, policy: RelayPolicy) -> CallFacts:
    """The facts of the decision."""
    wished = msgspec.json.decode(found.blocks)
    return CallFacts(
        caller=index,
        x=asked.x,
        ext=asked.ext,
        now=asked.now,
        scheme=found.scheme,
        bindings=found.bindings,
        tombstones=found.tombstones,
        last_callers={slot: call.caller for slot, call in found.last.items()},
        ever_connected=found.ever_connected,
        # What this process has just refused may not be in the store yet; what others refused is nowhere else.
        caller_misses=max(lockout.caller(index, asked.x, asked.now), found.caller_misses),
        number_misses=max(lockout.number(asked.x, asked.now), found.number_misses),
        on_allow_list=found.allowed,
        blocks=Blocks(
            everything=bool(wished.get("everything")),
            callers=frozenset({index}) if found.blocked else frozenset(),
            carriers=frozenset(wished.get("carriers", [])),
            shipments=frozenset(wished.get("shipments", [])),
        ),
        quiet=hours(found.quiet),
        calls=found.calls,
        policy=policy,
    )


def ruled(policy: RelayPolicy, rules: Mapping[str, Any]) -> RelayPolicy:
    """The policy with what a carrier has closed (`veilway relay rules`)."""
    if not rules:
        return policy
    return replace(policy, hours=hours(rules.get("hours", "")), calls_per_binding=rules.get("calls"))


@lru_cache(256)
def hours(text: str) -> Hours | None:
    """`22:00-07:00` or `22:00-07:00 Europe/Berlin`; None for empty. Raises ValueError or KeyError, also for a zone that is none."""
    if not text:
        return None
    span, _, zone = text.partition(" ")
    start, _, end = span.partition("-")
    where = ZoneInfo(zone or "Asia/Shanghai").key
    return Hours(datetime.strptime(start, "%H:%M").time(), datetime.strptime(end, "%H:%M").time(), where)
