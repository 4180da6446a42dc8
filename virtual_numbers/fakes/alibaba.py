"""Dyplsapi as its documents describe it: signature v3 and v1, the pool, conflicts, expiry, and SecretReport batches."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, urlsplit

from virtual_numbers.fakes import Answer

_BEIJING = timezone(timedelta(hours=8))
_SKEW = timedelta(minutes=15)


@dataclass(slots=True)
class Sub:
    """One subscription."""

    id: str
    kind: str
    a: str
    b: str
    x: str
    ext: str
    until: datetime
    out_id: str
    order_id: str


@dataclass(slots=True)
class FakeAlibaba:
    """One account. `numbers` is its pool; 700 numbers have 15 digits."""

    access_key: str
    secret: str
    pool_key: str
    numbers: list[str]
    subs: dict[str, Sub] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    """Codes with which the next requests are answered, whatever they ask."""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1_000_000_001))

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Answer:
        """One request."""
        params = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        lower = {name.lower(): value for name, value in headers.items()}
        if refused := self._unsigned(method, params, lower, body, now):
            return refused
        if self.faults:
            return _no(self.faults.pop(0))
        action = lower.get("x-acs-action") or params.get("Action", "")
        moves = {
            "BindAxb": self._bind, "BindAxnExtension": self._bind, "BindAxb700": self._bind, "UpdateSubscription": self._update,
            "UpdateSubs700": self._update, "UnbindSubscription": self._unbind, "UnbindSubs700": self._unbind,
            "QuerySubscriptionDetail": self._query, "QuerySubsId": self._ids_on,
        }  # fmt: skip
        if action not in moves:
            return Answer(404, json.dumps({"Code": "InvalidAction.NotFound", "RequestId": "r", "HostId": "h"}).encode())
        if params.get("PoolKey") != self.pool_key:
            return _no("isv.POOLKEY_NOT_EXISTS")
        return moves[action](action, params, now)

    # -- signatures, written from the documents

    def _unsigned(
        self, method: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Answer | None:
        if "authorization" in headers:
            key, good, stamp, nonce = self._v3(method, params, headers, body)
        else:
            key, good, stamp, nonce = self._v1(method, params)
        if key != self.access_key:
            return _transport("InvalidAccessKeyId.NotFound", 404)
        if not good:
            return _transport("SignatureDoesNotMatch", 400)
        try:
            sent = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return _transport("InvalidTimeStamp.Format", 400)
        if abs(now - sent) > _SKEW:
            return _transport("InvalidTimeStamp.Expired", 400)
        if nonce in self.nonces:
            return _transport("SignatureNonceUsed", 400)
        self.nonces.add(nonce)
        return None

    def _v3(
        self, method: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[str, bool, str, str]:
        scheme, _, rest = headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        names = fields.get("SignedHeaders", "").split(";")
        must = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
        digest = hashlib.sha256(body).hexdigest()
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(params.items()))
        lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
        canonical = f"{method}\n/\n{query}\n{lines}\n{';'.join(names)}\n{digest}"
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        right = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        good = scheme == "ACS3-HMAC-SHA256" and must <= set(names) and names == sorted(names)
        good = (
            good
            and headers.get("x-acs-content-sha256") == digest
            and hmac.compare_digest(right, fields.get("Signature", ""))
        )
        return (
            fields.get("Credential", ""),
            good,
            headers.get("x-acs-date", ""),
            headers.get("x-acs-signature-nonce", ""),
        )

    def _v1(self, method: str, params: Mapping[str, str]) -> tuple[str, bool, str, str]:
        rest = sorted((k, v) for k, v in params.items() if k != "Signature")
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in rest)
        text = f"{method}&%2F&{quote(query, safe='-_.~')}"
        right = b64encode(hmac.new(f"{self.secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()
        good = hmac.compare_digest(right.encode(), params.get("Signature", "").encode())
        return params.get("AccessKeyId", ""), good, params.get("Timestamp", ""), params.get("SignatureNonce", "")

    # -- operations

    def _bind(self, action: str, p: Mapping[str, str], now: datetime) -> Answer:
        a, b = p.get("PhoneNoA") or p.get("TelA", ""), p.get("PhoneNoB") or p.get("TelB", "")
        until, x, ext = (
            _beijing(p.get("Expiration", "")),
            p.get("PhoneNoX") or p.get("TelX", ""),
            p.get("Extension", ""),
        )
        if not _mobile(a) or (action != "BindAxnExtension" and not _mobile(b)):
            return _no("isv.MOBILE_NUMBER_ILLEGAL")
        if until is None or until <= now + timedelta(minutes=1):
            return _no("isv.EXPIRE_DATE_ILLEGAL")
        if ext and (not x or not ext.isdigit() or len(ext) > 3):
            return _no("isv.ILLEGAL_ARGUMENT")
        order = p.get("OutOrderId") or p.get("OrderId", "")
        for sub in self._live(now):
            if order and sub.order_id == order:
                return _bound(sub)
        wide = action == "BindAxb700"
        free = [n for n in ([x] if x else self.numbers) if n in self.numbers and (len(n) == 15) == wide]
        if x and not free:
            return _no("isv.FORBIDDEN_ACTION")
        for number in free:
            chosen = ext or (self._free_ext(number, now) if action == "BindAxnExtension" else "")
            if chosen is not None and not self._conflict(action, number, chosen, a, b, now):
                sub = Sub(str(next(self._ids)), action, a, b, number, chosen, until, p.get("OutId", ""), order)
                self.subs[sub.id] = sub
                return _bound(sub)
        return _no("isv.BIND_CONFLICT" if x else "isv.NO_AVAILABLE_NUMBER")

    def _conflict(self, action: str, x: str, ext: str, a: str, b: str, now: datetime) -> bool:
        """One extension once; without extension each of the two phones once on an X."""
        there = [sub for sub in self._live(now) if sub.x == x]
        if action == "BindAxnExtension":
            return any(sub.ext == ext or not sub.ext for sub in there)
        return any({a, b} & {sub.a, sub.b} for sub in there)

    def _free_ext(self, x: str, now: datetime) -> str | None:
        taken = {sub.ext for sub in self._live(now) if sub.x == x}
        return next((f"{n:03d}" for n in range(1000) if f"{n:03d}" not in taken), None)

    def _update(self, action: str, p: Mapping[str, str], now: datetime) -> Answer:
        sub = self.subs.get(p.get("SubsId", ""))
        if sub is None or sub.x != p.get("PhoneNoX"):
            return _no("isv.SUBS_NOT_EXIST")
        if sub.until <= now:
            return _no("isv.FORBIDDEN_ACTION")
        match p.get("OperateType"):
            case "updateExpire":
                until = _beijing(p.get("Expiration", ""))
                if until is None or until <= now + timedelta(minutes=1):
                    return _no("isv.EXPIRE_DATE_ILLEGAL")
                sub.until = until
            case "updateNoB":
                b = p.get("PhoneNoB", "")
                if not _mobile(b):
                    return _no("isv.MOBILE_NUMBER_ILLEGAL")
                if any(b in (o.a, o.b) for o in self._live(now) if o.x == sub.x and o is not sub and not o.ext):
                    return _no("isv.UPDATE_CONFLICT")
                sub.b = b
            case _:
                return _no("isv.ILLEGAL_ARGUMENT")
        return _ok({})

    def _unbind(self, action: str, p: Mapping[str, str], now: datetime) -> Answer:
        sub = self.subs.get(p.get("SubsId", ""))
        if sub is None or sub.x != p.get("SecretNo") or sub.until <= now:
            return _no("isv.SUBS_NOT_EXIST")
        del self.subs[sub.id]
        return _ok({"ChargeId": "c1"})

    def _query(self, action: str, p: Mapping[str, str], now: datetime) -> Answer:
        sub = self.subs.get(p.get("SubsId", ""))
        if sub is None or sub.x != p.get("PhoneNoX"):
            return _no("isv.SUBS_NOT_EXIST")
        detail = {
            "SubsId": sub.id, "PhoneNoA": sub.a, "PhoneNoB": sub.b, "PhoneNoX": sub.x, "Extension": sub.ext,
            "ExpireDate": _text(sub.until), "Status": int(sub.until > now), "NeedRecord": False,
        }  # fmt: skip
        return _ok({"SecretBindDetailDTO": detail})

    def _ids_on(self, action: str, p: Mapping[str, str], now: datetime) -> Answer:
        return _ok({"SubsId": ",".join(sub.id for sub in self._live(now) if sub.x == p.get("PhoneNoX"))})

    def _live(self, now: datetime) -> list[Sub]:
        return [sub for sub in self.subs.values() if sub.until > now]

    # -- reports

    def call(
        self, caller: str, x: str, ext: str, at: datetime, *, ring: int = 4, talk: int = 60, cause: int = 16
    ) -> list[bytes]:
        """Somebody dials X: the pushes that follow, each a JSON array, in their true order. `talk` 0 is a call not answered."""
        live = [s for s in self._live(at) if s.x == x and s.ext == ext]
        sub = next((s for s in live if s.kind == "BindAxnExtension" or caller in (s.a, s.b)), None)
        common = {
            "id": next(self._ids),
            "pool_key": self.pool_key,
            "call_id": f"c{next(self._ids)}",
            "secret_no": x,
            "extension": ext,
        }
        if sub is None:
            blocked = {
                "call_type": 4,
                "call_time": _text(at),
                "peer_no": caller,
                "unconnected_cause": 2,
                "control_msg": "NO_SUBS_EXIST",
            }
            return [_batch({**common, **blocked, "release_time": _text(at), "start_time": _text(at)})]
        common |= {
            "sub_id": sub.id,
            "out_id": sub.out_id,
            "phone_no": sub.a,
            "peer_no": sub.b if caller == sub.a else caller,
        }
        common |= {"call_type": 0 if caller == sub.a else 1, "call_time": _text(at)}
        started, rang = at + timedelta(seconds=ring + 3), at + timedelta(seconds=3)
        released = started + timedelta(seconds=talk)
        # Not answered: the vendor sets start and release alike, so that their difference is 0.
        final = {
            "start_time": _text(started),
            "release_time": _text(released),
            "ring_time": _text(rang),
            "release_cause": cause,
        }
        final |= {
            "free_ring_time": _text(rang),
            "call_out_time": _text(at + timedelta(seconds=1)),
            "release_dir": 1,
            "unconnected_cause": 0,
        }
        pushes = [_batch(common)]
        if talk:
            pushes.append(_batch({**common, "start_time": _text(started)}))
        return [*pushes, _batch({**common, **final})]


def _batch(*reports: Mapping[str, object]) -> bytes:
    return json.dumps(list(reports)).encode()


def _bound(sub: Sub) -> Answer:
    found = {"SubsId": sub.id, "SecretNo": sub.x, "Extension": sub.ext}
    return _ok({"Data": found} if sub.kind == "BindAxb700" else {"SecretBindDTO": found})


def _ok(more: Mapping[str, object]) -> Answer:
    return Answer(200, json.dumps({"Code": "OK", "Message": "OK", "RequestId": "r", **more}).encode())


def _no(code: str) -> Answer:
    """Business errors come with 200."""
    return Answer(200, json.dumps({"Code": code, "Message": "refused", "RequestId": "r"}).encode())


def _transport(code: str, status: int) -> Answer:
    return Answer(status, json.dumps({"Code": code, "Message": "refused", "RequestId": "r", "HostId": "h"}).encode())


def _mobile(number: str) -> bool:
    return number.isascii() and number.isdigit() and 7 <= len(number) <= 15


def _beijing(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
    except ValueError:
        return None


def _text(at: datetime) -> str:
    return at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")
