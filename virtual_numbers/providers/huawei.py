"""Huawei PrivateNumber: AXB and AXE bindings pushed, X mode asked, both signed with AKSK. Reports: `huawei_reports.py`.

A phone that is not filed binds well and is then intercepted: bound is not callable (`filing.py`). `userData` is our opaque
binding id and never a person's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.providers.wire import (
    Bound,
    Fault,
    ProviderFault,
    Request,
    fresh,
    must_be_object,
    read_json,
    same,
    text_of,
)

AXB = "/rest/caas/relationnumber/partners/v1.0"
AXE = "/rest/caas/extendnumber/v1.0"
TOLERANCE = timedelta(minutes=5)
PAGE = 100  # the most that one page holds

FAULTS = {
    "1010001": Fault.RETRY,
    "1023001": Fault.RETRY,
    "1010010": Fault.THROTTLED,
    "1011006": Fault.THROTTLED,
    "1011002": Fault.EXHAUSTED,
    "1012008": Fault.EXHAUSTED,
    "1020167": Fault.EXHAUSTED,
    "1011003": Fault.EXHAUSTED,
    "1011005": Fault.CONFLICT,
    "1012010": Fault.CONFLICT,
    "1012007": Fault.GONE,
    "1011001": Fault.GONE,
    "1010029": Fault.FORBIDDEN,
    "1010040": Fault.FORBIDDEN,
    "1020176": Fault.FORBIDDEN,
    "1023006": Fault.FORBIDDEN,
    "1023007": Fault.FORBIDDEN,
    "1023008": Fault.FORBIDDEN,
    "1023009": Fault.FORBIDDEN,
    "1010002": Fault.REJECTED,
    # One number's trouble and not the account's: an X that is not ours, a phone on the blacklist.
    "1011004": Fault.REJECTED,
    "1012001": Fault.REJECTED,
    "1012102": Fault.REJECTED,
    "1012012": Fault.REJECTED,
}

_TOKEN = re.compile(r'(Username|PasswordDigest|Nonce|Created)="([^"]{1,256})"')


def password_digest(nonce: str, created: str, secret: str) -> str:
    return b64encode(hmac.digest(secret.encode(), (nonce + created).encode(), "sha256")).decode()


def aksk_headers(app_key: str, secret: str, *, nonce: str, now: datetime) -> dict[str, str]:
    """The two headers of a signed request, ours or theirs."""
    created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = password_digest(nonce, created, secret)
    return {
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="{app_key}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"',
    }


def verify_push(headers: Mapping[str, str], app_key: str, secret: str, now: datetime) -> str:
    """Check a push's X-AKSK header; its nonce, which the caller must not have seen within TOLERANCE * 2.

    Raises ProviderRefused `provider_signature`. The body is not in the signature: the door is a secret path under TLS.
    """
    given = next((value for name, value in headers.items() if name.lower() == "x-aksk"), "")
    token: dict[str, str] = dict(_TOKEN.findall(given))
    try:
        sent_at = datetime.strptime(token.get("Created", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ProviderRefused(
            "the signature header is missing or has another shape", code="provider_signature"
        ) from None
    nonce = token.get("Nonce", "")
    good = same(password_digest(nonce, token["Created"], secret), token.get("PasswordDigest", ""))
    if not (good and nonce and same(token.get("Username", ""), app_key)):
        raise ProviderRefused("the signature does not fit", code="provider_signature")
    if not fresh(sent_at, now, TOLERANCE):
        raise ProviderRefused("the signature is too old, or from the future", code="provider_signature_stale")
    return nonce


@dataclass(frozen=True, slots=True)
class Huawei:
    """An application of an account."""

    app_key: str
    secret: str = field(repr=False)
    endpoint: str = "https://rtcpns.cn-north-1.myhuaweicloud.com"

    def bind_axb(
        self, a: str, b: str, until: datetime, *, user_data: str, x: str = "", area: str = "", now: datetime, nonce: str,
        longest_minutes: int = 10,
    ) -> Request:  # fmt: skip
        """Pair A and B behind X, or behind a number of the area."""
        body = {
            "callerNum": a,
            "calleeNum": b,
            **_number("relationNum", x, area),
            "callDirection": 0,
            "recordFlag": "false",
        }
        body |= {
            "duration": _seconds(until, now),
            "maxDuration": longest_minutes,
            "privateSms": "true",
            "userData": user_data,
        }
        return self._send("POST", AXB, body, now, nonce)

    def bind_axe(
        self,
        a: str,
        until: datetime,
        *,
        user_data: str,
        x: str = "",
        ext: str = "",
        area: str = "",
        now: datetime,
        nonce: str,
    ) -> Request:
        """Anybody who dials X and up to four digits reaches A; A dialling X reaches its last caller."""
        minutes = max(1, -(-_seconds(until, now) // 60))
        body = {"bindNum": a, **_number("virtualNum", x, area), "extendNum": ext, "displayNumMode": 0, "timeUnit": 1}
        body |= {
            "bindExpiredTime": minutes,
            "callbackExpiredTime": minutes,
            "recordFlag": "false",
            "userData": user_data,
        }
        return self._send("POST", AXE, {name: value for name, value in body.items() if value != ""}, now, nonce)

    def extend(self, bound: Bound, until: datetime, *, now: datetime, nonce: str) -> Request:
        """The duration begins anew with this request."""
        body: dict[str, object] = {"subscriptionId": bound.handle}
        if bound.ext:
            return self._send(
                "PUT",
                AXE,
                body | {"timeUnit": 1, "bindExpiredTime": max(1, -(-_seconds(until, now) // 60))},
                now,
                nonce,
            )
        return self._send("PUT", AXB, body | {"duration": _seconds(until, now)}, now, nonce)

    def unbind(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        """A call in progress survives it."""
        return self._send("DELETE", f"{_path(bound)}?{urlencode({'subscriptionId': bound.handle})}", None, now, nonce)

    def query(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._send("GET", f"{_path(bound)}?{urlencode({'subscriptionId': bound.handle})}", None, now, nonce)

    def list_on(self, x: str, ext: str = "", *, now: datetime, nonce: str, page: int = 1) -> Request:
        """What is bound on an X: one page of its pairs, or the one binding of an extension."""
        if ext:
            return self._send("GET", f"{AXE}?{urlencode({'virtualNum': x, 'extendNum': ext})}", None, now, nonce)
        asked = {"relationNum": x, "pageIndex": page, "pageSize": PAGE}
        return self._send("GET", f"{AXB}?{urlencode(asked)}", None, now, nonce)

    def _send(self, method: str, path: str, body: Mapping[str, object] | None, now: datetime, nonce: str) -> Request:
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            **aksk_headers(self.app_key, self.secret, nonce=nonce, now=now),
        }
        return Request(method, self.endpoint + path, headers, b"" if body is None else json.dumps(body).encode())


def read_bound(status: int, body: bytes) -> Bound:
    """The answer to a bind. Raises ProviderFault."""
    document = _ok(status, body)
    x = text_of(document, "relationNum") or text_of(document, "virtualNum")
    return Bound(text_of(document, "subscriptionId"), x.removeprefix("+"), text_of(document, "extendNum"))


def read_done(status: int, body: bytes) -> None:
    """The answer to an update or an unbind. Raises ProviderFault."""
    _ok(status, body)


def read_live(status: int, body: bytes) -> list[str]:
    """Handles of the bindings that a query found."""
    return [detail.bound.handle for detail in read_details(status, body)]


@dataclass(frozen=True, slots=True)
class Detail:
    """A live binding as a query tells it. `a` is a real number: it is compared and goes no further."""

    bound: Bound
    user_data: str
    a: str = field(default="", repr=False)


def read_details(status: int, body: bytes) -> list[Detail]:
    """The bindings that a query found; none where it knows none. Raises ProviderFault."""
    try:
        found = _ok(status, body)
    except ProviderFault as refusal:
        if refusal.fault is Fault.GONE:
            return []
        raise
    listed = next(
        (found[name] for name in ("relationNumList", "extendNumList") if isinstance(found.get(name), list)), [found]
    )
    return [_detail(item) for item in listed if isinstance(item, dict) and text_of(item, "subscriptionId")]


def _detail(item: dict[str, Any]) -> Detail:
    x = (text_of(item, "relationNum") or text_of(item, "virtualNum")).removeprefix("+")
    bound = Bound(text_of(item, "subscriptionId"), x, text_of(item, "extendNum"))
    return Detail(bound, text_of(item, "userData"), text_of(item, "callerNum") or text_of(item, "bindNum"))


def _ok(status: int, body: bytes) -> dict[str, Any]:
    document = must_be_object(read_json(body))
    code = text_of(document, "resultcode")
    if code == "0" and status == 200:
        return document
    if status >= 500 and code not in FAULTS:
        raise ProviderFault(Fault.RETRY, code or str(status))
    raise ProviderFault(FAULTS.get(code, Fault.REJECTED), code or str(status))


def _number(name: str, x: str, area: str) -> dict[str, object]:
    return {name: x} if x else {"areaCode": area, "areaMatchMode": "1"}


def _path(bound: Bound) -> str:
    return AXE if bound.ext else AXB


def _seconds(until: datetime, now: datetime) -> int:
    """0 would mean for ever there."""
    return max(1, int((until - now).total_seconds()))


def nonce_digest(nonce: str) -> bytes:
    """What is kept of a nonce to know it again."""
    return hashlib.blake2b(nonce.encode(), digest_size=16).digest()
