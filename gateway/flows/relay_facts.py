"""What the store knows that bears on one call: gathered in one read, turned into the facts of the pure decision.

Knows tables and keyed indexes; decides nothing (`virtual_numbers.relay`, `virtual_numbers.sms`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from gateway.flows.relays import party_index
from gateway.store import relay_reads
from masking.keyring import Keyring
from masking.vault import blind_index
from virtual_numbers.binding import Binding, Scheme, Slot
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
    last: dict[Slot, relay_reads.CallRow] = field(default_factory=dict)
    ever_connected: bool = False
    quiet: str = ""
    blocks: str = "{}"
    allowed: bool | None = None
    blocked: bool = False
    calls: int = 0


def caller_index(keyring: Keyring, asked: Question) -> bytes:
    """The keyed index that this number knows the caller by; empty for a withheld caller."""
    return party_index(keyring, asked.x, asked.caller) if asked.caller else b""


def find(connection: Connection, keyring: Keyring, asked: Question) -> Found:
    """Everything about (caller, X, extension)."""
    held = relay_reads.number(connection, asked.x)
    if held is None:
        return Found(None)
    index = caller_index(keyring, asked)
    found = {b.slot: b for b in relay_reads.bindings_of_party(connection, index)} if index else {}
    here = relay_reads.binding_at(connection, asked.x, asked.ext)
    if here is not None:
        found[here.slot] = here
    last = {slot: call for slot, b in found.items() if (call := relay_reads.last_connected(connection, *slot, b.party))}
    stones = relay_reads.tombstones_of(connection, asked.x, index) if index else []
    quiet, blocks, allowed, calls = _around(connection, keyring, here, asked)
    return Found(
        Scheme(held[2]),
        tuple(found.values()),
        tuple(Tombstone(index, asked.x, ext, turn) for ext, turn in stones),
        last,
        bool(index) and relay_reads.ever_connected(connection, asked.x, index),
        quiet,
        blocks,
        allowed,
        here is not None and _blocks_caller(keyring, here.tenant, asked.caller, blocks),
        calls,
    )


def _around(
    connection: Connection, keyring: Keyring, here: Binding | None, asked: Question
) -> tuple[str, str, bool | None, int]:
    if here is None:
        return "", "{}", None, 0
    quiet, blocks = relay_reads.wishes_behind(connection, here) or ("", "{}")
    phone = blind_index(keyring, "#callers", here.carrier, asked.caller)
    allowed = relay_reads.on_allow_list(connection, here.carrier, phone)
    return quiet, blocks, allowed, relay_reads.connected_calls(connection, *here.slot)


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
        caller_misses=lockout.caller(index, asked.x, asked.now),
        number_misses=lockout.number(asked.x, asked.now),
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


def hours(text: str) -> Hours | None:
    """`22:00-07:00` or `22:00-07:00 Europe/Berlin`; None for empty. Raises ValueError or KeyError, also for a zone that is none."""
    if not text:
        return None
    span, _, zone = text.partition(" ")
    start, _, end = span.partition("-")
    where = ZoneInfo(zone or "Asia/Shanghai").key
    return Hours(datetime.strptime(start, "%H:%M").time(), datetime.strptime(end, "%H:%M").time(), where)
