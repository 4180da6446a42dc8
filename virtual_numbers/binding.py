"""A binding: which party answers behind a relay number, for which shipment, and for how long.

Pure values and transitions; the clock is handed in. Knows no phone (a party is a 16-byte keyed index of one), no pool and
no provider. Next: `pool.py` says which slot a binding gets, `relay.py` who may call through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from masking.stage import Stage
from virtual_numbers.errors import BindingRefused

MAX_X_DIGITS = 15  # E.164 allows no more, and China's 700 numbers use all of them
MAX_EXT_DIGITS = 6  # longer codes are dialled wrong too often; vendors stop at 4
INDEX_BYTES = 16  # a keyed index of a phone (masking/vault.py)


class Scheme(StrEnum):
    """How a relay number finds its party. A = the party, B = its fixed peer, N = anybody, X and Y = relay numbers."""

    AXB = "axb"
    AXN = "axn"
    AXN_EXT = "axn-ext"
    AXN700 = "axn700"
    AXYB = "axyb"

    @property
    def by_extension(self) -> bool:
        """The extension is part of what is dialled."""
        return self is Scheme.AXN_EXT

    @property
    def by_pair(self) -> bool:
        """The caller decides who is reached, so every phone stands on an X at most once."""
        return self in (Scheme.AXB, Scheme.AXYB)


class State(StrEnum):
    """Where a binding stands. Only `callable` connects a call."""

    BOUND = "bound"
    """On record, but a provider or a number's filing does not yet carry calls."""
    CALLABLE = "callable"
    SUSPENDED = "suspended"
    RELEASED = "released"
    QUARANTINED = "quarantined"
    """Released, and its slot has been given back to the pool to cool down."""


LIVE = frozenset({State.BOUND, State.CALLABLE, State.SUSPENDED})
_OUT = frozenset({Stage.OUT_FOR_DELIVERY, Stage.EXCEPTION})
"""Stages at which the parcel is with the courier of the day: one who met an obstacle still has it."""


class Slot(NamedTuple):
    """A place on a number. `turn` counts the bindings this place had before; the three together are never used twice."""

    x: str
    ext: str
    turn: int


class Binding(Struct, frozen=True):
    """One party behind one slot. Holds no personal value; `party` and `peer` are keyed indexes."""

    tenant: str
    shipment: str
    """Empty for a sender's long-lived binding."""
    carrier: str
    role: str
    """Whose number it stands in for: `recipient`, `sender`."""
    x: str
    ext: str
    turn: int
    party: bytes
    state: State
    bound_at: datetime
    expires_at: datetime | None
    """None only for a long-lived binding."""
    released_at: datetime | None = None
    scheme: Scheme = Scheme.AXN_EXT
    peer: bytes = b""
    """The one phone that may call: the fixed B of a pair, or the courier this binding is narrowed to."""
    peer_until: datetime | None = None
    """End of a narrowing; None with a peer means for the whole of its life."""
    y: str = ""
    """AXYB: the number that the party dials to reach the peer."""
    y_turn: int = 0

    @property
    def slot(self) -> Slot:
        return Slot(self.x, self.ext, self.turn)

    def seen_by(self, phone: bytes) -> Slot:
        """The slot as this phone knows it: the party of an AXYB binding dials and sees Y, everybody else X."""
        return Slot(self.y, "", self.y_turn) if self.y and phone == self.party else self.slot

    def live(self, now: datetime) -> bool:
        """It holds its slot and its time has not run out. A clock before its beginning counts as not live."""
        return self.state in LIVE and self.bound_at <= now and (self.expires_at is None or now < self.expires_at)

    def connects(self, now: datetime) -> bool:
        return self.state is State.CALLABLE and self.live(now)

    def narrowed_to(self, now: datetime) -> bytes:
        """The peer that alone may call now, or nothing."""
        return self.peer if self.peer_until is None or now < self.peer_until else b""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a binding lives. Set per carrier or shop; every field has the default the planner counts with."""

    hold: timedelta = timedelta(days=15)
    """From the order to the end where nothing is heard of the parcel."""
    after_delivery: timedelta = timedelta(hours=48)
    after_exception: timedelta = timedelta(days=7)
    after_return: timedelta = timedelta(days=15)
    longest: timedelta = timedelta(days=90)
    """No sequence of exceptions and returns keeps a binding longer than this from its beginning."""


def bind(
    slot: Slot, *, tenant: str, shipment: str, carrier: str, role: str, party: bytes, now: datetime,
    scheme: Scheme = Scheme.AXN_EXT, terms: Terms | None = Terms(), state: State = State.CALLABLE,
    peer: bytes = b"", y: Slot | None = None,
) -> Binding:  # fmt: skip
    """A new binding on a leased slot. `terms=None` makes a long-lived one; `state=BOUND` where a provider has yet to confirm.

    An AXB pair may begin without its peer; nobody is connected until a scan narrows it.
    Raises BindingRefused `relay_number_malformed`, `party_malformed`, `pair_incomplete` or `state_not_live`.
    """
    _check_number(slot, scheme)
    if len(party) != INDEX_BYTES or len(peer) not in (0, INDEX_BYTES) or peer == party:
        raise BindingRefused(
            "party and peer are keyed indexes of two different phones", code="party_malformed", path="party"
        )
    if (scheme is Scheme.AXYB) != (y is not None) or (y is not None and not peer):
        raise BindingRefused(
            "AXYB, and it alone, has a second number and its peer", code="pair_incomplete", path="peer"
        )
    if state not in LIVE:
        raise BindingRefused("a binding begins live", code="state_not_live", path="state")
    if y is not None:
        _check_number(y, scheme)
    return Binding(
        tenant=tenant, shipment=shipment, carrier=carrier, role=role, x=slot.x, ext=slot.ext, turn=slot.turn, party=party, state=state,
        bound_at=now, expires_at=None if terms is None else now + min(terms.hold, terms.longest), scheme=scheme, peer=peer,
        y=y.x if y else "", y_turn=y.turn if y else 0,
    )  # fmt: skip


def activate(binding: Binding) -> Binding:
    """Provider and filing are ready: from `bound` to `callable`. A suspended binding stays suspended."""
    return replace(binding, state=State.CALLABLE) if _must_be_live(binding).state is State.BOUND else binding


def suspend(binding: Binding) -> Binding:
    """Stop calls without giving the slot back; `resume` undoes it."""
    return replace(_must_be_live(binding), state=State.SUSPENDED)


def resume(binding: Binding, *, ready: bool = True) -> Binding:
    """Undo `suspend`. `ready` tells whether provider and filing carry calls; if not, it is merely bound again."""
    if _must_be_live(binding).state is not State.SUSPENDED:
        return binding
    return replace(binding, state=State.CALLABLE if ready else State.BOUND)


def release(binding: Binding, now: datetime) -> Binding:
    """End it. The quarantine counts from `released_at`. Releasing twice changes nothing."""
    if binding.state not in LIVE:
        return binding
    return replace(widen(binding), state=State.RELEASED, released_at=max(now, binding.bound_at))


def expire(binding: Binding, now: datetime) -> Binding:
    """Release it if its time has run out. Counts the quarantine from now, not from the hour it ran out: never shorter."""
    return release(binding, now) if binding.expires_at is not None and now >= binding.expires_at else binding


def quarantine(binding: Binding) -> Binding:
    """Its slot went back to the pool (`Pool.give_back`)."""
    if binding.state in LIVE:
        raise BindingRefused("a live binding keeps its slot; release it first", code="binding_live", path="state")
    return replace(binding, state=State.QUARANTINED)


def reopen(binding: Binding, now: datetime, terms: Terms) -> Binding:
    """Bring a released binding back for the same shipment's return. The slot must still be its own (`Pool.reclaim`)."""
    if binding.state in LIVE:
        return binding
    cap = binding.bound_at + terms.longest
    if now >= cap or now < binding.bound_at:
        raise BindingRefused("past the longest time a binding may live", code="binding_too_old", path="bound_at")
    ends = min(now + terms.after_return, cap)
    return replace(binding, state=State.CALLABLE, released_at=None, expires_at=ends)


def narrow(binding: Binding, courier: bytes, until: datetime) -> Binding:
    """On a courier's scan: until then only this courier's phone is connected, and the party's call-back reaches it."""
    if len(courier) != INDEX_BYTES or courier == binding.party:
        raise BindingRefused(
            "a courier is a keyed index of a phone, not the party's own", code="party_malformed", path="courier"
        )
    return replace(_must_be_live(binding), peer=courier, peer_until=until)


def widen(binding: Binding) -> Binding:
    """Undo `narrow`. The fixed peer of a pair (no end set) stays."""
    return binding if binding.peer_until is None else replace(binding, peer=b"", peer_until=None)


def extend(binding: Binding, stage: Stage, now: datetime, terms: Terms) -> Binding:
    """Follow the parcel.

    Exception and return prolong, delivery shortens, `closed` releases, every other stage leaves the term alone. A narrowing ends
    when the parcel leaves its courier's hands. Returned after a release is for `reopen`, because the pool must agree. A long-lived
    binding follows no parcel.
    """
    ends = binding.expires_at
    if ends is None or not binding.live(now):
        return binding
    if stage not in _OUT:
        binding = widen(binding)
    match stage:
        case Stage.EXCEPTION:
            return _until(binding, max(ends, now + terms.after_exception), terms)
        case Stage.RETURNED:
            return _until(binding, max(ends, now + terms.after_return), terms)
        case Stage.DELIVERED:
            return _until(binding, min(ends, now + terms.after_delivery), terms)
        case Stage.CLOSED:
            return release(binding, now)
    return binding


def _until(binding: Binding, expires_at: datetime, terms: Terms) -> Binding:
    return replace(binding, expires_at=min(expires_at, binding.bound_at + terms.longest))


def unfiled(binding: Binding) -> Binding:
    """How a binding stands while its number's filing lets no call through: bound, and not callable."""
    return replace(binding, state=State.BOUND) if binding.state is State.CALLABLE else binding


def _must_be_live(binding: Binding) -> Binding:
    if binding.state not in LIVE:
        raise BindingRefused(f"the binding is {binding.state}", code="binding_released", path="state")
    return binding


def _digits(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= most


def _check_number(slot: Slot, scheme: Scheme) -> None:
    good_ext = _digits(slot.ext, MAX_EXT_DIGITS) if scheme.by_extension else slot.ext == ""
    if not (_digits(slot.x, MAX_X_DIGITS) and good_ext and slot.turn >= 0):
        raise BindingRefused(
            "X has 1 to 15 digits, an extension 1 to 6 and only where the scheme dials one",
            code="relay_number_malformed",
            path="x",
        )
