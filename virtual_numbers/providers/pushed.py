"""One way to speak to every provider whose numbers are pushed: what a leg needs, as each provider writes it.

A number has to be one that this pool leased: a provider's own choice of X is taken back, because the label already shows ours.
Real numbers stand in a `Want` and in what a provider reports; neither shows them. Knows requests and answers; sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from virtual_numbers.errors import NumbersError
from virtual_numbers.providers import alibaba, huawei
from virtual_numbers.providers.alibaba import Alibaba
from virtual_numbers.providers.huawei import Huawei
from virtual_numbers.providers.wire import Bound, Fault, ProviderFault, Request

SECRETS: dict[str, tuple[str, ...]] = {
    "alibaba": ("access_key", "access_secret", "pool_key"),
    "huawei": ("app_key", "app_secret"),
}
"""Kinds of providers and the secrets that an account of each needs."""
ENDPOINTS = {"alibaba": Alibaba("", "").endpoint, "huawei": Huawei("", "").endpoint}
EXT_DIGITS = {"alibaba": 3, "huawei": 4}
"""The longest extension that each takes."""

_MOBILE = re.compile(r"(?:\+86)?(1[3-9][0-9]{9})", re.ASCII)
_LANDLINE = re.compile(r"(?:\+86|0)((?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Want:
    """A leg to be bound. With an extension anybody who dials it reaches `a`; without one, `a` and `b` reach each other."""

    out_id: str
    x: str
    ext: str
    until: datetime
    a: str = field(repr=False)
    """E.164, or national digits of mainland China."""
    b: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A binding as its provider tells of it. What it does not tell is empty."""

    handle: str
    x: str = ""
    ext: str = ""
    expires_at: datetime | None = None
    out_id: str = ""
    a: str = field(default="", repr=False)


class Dialect(Protocol):
    """An account that bindings can be pushed to. Readers raise ProviderFault, or ProviderRefused for what is no answer."""

    def bind(self, want: Want, *, now: datetime, nonce: str) -> Request: ...

    def extend(self, bound: Bound, until: datetime, *, now: datetime, nonce: str) -> Request: ...

    def unbind(self, bound: Bound, *, now: datetime, nonce: str) -> Request: ...

    @property
    def lists_whole_numbers(self) -> bool:
        """Whether `list_on` tells of every extension of a number; else of the one asked for, or of the pairs."""

    @property
    def narrows(self) -> bool:
        """Whether the provider can be told of another peer; where it cannot, a pair is bound anew."""

    def narrow(self, bound: Bound, b: str, *, now: datetime, nonce: str) -> Request: ...

    def query(self, bound: Bound, *, now: datetime, nonce: str) -> Request: ...

    def list_on(self, x: str, ext: str, *, now: datetime, nonce: str, page: int = 1) -> Request:
        """What is bound on X; where the provider can only say it of one place, at this extension."""

    def read_bound(self, status: int, body: bytes) -> Bound: ...

    def read_done(self, status: int, body: bytes) -> None: ...

    def read_seen(self, status: int, body: bytes) -> Seen | None:
        """The answer to `query`; None where it is unknown or over there."""

    def read_listed(self, status: int, body: bytes) -> tuple[list[Seen], bool]:
        """The answer to `list_on`, and whether there may be another page. A `Seen` may hold a handle alone."""


def dialect(kind: str, endpoint: str, secrets: Mapping[str, str]) -> Dialect:
    """The dialect of an account. Raises NumbersError `provider_kind_unknown`."""
    match kind:
        case "alibaba":
            account = Alibaba(secrets["access_key"], secrets["access_secret"], secrets["pool_key"], endpoint)
            return AlibabaPushed(account)
        case "huawei":
            return HuaweiPushed(Huawei(secrets["app_key"], secrets["app_secret"], endpoint))
    raise NumbersError("bindings are pushed to alibaba and huawei", code="provider_kind_unknown", path="kind")


def mainland(phone: str) -> str:
    """A phone as it is dialled within mainland China: a landline with its 0. Raises ProviderFault `provider_rejected` for any other."""
    if found := _MOBILE.fullmatch(phone):
        return found[1]
    if found := _LANDLINE.fullmatch(phone):
        return f"0{found[1]}"
    # Neither another country's phone nor one with an extension behind it can be put behind a number there.
    raise ProviderFault(Fault.REJECTED, "not_a_mainland_phone")


def with_country(phone: str) -> str:
    """The same phone in E.164."""
    return "+86" + mainland(phone).removeprefix("0")


def x_with_country(x: str) -> str:
    """X as a global number; one that does not begin with a country code is mainland China's."""
    return "+86" + bare_x(x)


def bare_x(x: str) -> str:
    """X without `+` and mainland China's country code, by which two providers' spellings of one number are compared."""
    digits = x.removeprefix("+")
    return digits[2:] if len(digits) == 13 and digits.startswith("861") else digits


def same_place(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two (X, extension) are one place, however each is spelled."""
    return bare_x(one[0]) == bare_x(other[0]) and one[1] == other[1]


class AlibabaPushed:
    """Dyplsapi: BindAxnExtension, BindAxb, and BindAxb700 for numbers of 15 digits."""

    narrows = True
    lists_whole_numbers = True

    def __init__(self, account: Alibaba) -> None:
        self._account = account

    def bind(self, want: Want, *, now: datetime, nonce: str) -> Request:
        account, a, x = self._account, mainland(want.a), bare_x(want.x)
        if want.ext:
            b = mainland(want.b) if want.b else ""
            return account.bind_axn_extension(
                a, want.until, out_id=want.out_id, x=x, ext=want.ext, b=b, now=now, nonce=nonce
            )
        pair = account.bind_axb700 if len(x) == 15 else account.bind_axb
        return pair(a, mainland(want.b), want.until, out_id=want.out_id, x=x, now=now, nonce=nonce)

    def extend(self, bound: Bound, until: datetime, *, now: datetime, nonce: str) -> Request:
        return self._account.extend(bound, until, now=now, nonce=nonce)

    def unbind(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._account.unbind(bound, now=now, nonce=nonce)

    def narrow(self, bound: Bound, b: str, *, now: datetime, nonce: str) -> Request:
        return self._account.narrow(bound, mainland(b), now=now, nonce=nonce)

    def query(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._account.query(bound, now=now, nonce=nonce)

    def list_on(self, x: str, ext: str, *, now: datetime, nonce: str, page: int = 1) -> Request:
        return self._account.list_on(bare_x(x), now=now, nonce=nonce)

    def read_bound(self, status: int, body: bytes) -> Bound:
        return alibaba.read_bound(status, body)

    def read_done(self, status: int, body: bytes) -> None:
        alibaba.read_done(status, body)

    def read_seen(self, status: int, body: bytes) -> Seen | None:
        try:
            detail = alibaba.read_detail(status, body)
        except ProviderFault as refusal:
            if refusal.fault is Fault.GONE:
                return None
            raise
        bound = detail.bound
        return Seen(bound.handle, bound.x, bound.ext, detail.expires_at, a=detail.a) if detail.live else None

    def read_listed(self, status: int, body: bytes) -> tuple[list[Seen], bool]:
        return [Seen(handle) for handle in alibaba.read_ids(status, body)], False


class HuaweiPushed:
    """PrivateNumber: AXE where an extension is dialled, else AXB. Every number is written with its country."""

    narrows = False
    lists_whole_numbers = False

    def __init__(self, account: Huawei) -> None:
        self._account = account

    def bind(self, want: Want, *, now: datetime, nonce: str) -> Request:
        account, a, x = self._account, with_country(want.a), x_with_country(want.x)
        if want.ext:
            return account.bind_axe(a, want.until, user_data=want.out_id, x=x, ext=want.ext, now=now, nonce=nonce)
        return account.bind_axb(a, with_country(want.b), want.until, user_data=want.out_id, x=x, now=now, nonce=nonce)

    def extend(self, bound: Bound, until: datetime, *, now: datetime, nonce: str) -> Request:
        return self._account.extend(bound, until, now=now, nonce=nonce)

    def unbind(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._account.unbind(bound, now=now, nonce=nonce)

    def narrow(self, bound: Bound, b: str, *, now: datetime, nonce: str) -> Request:
        raise ProviderFault(Fault.REJECTED, "no_other_peer")  # of an AXE the party's own calls reach its last caller

    def query(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._account.query(bound, now=now, nonce=nonce)

    def list_on(self, x: str, ext: str, *, now: datetime, nonce: str, page: int = 1) -> Request:
        return self._account.list_on(x_with_country(x), ext, now=now, nonce=nonce, page=page)

    def read_bound(self, status: int, body: bytes) -> Bound:
        return huawei.read_bound(status, body)

    def read_done(self, status: int, body: bytes) -> None:
        huawei.read_done(status, body)

    def read_seen(self, status: int, body: bytes) -> Seen | None:
        listed, _more = self.read_listed(status, body)
        return listed[0] if listed else None

    def read_listed(self, status: int, body: bytes) -> tuple[list[Seen], bool]:
        found = huawei.read_details(status, body)
        seen = [Seen(d.bound.handle, d.bound.x, d.bound.ext, None, d.user_data, d.a) for d in found]
        return seen, len(seen) >= huawei.PAGE
