"""A call to a relay number + what the store found + now -> one decision. Pure.

Tombstones first, then the binding, then lockout, the carrier's and the recipient's wishes. Whatever does not fit together is
refused. Knows no phone: callers and parties are keyed indexes, all under one key for the whole installation, because a number
goes from shop to shop. Who to dial is a role here (`Callee`); the gateway turns it into a number, on record. Messages: `sms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from virtual_numbers.binding import INDEX_BYTES, MAX_EXT_DIGITS, MAX_X_DIGITS, Binding, Scheme, Slot

Action = Literal["connect", "collect", "reject"]


class Callee(StrEnum):
    """Who is rung."""

    PARTY = "party"
    """The party of the binding."""
    PEER = "peer"
    """The one phone the binding is narrowed to, or the pair's other side."""
    LAST_CALLER = "last_caller"
    """The caller last connected through the binding."""


class Reason(StrEnum):
    """Why. What a caller hears depends on nothing else, so reasons that must sound alike are one reason (`Decision.cause` differs)."""

    CONNECTED = "connected"
    CALLED_BACK = "called_back"
    EXTENSION_NEEDED = "extension_needed"
    WRONG_EXTENSION = "wrong_extension"
    """Also a lockout: a guesser must not learn when guessing has stopped to count."""
    SHIPMENT_CLOSED = "shipment_closed"
    NO_SUCH_NUMBER = "no_such_number"
    CALLER_WITHHELD = "caller_withheld"
    CALLER_NOT_ALLOWED = "caller_not_allowed"
    NOT_NOW = "not_now"
    TOO_MANY_CALLS = "too_many_calls"
    NOBODY_TO_CALL_BACK = "nobody_to_call_back"
    NOT_READY = "not_ready"
    """Bound, but a provider or a filing does not carry calls yet."""
    FAULT = "fault"
    """Facts that contradict each other, a timeout, an error on the way."""


class Tombstone(NamedTuple):
    """This phone had to do with this slot's binding number `turn`. It counts for as long as the store keeps it (`forgettable`)."""

    phone: bytes
    """Keyed index of it."""
    x: str
    ext: str
    turn: int


class Hours(NamedTuple):
    """A daily span in a zone, from `start` to before `end`; over midnight where `end` is not after `start`."""

    start: time
    end: time
    zone: str = "Asia/Shanghai"

    def holds(self, now: datetime) -> bool:
        local = now.astimezone(ZoneInfo(self.zone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a recipient has closed. Empty is open."""

    everything: bool = False
    callers: frozenset[bytes] = frozenset()
    carriers: frozenset[str] = frozenset()
    shipments: frozenset[str] = frozenset()

    def close(self, caller: bytes, binding: Binding) -> bool:
        return (
            self.everything
            or caller in self.callers
            or binding.carrier in self.carriers
            or bool(binding.shipment and binding.shipment in self.shipments)
        )


@dataclass(frozen=True, slots=True)
class RelayPolicy:
    """A pool's rules for calls. Everything that closes is off until somebody sets it, lockout excepted."""

    wrong_per_caller: int = 3
    """Wrong extensions of one caller on one X before its codes are no longer tried (`Lockout.window`)."""
    wrong_per_minute: int = 10
    """Wrong extensions on one X in a minute, from whatever callers, before those never connected through it are refused."""
    hours: Hours | None = None
    """Only in this span do calls reach a party."""
    calls_per_binding: int | None = None
    """Calls a binding may carry in its life."""
    ring: timedelta = timedelta(seconds=25)
    longest_call: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Everything one decision depends on. What is empty was looked for and not found."""

    caller: bytes
    """Keyed index of the caller's phone; empty where the network withheld it."""
    x: str
    ext: str
    """Extension as dialled or collected; empty for none."""
    now: datetime
    scheme: Scheme | None
    """Of the pool that X is in; None where X is in none."""
    bindings: tuple[Binding, ...] = ()
    """The latest binding at (x, ext) in whatever state, and those on x whose party or peer is the caller: the live ones, and on
    the pair schemes the latest that is over."""
    tombstones: tuple[Tombstone, ...] = ()
    """Of this caller on this x, any extension."""
    last_callers: Mapping[Slot, bytes] = field(default_factory=dict)
    """For each of `bindings` the caller last connected through it."""
    ever_connected: bool = False
    """This caller was connected through x before."""
    caller_misses: int = 0
    """Wrong extensions of this caller on x (`Lockout.caller`)."""
    number_misses: int = 0
    """Wrong extensions on x in this minute by callers never connected through it (`Lockout.number`)."""
    on_allow_list: bool | None = None
    """Whether the carrier's caller groups hold this caller; None where the carrier has set no list."""
    blocks: Blocks = Blocks()
    quiet: Hours | None = None
    """The recipient's quiet hours."""
    calls: int = 0
    """Calls connected through the binding so far."""
    policy: RelayPolicy = RelayPolicy()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the call. A `connect` is on disk, with its tombstones, before it is told to anybody."""

    action: Action
    reason: Reason
    binding: Binding | None = None
    callee: Callee | None = None
    callee_index: bytes = b""
    """Keyed index of whoever is rung."""
    display: str = ""
    """The number the callee sees, which is never the caller's own."""
    tombstones: tuple[Tombstone, ...] = ()
    """To be kept: who has now had to do with this slot."""
    record_miss: bool = False
    cause: str = ""
    """What the reason does not tell the caller: for audit and metrics."""
    ring: timedelta = timedelta(0)
    longest_call: timedelta = timedelta(0)


ON_FAULT = Decision("reject", Reason.FAULT, cause="fault")
"""What a caller gets when the gateway cannot decide in time or at all."""


def decide(facts: CallFacts) -> Decision:
    """The decision on one call. Never raises on facts of the right types; what contradicts itself is rejected."""
    if facts.scheme is None:
        return _reject(Reason.NO_SUCH_NUMBER)
    if len(facts.caller) != INDEX_BYTES:
        return _reject(Reason.CALLER_WITHHELD if not facts.caller else Reason.FAULT)
    if cause := _contradiction(facts, facts.scheme):
        return _reject(Reason.FAULT, cause=cause)
    dialled = bool(facts.ext) or facts.scheme in (Scheme.AXN, Scheme.AXN700)
    found = _at_slot(facts) if dialled else None
    if dialled and _crosses(facts, found):
        return _refuse(facts, found, Reason.SHIPMENT_CLOSED, "tombstone")
    if facts.ext and (locked := _locked(facts)):
        return _refuse(facts, found, Reason.WRONG_EXTENSION, locked)
    if not dialled:
        return _without_extension(facts)
    if found is None:
        return _miss(facts, None, Reason.WRONG_EXTENSION if facts.ext else Reason.NO_SUCH_NUMBER)
    return _through(facts, found)


def forgettable(released_at: datetime | None, touched_at: datetime, now: datetime, period: timedelta) -> bool:
    """Whether a tombstone may go: the period counts from the binding's release, and from the last call if that came later."""
    return released_at is not None and max(released_at, touched_at) + period <= now


def may_show(slot: Slot, tombstones: tuple[Tombstone, ...]) -> bool:
    """Whether this slot's dial string helps a courier with these tombstones; if not, bind the shipment to another slot first."""
    return all(t.turn == slot.turn for t in tombstones if (t.x, t.ext) == (slot.x, slot.ext))


# -- which binding


def _at_slot(facts: CallFacts) -> Binding | None:
    """The latest binding at the dialled place."""
    here = [b for b in facts.bindings if (b.x, b.ext) == (facts.x, facts.ext)]
    return max(here, key=lambda b: b.turn, default=None)


def _without_extension(facts: CallFacts) -> Decision:
    """X alone: the caller must stand on it, as party or as the one phone a binding is narrowed to, and on it once."""
    mine = [b for b in facts.bindings if _mine(facts, b)]
    open_to_me = [b for b in mine if b.live(facts.now) and not _crosses(facts, b)]
    if len(open_to_me) == 1:
        return _through(facts, open_to_me[0])
    if facts.scheme is Scheme.AXN_EXT:
        locked = _locked(facts)
        return _reject(Reason.WRONG_EXTENSION, cause=locked) if locked else Decision("collect", Reason.EXTENSION_NEEDED)
    if open_to_me:
        return _reject(Reason.FAULT, cause="two_pairs_on_one_number")
    latest = max(mine, key=lambda b: b.turn, default=None)
    return _refuse(facts, latest, Reason.SHIPMENT_CLOSED, "no_pair" if latest is None else "pair_over")


def _mine(facts: CallFacts, binding: Binding) -> bool:
    phone = facts.caller
    stands_on_it = phone == binding.party or phone == binding.narrowed_to(facts.now)
    return stands_on_it and facts.x == binding.seen_by(phone).x


# -- through it


def _through(facts: CallFacts, binding: Binding) -> Decision:
    """A binding was named. Whether it stands, and which way the call goes."""
    if not binding.live(facts.now):
        return _miss(facts, binding, Reason.SHIPMENT_CLOSED, "not_live")
    if not binding.connects(facts.now):
        ready = Reason.SHIPMENT_CLOSED if binding.state == "suspended" else Reason.NOT_READY
        return _refuse(facts, binding, ready, binding.state.value)
    return _back(facts, binding) if facts.caller == binding.party else _forward(facts, binding)


def _forward(facts: CallFacts, binding: Binding) -> Decision:
    """Somebody calls the party."""
    if reason := _closed_to(facts, binding):
        return _refuse(facts, binding, *reason)
    return _connect(facts, binding, Callee.PARTY, binding.party, Reason.CONNECTED, binding.y or binding.x)


def _closed_to(facts: CallFacts, binding: Binding) -> tuple[Reason, str] | None:
    policy, now = facts.policy, facts.now
    only = binding.narrowed_to(now)
    if only and only != facts.caller:
        return Reason.CALLER_NOT_ALLOWED, "narrowed_to_another"
    if facts.on_allow_list is False:
        return Reason.CALLER_NOT_ALLOWED, "not_on_allow_list"
    if facts.blocks.close(facts.caller, binding):
        return Reason.CALLER_NOT_ALLOWED, "blocked"
    if policy.hours is not None and not policy.hours.holds(now):
        return Reason.NOT_NOW, "outside_hours"
    if facts.quiet is not None and facts.quiet.holds(now):
        return Reason.NOT_NOW, "quiet_hours"
    if policy.calls_per_binding is not None and facts.calls >= policy.calls_per_binding:
        return Reason.TOO_MANY_CALLS, "call_cap"
    return None


def _back(facts: CallFacts, binding: Binding) -> Decision:
    """The party calls back: the courier of the day, else whoever was last connected through this very binding."""
    if peer := binding.narrowed_to(facts.now):
        return _connect(facts, binding, Callee.PEER, peer, Reason.CALLED_BACK, binding.x)
    last = facts.last_callers.get(binding.slot, b"")
    if len(last) != INDEX_BYTES or last == binding.party:
        return _refuse(facts, binding, Reason.NOBODY_TO_CALL_BACK, "no_call_yet")
    return _connect(facts, binding, Callee.LAST_CALLER, last, Reason.CALLED_BACK, binding.x)


# -- tombstones and lockout


def _crosses(facts: CallFacts, binding: Binding | None) -> bool:
    """The caller had to do with another binding of this place."""
    _, ext, turn = Slot(facts.x, facts.ext, -1) if binding is None else binding.seen_by(facts.caller)
    return any(t.ext == ext and t.turn != turn for t in facts.tombstones)


def _locked(facts: CallFacts) -> str:
    if facts.caller_misses >= facts.policy.wrong_per_caller:
        return "caller_locked_out"
    # Only strangers are counted, and only strangers are stopped: nobody can silence a number for those who use it.
    if facts.number_misses >= facts.policy.wrong_per_minute and not facts.ever_connected:
        return "number_locked_out"
    return ""


# -- facts that do not fit


def _contradiction(facts: CallFacts, scheme: Scheme) -> str:
    """What is wrong with these facts, or nothing."""
    if not _dialled(facts.x, 1, MAX_X_DIGITS) or not _dialled(facts.ext, 0, MAX_EXT_DIGITS):
        return "number_malformed"
    if facts.now.tzinfo is None:
        return "clock_without_zone"
    if facts.ext and scheme is not Scheme.AXN_EXT:
        return "extension_unexpected"
    if any(t.phone != facts.caller or t.x != facts.x for t in facts.tombstones):
        return "tombstone_of_another"
    for binding in facts.bindings:
        if facts.x not in (binding.x, binding.y) or binding.scheme is not scheme or len(binding.party) != INDEX_BYTES:
            return "binding_of_another_number"
    here = [b for b in facts.bindings if b.live(facts.now) and (b.x, b.ext) == (facts.x, facts.ext)]
    if len(here) > 1 and not scheme.by_pair:
        return "two_live_bindings"
    return ""


def _dialled(text: str, least: int, most: int) -> bool:
    return least <= len(text) <= most and (not text or (text.isascii() and text.isdecimal()))


# -- decisions


def _reject(reason: Reason, *, cause: str = "") -> Decision:
    return Decision("reject", reason, cause=cause or reason.value)


def _refuse(facts: CallFacts, binding: Binding | None, reason: Reason, cause: str) -> Decision:
    """Refused through a slot: who was refused for one shipment must not reach the next one's party."""
    touched = () if binding is None else (Tombstone(facts.caller, *binding.seen_by(facts.caller)),)
    return Decision("reject", reason, binding, tombstones=touched, cause=cause)


def _miss(facts: CallFacts, binding: Binding | None, reason: Reason, cause: str = "no_binding") -> Decision:
    """Nobody lives there. It counts as a guess, unless the caller had to do with this very binding."""
    known = binding is not None and any((t.ext, t.turn) == binding.slot[1:] for t in facts.tombstones)
    refused = _refuse(facts, binding, reason, cause)
    if known or not facts.ext:
        return refused
    return Decision("reject", reason, binding, tombstones=refused.tombstones, record_miss=True, cause=cause)


def _connect(
    facts: CallFacts, binding: Binding, callee: Callee, index: bytes, reason: Reason, display: str
) -> Decision:
    both = tuple(Tombstone(phone, *binding.seen_by(phone)) for phone in (facts.caller, index))
    policy = facts.policy
    return Decision(
        "connect", reason, binding, callee, index, display, both, False, reason.value, policy.ring, policy.longest_call
    )
