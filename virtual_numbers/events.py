"""One schema for what happened on a relay number, over all providers: events, the record they fold into, and who pays.

Providers report late, twice and out of order, so a record is a join: folding the same events in any order, any number of times,
gives the same record. No real number is in it: a phone is a role, a provider's call id a digest. `signed` makes a push of a
record that any Standard Webhooks receiver can verify.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from virtual_numbers.errors import NumbersError


class Kind(StrEnum):
    """What is reported."""

    STARTED = "started"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    BLOCKED = "blocked"
    MESSAGE = "message"
    MESSAGE_BLOCKED = "message_blocked"


class Direction(StrEnum):
    """Which way it went."""

    TO_PARTY = "to_party"
    FROM_PARTY = "from_party"
    UNKNOWN = ""


class Outcome(StrEnum):
    """How a call ended, in words that all providers' causes are read into."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    NO_SUCH_NUMBER = "no_such_number"
    CONGESTED = "congested"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNKNOWN = ""


Q850 = {
    1: Outcome.NO_SUCH_NUMBER, 2: Outcome.UNREACHABLE, 3: Outcome.UNREACHABLE, 16: Outcome.ANSWERED, 17: Outcome.BUSY,
    18: Outcome.NO_ANSWER, 19: Outcome.NO_ANSWER, 20: Outcome.UNREACHABLE, 21: Outcome.REJECTED, 22: Outcome.NO_SUCH_NUMBER,
    27: Outcome.UNREACHABLE, 28: Outcome.NO_SUCH_NUMBER, 31: Outcome.UNKNOWN, 34: Outcome.CONGESTED, 38: Outcome.CONGESTED,
    41: Outcome.CONGESTED, 42: Outcome.CONGESTED, 102: Outcome.NO_ANSWER,
}  # fmt: skip
"""ITU-T Q.850 cause values, as far as PSTN carriers send them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One report. `provider`, `call` and `kind` make it the same event, however often it comes."""

    provider: str
    call: str
    """Digest of the provider's call id (`call_digest`)."""
    kind: Kind
    at: datetime
    x: str = ""
    ext: str = ""
    binding: str = ""
    """Our opaque id, echoed by the provider (OutId, userData, our own callback's URL): of a binding, or of the decision on this call."""
    direction: Direction = Direction.UNKNOWN
    outcome: Outcome = Outcome.UNKNOWN
    answered_at: datetime | None = None
    """A closing report repeats when it was answered; the answer's own report may be lost."""

    @property
    def key(self) -> str:
        """For the inbox that drops repeats."""
        return f"{self.provider}:{self.call}:{self.kind}"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call, or a message, as far as it is known."""

    provider: str
    call: str
    x: str = ""
    ext: str = ""
    binding: str = ""
    direction: Direction = Direction.UNKNOWN
    outcome: Outcome = Outcome.UNKNOWN
    message: bool = False
    blocked: bool = False
    started_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def seconds(self) -> int:
        """Talk time; 0 while it is not over or was not answered."""
        if self.answered_at is None or self.ended_at is None or self.ended_at <= self.answered_at:
            return 0
        return round((self.ended_at - self.answered_at).total_seconds())

    @property
    def minutes(self) -> int:
        """As it is billed everywhere here: every started minute."""
        return -(-self.seconds // 60)


def call_digest(provider: str, call_id: str) -> str:
    """A provider's call id may hold a host, an address or a number; what stands for it does not."""
    return hashlib.blake2b(f"{provider}\0{call_id}".encode(), digest_size=12).hexdigest()


def as_record(event: Event) -> CallRecord:
    """What one event alone tells."""
    at = {
        Kind.STARTED: "started_at", Kind.RINGING: "ringing_at", Kind.ANSWERED: "answered_at", Kind.ENDED: "ended_at",
        Kind.BLOCKED: "started_at", Kind.MESSAGE: "started_at", Kind.MESSAGE_BLOCKED: "started_at",
    }[event.kind]  # fmt: skip
    record = CallRecord(
        event.provider, event.call, event.x, event.ext, event.binding, event.direction, event.outcome,
        message=event.kind in (Kind.MESSAGE, Kind.MESSAGE_BLOCKED), blocked=event.kind in (Kind.BLOCKED, Kind.MESSAGE_BLOCKED),
        answered_at=event.answered_at,
    )  # fmt: skip
    instant: dict[str, Any] = {at: event.at}
    return replace(record, **instant)


def join(one: CallRecord, other: CallRecord) -> CallRecord:
    """Both together. Commutative, associative, idempotent: earliest beginnings, latest end, whatever is known over what is not."""
    if (one.provider, one.call) != (other.provider, other.call):
        raise NumbersError("two different calls do not make one record", code="other_call")
    merged: dict[str, Any] = {}
    for name in (f.name for f in fields(CallRecord)):
        known = [value for value in (getattr(one, name), getattr(other, name)) if value not in (None, "")]
        if known:
            merged[name] = _EARLIEST[name](known) if name in _EARLIEST else max(known)
    return CallRecord(**merged)


_EARLIEST: dict[str, Callable[[list[Any]], Any]] = {
    "started_at": min,
    "ringing_at": min,
    "answered_at": min,
    "outcome": lambda known: min(
        known, key=list(Outcome).index
    ),  # an answer outweighs whatever else is said of the call
}


def fold(record: CallRecord | None, event: Event) -> CallRecord:
    """The record after one more report."""
    return as_record(event) if record is None else join(record, as_record(event))


# -- minutes and cost

Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a provider charges, in its own currency. Number rent is the pool's and not a shipment's."""

    minute: Decimal = Decimal(0)
    """Of a started minute of talk, both legs together."""
    call: Decimal = Decimal(0)
    message: Decimal = Decimal(0)


@dataclass(slots=True)
class Usage:
    """What a shipment, a shop or a carrier used."""

    calls: int = 0
    answered: int = 0
    blocked: int = 0
    messages: int = 0
    minutes: int = 0
    cost: Decimal = field(default_factory=Decimal)

    def add(self, record: CallRecord, tariff: Tariff) -> None:
        self.blocked += record.blocked
        if record.message:
            self.messages += not record.blocked
            self.cost += Decimal(0) if record.blocked else tariff.message
            return
        self.calls += 1
        self.answered += record.answered_at is not None
        self.minutes += record.minutes
        if record.minutes:
            self.cost += tariff.call + record.minutes * tariff.minute


def usage(
    records: Iterable[CallRecord], tariffs: Mapping[str, Tariff], by: Callable[[CallRecord], Group]
) -> dict[Group, Usage]:
    """Totals by whatever `by` makes of a record: its shipment, its shop, its carrier. A provider without tariff costs nothing."""
    totals: defaultdict[Group, Usage] = defaultdict(Usage)
    for record in records:
        totals[by(record)].add(record, tariffs.get(record.provider, Tariff()))
    return dict(totals)


# -- pushes


def document(record: CallRecord) -> dict[str, Any]:
    """The record as our API and pushes show it."""
    shown = {f.name: getattr(record, f.name) for f in fields(record)}
    times = {name: value.astimezone(UTC).isoformat() for name, value in shown.items() if isinstance(value, datetime)}
    kind = "relay.message" if record.message else "relay.call"
    return {
        "type": kind,
        **{n: v for n, v in shown.items() if v not in (None, "")},
        **times,
        "seconds": record.seconds,
        "minutes": record.minutes,
    }


def signed(body: Mapping[str, Any], secret: str, *, id: str, at: datetime) -> tuple[bytes, dict[str, str]]:
    """Body bytes and Standard Webhooks headers. `secret` is `whsec_` and base64; `id` stays the same over retries."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix("whsec_") + "==")
    mac = hmac.digest(key, f"{id}.{stamp}.".encode() + data, "sha256")
    return data, {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }
