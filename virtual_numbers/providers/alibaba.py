"""Alibaba PLS (Dyplsapi 2017-05-25): push bindings, ask after them, take them back. Reports: `alibaba_reports.py`.

The vendor's business code stands in `Code`, whatever the HTTP status. Its message is never passed on: it may quote a number.
Real numbers go there only in PhoneNoA and PhoneNoB; `OutId` is our opaque binding id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from virtual_numbers.providers.alibaba_signing import authorization, canonical_query, sign_v3, timestamp
from virtual_numbers.providers.wire import Bound, Fault, ProviderFault, Request, must_be_object, read_json, text_of

VERSION = "2017-05-25"
BEIJING = timezone(timedelta(hours=8))  # without daylight saving since 1991
LEAST_LIFE = timedelta(minutes=1)  # an earlier Expiration is refused

FAULTS = {
    "isp.SYSTEM_ERROR": Fault.RETRY,
    "isp.UNKNOWN_ERR_CODE": Fault.RETRY,
    "isp.DAO_EXCEPTION": Fault.RETRY,
    "isp.GATEWAY_ERROR": Fault.RETRY,
    "isp.VENDOR_UNAVAILABLE": Fault.RETRY,
    "isv.FLOW_LIMIT": Fault.THROTTLED,
    "Throttling.User": Fault.THROTTLED,
    "isv.NO_AVAILABLE_NUMBER": Fault.EXHAUSTED,  # also where A or B is bound to every X already
    "isv.BUY_NUM_OVER_LIMIT": Fault.EXHAUSTED,
    "isv.BIND_CONFLICT": Fault.CONFLICT,
    "isv.UPDATE_CONFLICT": Fault.CONFLICT,
    "isv.SUBS_NOT_EXIST": Fault.GONE,
    "isv.NO_NOT_EXIST": Fault.GONE,
    "isv.FORBIDDEN_ACTION": Fault.GONE,  # update of an expired binding; X that is not in the pool
    "isp.RAM_PERMISSION_DENY": Fault.FORBIDDEN,
    "isv.OUT_OF_SERVICE": Fault.FORBIDDEN,
    "isv.PRODUCT_UN_SUBSCRIPT": Fault.FORBIDDEN,
    "isv.ACCOUNT_ABNORMAL": Fault.FORBIDDEN,
    "SignatureDoesNotMatch": Fault.FORBIDDEN,
    "InvalidAccessKeyId.NotFound": Fault.FORBIDDEN,
    "SignatureNonceUsed": Fault.FORBIDDEN,
    "InvalidTimeStamp.Expired": Fault.FORBIDDEN,
    "isv.VENDOR_BIND_FAILED": Fault.REJECTED,
    "isv.ILLEGAL_ARGUMENT": Fault.REJECTED,
    "isv.INVALID_PARAMETERS": Fault.REJECTED,
    "isv.EXPIRE_DATE_ILLEGAL": Fault.REJECTED,
    "isv.MOBILE_NUMBER_ILLEGAL": Fault.REJECTED,
    "isv.POOLKEY_NOT_EXISTS": Fault.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Alibaba:
    """An account and one pool of it."""

    access_key: str
    secret: str = field(repr=False)
    pool_key: str = ""
    endpoint: str = "https://dyplsapi.aliyuncs.com"

    def bind_axb(
        self, a: str, b: str, until: datetime, *, out_id: str, x: str = "", now: datetime, nonce: str
    ) -> Request:
        """Pair A and B behind X, or behind an X of the pool's choice. Sent twice with one `out_id` it binds once."""
        return self._call(
            "BindAxb", now, nonce, PoolKey=self.pool_key, PhoneNoA=a, PhoneNoB=b, PhoneNoX=x, Expiration=expiration(until),
            OutId=out_id, OutOrderId=out_id,
        )  # fmt: skip

    def bind_axn_extension(
        self,
        a: str,
        until: datetime,
        *,
        out_id: str,
        x: str = "",
        ext: str = "",
        b: str = "",
        now: datetime,
        nonce: str,
    ) -> Request:
        """Anybody who dials X and `ext` (1 to 3 digits, only together with X) reaches A; A's own calls to X reach `b`."""
        return self._call(
            "BindAxnExtension", now, nonce, PoolKey=self.pool_key, PhoneNoA=a, PhoneNoB=b, PhoneNoX=x, Extension=ext,
            Expiration=expiration(until), OutId=out_id, OutOrderId=out_id,
        )  # fmt: skip

    def bind_axb700(
        self, a: str, b: str, until: datetime, *, out_id: str, x: str = "", now: datetime, nonce: str
    ) -> Request:
        """A pair behind a 15-digit 700 number."""
        return self._call(
            "BindAxb700", now, nonce, PoolKey=self.pool_key, TelA=a, TelB=b, TelX=x, Expiration=expiration(until), OutId=out_id,
            OrderId=out_id,
        )  # fmt: skip

    def extend(self, bound: Bound, until: datetime, *, now: datetime, nonce: str) -> Request:
        return self._update(bound, "updateExpire", now, nonce, Expiration=expiration(until))

    def narrow(self, bound: Bound, b: str, *, now: datetime, nonce: str) -> Request:
        """Another B: the courier of the day."""
        return self._update(bound, "updateNoB", now, nonce, PhoneNoB=b)

    def unbind(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        action = "UnbindSubs700" if len(bound.x) == 15 else "UnbindSubscription"
        return self._call(action, now, nonce, PoolKey=self.pool_key, SubsId=bound.handle, SecretNo=bound.x)

    def query(self, bound: Bound, *, now: datetime, nonce: str) -> Request:
        return self._call(
            "QuerySubscriptionDetail", now, nonce, PoolKey=self.pool_key, SubsId=bound.handle, PhoneNoX=bound.x
        )

    def list_on(self, x: str, *, now: datetime, nonce: str) -> Request:
        """The ids of every binding on an X: for AXB and for extensions there are several."""
        return self._call("QuerySubsId", now, nonce, PoolKey=self.pool_key, PhoneNoX=x)

    def _update(self, bound: Bound, operation: str, now: datetime, nonce: str, **fields: str) -> Request:
        action = "UpdateSubs700" if len(bound.x) == 15 else "UpdateSubscription"
        return self._call(
            action,
            now,
            nonce,
            PoolKey=self.pool_key,
            SubsId=bound.handle,
            PhoneNoX=bound.x,
            OperateType=operation,
            **fields,
        )

    def _call(self, action: str, now: datetime, nonce: str, **fields: str) -> Request:
        """Parameters in the query, an empty body, signature v3."""
        params = {name: value for name, value in fields.items() if value}
        headers = {
            "host": self.endpoint.partition("://")[2],
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": timestamp(now),
            "x-acs-signature-nonce": nonce,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        names, signature = sign_v3("POST", params, headers, b"", self.secret)
        headers["Authorization"] = authorization(self.access_key, names, signature)
        return Request("POST", f"{self.endpoint}/?{canonical_query(params)}", headers)


def read_bound(status: int, body: bytes) -> Bound:
    """The answer to a bind. Raises ProviderFault, or ProviderRefused where it is no such answer."""
    document = _ok(status, body)
    found = must_be_object(document.get("SecretBindDTO") or document.get("Data"), "SecretBindDTO")
    return Bound(text_of(found, "SubsId"), text_of(found, "SecretNo"), text_of(found, "Extension"))


def read_done(status: int, body: bytes) -> None:
    """The answer to an update or an unbind. Raises ProviderFault."""
    _ok(status, body)


@dataclass(frozen=True, slots=True)
class Detail:
    """A binding as QuerySubscriptionDetail tells it. `a` is a real number: it is compared and goes no further."""

    bound: Bound
    live: bool
    expires_at: datetime | None
    a: str = field(default="", repr=False)


def read_detail(status: int, body: bytes) -> Detail:
    """The answer to a query. Raises ProviderFault (`provider_gone` where it knows no such binding)."""
    found = must_be_object(_ok(status, body).get("SecretBindDetailDTO"), "SecretBindDetailDTO")
    bound = Bound(text_of(found, "SubsId"), text_of(found, "PhoneNoX"), text_of(found, "Extension"))
    live, ends = text_of(found, "Status") == "1", read_beijing(text_of(found, "ExpireDate"))
    return Detail(bound, live, ends, text_of(found, "PhoneNoA"))


def read_ids(status: int, body: bytes) -> list[str]:
    """The answer to `list_on`: ids joined by commas, none for an X without bindings."""
    return [id for id in text_of(_ok(status, body), "SubsId").split(",") if id]


def expiration(until: datetime) -> str:
    """Beijing time, as every sample writes it."""
    return until.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def read_beijing(text: str) -> datetime | None:
    """`2026-11-25 16:00:00`, also without the dashes' neighbours; None for anything else."""
    for shape in ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=BEIJING)
        except ValueError:
            continue
    return None


def _ok(status: int, body: bytes) -> dict[str, Any]:
    document = must_be_object(read_json(body))
    code = text_of(document, "Code")
    if code == "OK" and status == 200:
        return document
    if status >= 500 and code not in FAULTS:
        raise ProviderFault(Fault.RETRY, code or str(status))
    raise ProviderFault(FAULTS.get(code, Fault.REJECTED), code or str(status))
