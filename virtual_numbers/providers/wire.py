"""What all providers share: a request to send, a call that was asked about, the answer to give, and what can go wrong.

Knows no provider. Values that hold a real number never show it in their `repr`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol

from virtual_numbers.errors import ProviderRefused

MAX_BODY = 1 << 20  # a push of fifty fee records is 50 kB; more is not a provider speaking


class Fault(StrEnum):
    """What a refusal means for whoever asked."""

    RETRY = "provider_retry"
    """Theirs and passing: the same request may be sent again."""
    THROTTLED = "provider_throttled"
    EXHAUSTED = "provider_exhausted"
    """No number left, or none on which these phones may stand."""
    CONFLICT = "provider_conflict"
    """This phone and this number are bound already."""
    GONE = "provider_gone"
    """The binding is unknown there, or over."""
    FORBIDDEN = "provider_forbidden"
    """Credentials, account or contract."""
    UNFILED = "provider_unfiled"
    """Bound, perhaps, but the regulator's filing of a number is missing: calls will be intercepted."""
    REJECTED = "provider_rejected"
    """The request itself is wrong; sending it again changes nothing."""


class ProviderFault(ProviderRefused):
    """A provider said no. `fault` is the code; the provider's own code stands in the message, its text does not: it may quote."""

    def __init__(self, fault: Fault, theirs: str) -> None:
        super().__init__(f"the provider refused with its code {theirs[:40]!r}", code=fault.value)
        self.fault = fault
        self.theirs = theirs[:40]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a provider. Parameters hold real numbers: only method and path are shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding as the provider knows it."""

    handle: str
    """Its id there (SubsId, subscriptionId)."""
    x: str
    ext: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call or message on which a provider wants a decision."""

    provider: str
    kind: Literal["voice", "sms"]
    call_id: str
    caller: str = field(repr=False)
    """As the provider wrote it; empty where it was withheld."""
    called: str = ""
    """X, digits only."""
    ext: str = ""
    text: str = field(default="", repr=False)
    resume: Mapping[str, str] = field(default_factory=dict)
    """What the answer must carry back so that the provider finds its call again."""


class Told(Protocol):
    """What a decision's answer needs. The gateway's own value has these and more."""

    @property
    def action(self) -> str:
        """connect, collect or reject."""

    @property
    def reason(self) -> str: ...

    @property
    def callee(self) -> str:
        """The real number to ring, E.164 or national digits."""

    @property
    def display(self) -> str:
        """The relay number that the callee sees."""

    @property
    def ring_seconds(self) -> int: ...

    @property
    def longest_seconds(self) -> int: ...


def digits(number: str) -> str:
    """The ASCII digits of a number, in order."""
    return "".join(c for c in number if c in "0123456789")


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare signatures in constant time; text is compared as UTF-8."""
    a = one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one
    b = other.encode("utf-8", "surrogatepass") if isinstance(other, str) else other
    return hmac.compare_digest(a, b)


def read_json(body: bytes) -> Any:
    """A JSON document of at most MAX_BODY bytes. Raises ProviderRefused `provider_body_malformed`; never quotes it."""
    if len(body) > MAX_BODY:
        raise ProviderRefused("a provider's body is larger than any of its documents", code="provider_body_malformed")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderRefused("a provider's body is no JSON", code="provider_body_malformed") from None


def must_be_object(value: Any, path: str = "") -> dict[str, Any]:
    """The value, if it is a JSON object."""
    if not isinstance(value, dict):
        raise ProviderRefused(
            "a provider's document has another shape than documented", code="provider_body_malformed", path=path
        )
    return value


def text_of(document: Mapping[str, Any], name: str) -> str:
    """A field as text; numbers as digits; absent, null and nested ones as nothing."""
    value = document.get(name)
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def fresh(sent_at: datetime, now: datetime, tolerance: timedelta) -> bool:
    """Whether a signed instant is close enough to now, either way."""
    return abs(now - sent_at) <= tolerance
