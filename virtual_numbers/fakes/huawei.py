"""Huawei PrivateNumber as its documents describe it: AKSK on both sides, AXB and AXE, its codes, events and fee records."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from virtual_numbers.fakes import Answer

AXB, AXE = "/rest/caas/relationnumber/partners/v1.0", "/rest/caas/extendnumber/v1.0"
_AKSK = re.compile(r'^UsernameToken Username="([^"]+)",PasswordDigest="([^"]+)",Nonce="([^"]+)",Created="([^"]+)"$')


@dataclass(slots=True)
class Sub:
    """One subscription."""

    id: str
    axe: bool
    a: str
    b: str
    x: str
    ext: str
    until: datetime | None
    user_data: str
    last_caller: str = ""


@dataclass(slots=True)
class FakeHuawei:
    """One application. `numbers` are its relation numbers, `filed` the phones that may carry calls."""

    app_key: str
    secret: str
    numbers: list[str]
    filed: set[str] = field(default_factory=set)
    subs: dict[str, Sub] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Answer:
        """One request."""
        if (code := self._unsigned(headers, now)) is not None:
            return Answer(401, _result(code))
        if self.faults:
            return Answer(200, _result(self.faults.pop(0)))
        parts = urlsplit(url)
        if parts.path not in (AXB, AXE):
            return Answer(404, _result("1010002"))
        try:
            given = json.loads(body) if body else dict(parse_qsl(parts.query))
        except ValueError:
            return Answer(400, _result("1010002"))
        move = {"POST": self._bind, "PUT": self._update, "GET": self._query, "DELETE": self._unbind}[method]
        return move(parts.path == AXE, given, now)

    def push_headers(self, now: datetime, nonce: str) -> dict[str, str]:
        """The headers of a push to us: the same scheme the other way round."""
        created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        token = f'Username="{self.app_key}",PasswordDigest="{self._digest(nonce, created)}",Nonce="{nonce}",Created="{created}"'
        return {"X-AKSK": f"UsernameToken {token}"}

    def _digest(self, nonce: str, created: str) -> str:
        return b64encode(hmac.new(self.secret.encode(), (nonce + created).encode(), hashlib.sha256).digest()).decode()

    def _unsigned(self, headers: Mapping[str, str], now: datetime) -> str | None:
        lower = {name.lower(): value for name, value in headers.items()}
        found = _AKSK.match(lower.get("x-aksk", ""))
        if lower.get("authorization") != 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"' or not found:
            return "1023006"
        user, digest, nonce, created = found.groups()
        if user != self.app_key or not hmac.compare_digest(self._digest(nonce, created), digest):
            return "1023007"
        try:
            sent = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return "1023008"
        if abs(now - sent) > timedelta(minutes=5) or nonce in self.nonces:
            return "1023009"
        self.nonces.add(nonce)
        return None

    def _bind(self, axe: bool, given: Mapping[str, object], now: datetime) -> Answer:
        a, b = str(given.get("bindNum" if axe else "callerNum", "")), str(given.get("calleeNum", ""))
        wanted = str(given.get("virtualNum" if axe else "relationNum", "")).lstrip("+")
        if not a or (not axe and not b) or not (wanted or given.get("areaCode")):
            return Answer(200, _result("1010002"))
        if wanted and wanted not in self.numbers:
            return Answer(200, _result("1011004" if axe else "1012001"))
        for x in [wanted] if wanted else self.numbers:
            ext = self._ext(x, str(given.get("extendNum", "")), now) if axe else ""
            if ext is None or self._conflict(axe, x, a, b, now):
                continue
            seconds = int(str(given.get("bindExpiredTime" if axe else "duration", 0))) * (60 if axe else 1)
            until = now + timedelta(seconds=seconds) if seconds else None
            sub = Sub(f"sub{next(self._ids)}", axe, a, b, x, ext, until, str(given.get("userData", "")))
            self.subs[sub.id] = sub
            number = {"virtualNum": f"+{x}", "extendNum": ext} if axe else {"relationNum": f"+{x}"}
            return Answer(200, _result("0", subscriptionId=sub.id, **number))
        return Answer(200, _result("1012010" if wanted and not axe else "1020167" if axe else "1012008"))

    def _ext(self, x: str, wanted: str, now: datetime) -> str | None:
        taken = {s.ext for s in self._live(now) if s.x == x and s.axe}
        if wanted:
            return None if wanted in taken or len(wanted) > 4 else wanted
        return next((f"{n:04d}" for n in range(10_000) if f"{n:04d}" not in taken), None)

    def _conflict(self, axe: bool, x: str, a: str, b: str, now: datetime) -> bool:
        """(A, X) once, and for a pair (B, X) once too."""
        return any({a, b} & {s.a, s.b} - {""} for s in self._live(now) if s.x == x and s.axe == axe)

    def _update(self, axe: bool, given: Mapping[str, object], now: datetime) -> Answer:
        sub = self._get(given, now)
        if sub is None:
            return Answer(200, _result("1012007"))
        seconds = int(str(given.get("bindExpiredTime" if axe else "duration", 0))) * (60 if axe else 1)
        sub.until = now + timedelta(seconds=seconds) if seconds else None
        return Answer(200, _result("0"))

    def _query(self, axe: bool, given: Mapping[str, object], now: datetime) -> Answer:
        found = self._found(axe, given, now)
        listed = [_extended(sub) if axe else _related(sub) for sub in found]
        return Answer(200, _result("0", **{"extendNumList" if axe else "relationNumList": listed}))

    def _found(self, axe: bool, given: Mapping[str, object], now: datetime) -> list[Sub]:
        """By id; else the pairs on an X, a page at a time, or the one binding of X and extension."""
        if given.get("subscriptionId"):
            sub = self._get(given, now)
            return [] if sub is None else [sub]
        x = str(given.get("virtualNum" if axe else "relationNum", "")).lstrip("+")
        there = [s for s in self._live(now) if s.x == x and s.axe == axe]
        if axe:
            return [s for s in there if s.ext == str(given.get("extendNum", ""))]
        page, size = int(str(given.get("pageIndex", 1))), int(str(given.get("pageSize", 50)))
        return there[(page - 1) * size : page * size]

    def _unbind(self, axe: bool, given: Mapping[str, object], now: datetime) -> Answer:
        sub = self._get(given, now)
        if sub is None:
            return Answer(200, _result("1012007"))
        del self.subs[sub.id]
        return Answer(200, _result("0"))

    def _get(self, given: Mapping[str, object], now: datetime) -> Sub | None:
        sub = self.subs.get(str(given.get("subscriptionId", "")))
        return sub if sub is not None and sub in self._live(now) else None

    def _live(self, now: datetime) -> list[Sub]:
        return [s for s in self.subs.values() if s.until is None or now < s.until]

    # -- pushes

    def call(self, caller: str, x: str, ext: str, at: datetime, *, talk: int = 60, reason: int = 16) -> list[bytes]:
        """Somebody dials X: events in their true order, and the fee record at the end."""
        sub = next((s for s in self._live(at) if s.x == x and s.ext == ext and (s.axe or caller in (s.a, s.b))), None)
        session = f"1200_{next(self._ids)}_4294967295_@callenabler"
        info = {
            "sessionId": session,
            "caller": caller,
            "called": f"+{x}",
            "subscriptionId": sub.id if sub else "",
            "userData": sub.user_data if sub else "",
        }
        if sub is None or (self.filed and sub.a not in self.filed):
            state = "8014" if sub is None else "8044"
            return [
                _event("callin", info, at),
                _event("disconnect", info | {"stateCode": state}, at),
                self._fee(info, sub, at, None, at, reason),
            ]
        answered = at + timedelta(seconds=8) if talk else None
        end = at + timedelta(seconds=8 + talk)
        sub.last_caller = caller if talk else sub.last_caller
        events = [
            _event("callin", info, at),
            _event("callout", info, at + timedelta(seconds=1)),
            _event("alerting", info, at + timedelta(seconds=3)),
        ]
        if answered:
            events.append(_event("answer", info, answered))
        events.append(_event("disconnect", info | {"stateCode": "0" if talk else "8035"}, end))
        return [*events, self._fee(info, sub, at, answered, end, reason)]

    def _fee(
        self,
        info: Mapping[str, str],
        sub: Sub | None,
        at: datetime,
        answered: datetime | None,
        end: datetime,
        reason: int,
    ) -> bytes:
        fee = {
            "direction": 1, "spId": "sp", "appKey": self.app_key, "sessionId": info["sessionId"], "subscriptionId": info["subscriptionId"],
            "bindNum": info["called"], "callerNum": info["caller"], "calleeNum": sub.b or sub.a if sub else "", "callInTime": _utc(at),
            "fwdAlertingTime": _utc(at + timedelta(seconds=3)) if sub else "", "fwdAnswerTime": _utc(answered) if answered else "",
            "callEndTime": _utc(end), "fwdUnaswRsn": 0 if answered else reason, "extendNum": sub.ext if sub else "",
            "userData": info["userData"], "recordFlag": 0,
        }  # fmt: skip
        return json.dumps({"eventType": "fee", "feeLst": [fee]}).encode()


def _related(sub: Sub) -> dict[str, object]:
    pair = {"callerNum": sub.a, "calleeNum": sub.b, "relationNum": f"+{sub.x}"}
    return {"subscriptionId": sub.id, **pair, "userData": sub.user_data}


def _extended(sub: Sub) -> dict[str, object]:
    place = {"bindNum": sub.a, "virtualNum": f"+{sub.x}", "extendNum": sub.ext}
    return {"subscriptionId": sub.id, **place, "userData": sub.user_data}


def _event(kind: str, info: Mapping[str, str], at: datetime) -> bytes:
    return json.dumps({"eventType": kind, "statusInfo": {**info, "timestamp": _utc(at)}}).encode()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _result(code: str, **more: object) -> bytes:
    return json.dumps({"resultcode": code, "resultdesc": "Success" if code == "0" else "Refused", **more}).encode()
