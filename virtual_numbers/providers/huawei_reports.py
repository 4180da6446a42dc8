"""What Huawei PrivateNumber tells and asks: call events, fee records, and X mode's questions.

An empty 200 acknowledges; without it the push comes again after 1, 4, 9, 106, 203 and 300 minutes. Verify first (`verify_push`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import Q850, Direction, Event, Kind, Outcome, call_digest
from virtual_numbers.providers.wire import Asked, Told, digits, must_be_object, read_json, text_of

PROVIDER = "huawei"
MAX_FEES = 50  # documented for one push

_KINDS = {
    "callin": Kind.STARTED,
    "callout": Kind.STARTED,
    "alerting": Kind.RINGING,
    "answer": Kind.ANSWERED,
    "disconnect": Kind.ENDED,
}
_STATES = {
    "0": Outcome.ANSWERED, "8014": Outcome.NO_SUCH_NUMBER, "8016": Outcome.BLOCKED, "8033": Outcome.NO_SUCH_NUMBER,
    "8035": Outcome.NO_ANSWER, "8010": Outcome.ANSWERED, "8042": Outcome.BLOCKED, "8043": Outcome.BLOCKED,
    **{str(code): Outcome.BLOCKED for code in range(8044, 8051)},
}  # fmt: skip


def read_push(body: bytes) -> list[Event]:
    """The events of one push, whether of state or of fees. Raises ProviderRefused."""
    document = must_be_object(read_json(body))
    if text_of(document, "eventType") == "fee":
        fees = document.get("feeLst")
        if not isinstance(fees, list) or len(fees) > MAX_FEES:
            raise ProviderRefused("no list of at most fifty fee records", code="provider_body_malformed", path="feeLst")
        return [
            event for n, fee in enumerate(fees) for event in _fee(must_be_object(fee, f"feeLst[{n}]"), f"feeLst[{n}]")
        ]
    kind = _KINDS.get(text_of(document, "eventType"))
    info = must_be_object(document.get("statusInfo"), "statusInfo")
    if kind is None:  # collectInfo and whatever comes later tell nothing of the call's course
        return []
    outcome = _STATES.get(text_of(info, "stateCode"), Outcome.FAILED) if kind is Kind.ENDED else Outcome.UNKNOWN
    at = _must(_instant(text_of(info, "timestamp")), "statusInfo.timestamp")
    binding = text_of(info, "userData") or text_of(info, "subscriptionId")
    return [Event(PROVIDER, _call(info, "statusInfo"), kind, at, binding=binding, outcome=outcome)]


def _fee(fee: dict[str, Any], path: str) -> list[Event]:
    common: dict[str, Any] = {
        "provider": PROVIDER,
        "call": _call(fee, path),
        "x": digits(text_of(fee, "bindNum")),
        "ext": digits(text_of(fee, "extendNum")),
        "binding": text_of(fee, "userData") or text_of(fee, "subscriptionId"),
        "direction": Direction.UNKNOWN,
    }
    dated = {Kind.STARTED: "callInTime", Kind.RINGING: "fwdAlertingTime", Kind.ANSWERED: "fwdAnswerTime"}
    times = {kind: at for kind, name in dated.items() if (at := _instant(text_of(fee, name))) is not None}
    events = [Event(kind=kind, at=at, **common) for kind, at in times.items()]
    ended = _must(_instant(text_of(fee, "callEndTime")) or _instant(text_of(fee, "failTime")), f"{path}.callEndTime")
    answered = times.get(Kind.ANSWERED)
    events.append(Event(kind=Kind.ENDED, at=ended, outcome=_outcome(fee, answered), answered_at=answered, **common))
    return events


def _outcome(fee: dict[str, Any], answered: datetime | None) -> Outcome:
    if answered is not None:
        return Outcome.ANSWERED
    if not text_of(fee, "subscriptionId"):
        return Outcome.NO_SUCH_NUMBER  # nobody was bound (8014)
    cause = text_of(fee, "fwdUnaswRsn")
    found = Q850.get(int(cause), Outcome.FAILED) if cause.isascii() and cause.isdecimal() else Outcome.FAILED
    return Outcome.NO_ANSWER if found is Outcome.ANSWERED else found


def _call(info: dict[str, Any], path: str) -> str:
    session = text_of(info, "sessionId")
    if not session:
        raise ProviderRefused("a report without a session", code="provider_body_malformed", path=f"{path}.sessionId")
    return call_digest(PROVIDER, session)


def _instant(text: str) -> datetime | None:
    """UTC; `2026-11-25 08:00:00` in both pushes."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _must(at: datetime | None, path: str) -> datetime:
    if at is None:
        raise ProviderRefused("a report without an instant", code="provider_body_malformed", path=path)
    return at


# -- X mode


def read_question(body: bytes) -> Asked:
    """A call to decide on, before or after digits were collected."""
    document = must_be_object(read_json(body))
    info = must_be_object(document.get("statusInfo"), "statusInfo")
    kind = text_of(document, "eventType")
    if kind not in ("callin", "collectInfo"):
        raise ProviderRefused("this event asks for nothing", code="provider_body_malformed", path="eventType")
    ext = text_of(info, "digitInfo") if kind == "collectInfo" else ""
    return Asked(
        PROVIDER,
        "voice",
        text_of(info, "sessionId"),
        text_of(info, "caller"),
        digits(text_of(info, "called")),
        digits(ext),
    )


def write_decision(told: Told, *, ext_digits: int = 4, prompt: str = "") -> bytes:
    """connect, collectInfo or close. The callee is shown X: anything else the carrier intercepts."""
    answer: dict[str, Any]
    if told.action == "connect":
        minutes = max(1, -(-told.longest_seconds // 60))
        info = {
            "displayCalleeNum": told.display,
            "calleeNum": told.callee,
            "maxDuration": minutes,
            "recordFlag": "false",
        }
        answer = {"operation": "connect", "connectInfo": info}
    elif told.action == "collect":
        answer = {
            "operation": "collectInfo",
            "collectInfo": {"collectHintTone": prompt, "digitNum": ext_digits, "endCollectDigit": "#"},
        }
    else:
        answer = {"operation": "close", "closeInfo": {"closeHintTone": prompt}}
    return json.dumps(answer).encode()
