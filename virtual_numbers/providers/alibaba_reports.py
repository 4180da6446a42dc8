"""What Alibaba PLS tells and asks: batches of reports (SecretReport and its siblings), and X mode's decision requests.

Reports are pushed as a JSON array and signed by nothing: the door they come through is a secret path. They are doubled at times,
and an answer later than 700 ms counts as none: acknowledge first, then fold. X mode asks per call and signs with HMAC-SHA1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import Q850, Direction, Event, Kind, Outcome, call_digest
from virtual_numbers.providers.alibaba import read_beijing
from virtual_numbers.providers.alibaba_signing import sign_x_mode
from virtual_numbers.providers.wire import Asked, Told, digits, must_be_object, read_json, same, text_of

PROVIDER = "alibaba"
ACK = b'{"code":0,"msg":"ok"}'
MAX_REPORTS = 2000

_UNCONNECTED = {"1": Outcome.BLOCKED, "2": Outcome.NO_SUCH_NUMBER, "3": Outcome.BLOCKED, "4": Outcome.FAILED}
_FROM_A = {"0", "2"}  # A to its peer, message sent by A; 1 and 3 come the other way


def read_reports(body: bytes) -> list[Event]:
    """The events of one push: an array, or the single object that the message queue delivers. Order and repeats are kept.

    Each report gives what it tells: a SecretReport closes a call and may date its beginning and its answer too.
    Raises ProviderRefused where a report names no call or no instant.
    """
    found = read_json(body)
    reports = found if isinstance(found, list) else [found]
    if len(reports) > MAX_REPORTS:
        raise ProviderRefused("more reports in one push than are ever sent", code="provider_body_malformed")
    return [event for n, report in enumerate(reports) for event in _events(must_be_object(report, f"[{n}]"), f"[{n}]")]


def _events(report: dict[str, Any], path: str) -> list[Event]:
    common = _common(report, path)
    times = {
        name: read_beijing(text_of(report, name)) for name in ("call_time", "ring_time", "start_time", "release_time")
    }
    called_at, kind = times["call_time"] or times["release_time"], text_of(report, "call_type")
    if kind in ("2", "3", "5"):
        what = Kind.MESSAGE_BLOCKED if kind == "5" else Kind.MESSAGE
        return [Event(kind=what, at=_must(called_at, path), **common)]
    if kind == "4":
        return [Event(kind=Kind.BLOCKED, at=_must(called_at, path), outcome=Outcome.BLOCKED, **common)]
    dated = {
        Kind.STARTED: times["call_time"],
        Kind.RINGING: _rang(report, times["ring_time"]),
        Kind.ANSWERED: times["start_time"],
    }
    events = [Event(kind=what, at=at, **common) for what, at in dated.items() if at is not None]
    released = times["release_time"]
    if released is not None:
        answered = times["start_time"] if times["start_time"] and times["start_time"] < released else None
        events = [e for e in events if e.kind is not Kind.ANSWERED or answered]
        events.append(
            Event(
                kind=Kind.ENDED,
                at=released,
                outcome=_outcome(report, answered is not None),
                answered_at=answered,
                **common,
            )
        )
    if not events:
        _must(None, path)
    return events


def _common(report: dict[str, Any], path: str) -> dict[str, Any]:
    call_id = text_of(report, "call_id") or text_of(report, "id")
    if not call_id:
        raise ProviderRefused("a report without a call id", code="provider_body_malformed", path=f"{path}.call_id")
    kind = text_of(report, "call_type")
    direction = (
        Direction.UNKNOWN
        if kind not in "0123" or not kind
        else Direction.FROM_PARTY
        if kind in _FROM_A
        else Direction.TO_PARTY
    )
    return {
        "provider": PROVIDER,
        "call": call_digest(PROVIDER, call_id),
        "x": digits(text_of(report, "secret_no")),
        "ext": digits(text_of(report, "extension")),
        "binding": text_of(report, "out_id") or text_of(report, "sub_id"),
        "direction": direction,
    }


def _rang(report: dict[str, Any], ring_time: Any) -> Any:
    """`free_ring_time` later than `call_out_time` is the vendor's sign that it really rang."""
    free, out = (read_beijing(text_of(report, name)) for name in ("free_ring_time", "call_out_time"))
    return free if free is not None and out is not None and free > out else ring_time


def _outcome(report: dict[str, Any], answered: bool) -> Outcome:
    if answered:
        return Outcome.ANSWERED
    if (why := _UNCONNECTED.get(text_of(report, "unconnected_cause"))) is not None:
        return why
    cause = text_of(report, "release_cause")
    found = Q850.get(int(cause), Outcome.UNKNOWN) if cause.isascii() and cause.isdecimal() else Outcome.UNKNOWN
    return Outcome.NO_ANSWER if found is Outcome.ANSWERED else found  # 16 without an answer: the caller gave up


def _must(at: Any, path: str) -> Any:
    if at is None:
        raise ProviderRefused("a report without an instant", code="provider_body_malformed", path=path)
    return at


# -- X mode: the platform asks per call


def read_question(params: Mapping[str, str], key: str) -> Asked:
    """A call or message to decide on. Raises ProviderRefused `provider_signature` unless signed with our key."""
    if not same(sign_x_mode(params, key), params.get("signature", "")):
        raise ProviderRefused("the signature does not fit", code="provider_signature")
    return Asked(
        PROVIDER,
        "sms" if params.get("recordType") == "SMS" else "voice",
        params.get("callId", ""),
        params.get("callNo", ""),
        digits(params.get("secretNo", "")),
        digits(params.get("extension", "")),
    )


def write_decision(told: Told, subs_id: str = "0") -> bytes:
    """CONTINUE to the callee, IVR for digits, REJECT for everything else. `subs_id` is digits, 0 for none."""
    if told.action == "connect":
        model = {
            "controlOperate": "CONTINUE",
            "subsId": subs_id,
            "calledNo": told.callee,
            "calledDisplayNo": told.display,
        }
        model["callTimeout"] = str(told.ring_seconds)
    elif told.action == "collect":
        model = {"controlOperate": "IVR", "subsId": "0"}
    else:
        model = {"controlOperate": "REJECT", "controlMsg": "NO_SUBS_EXIST", "subsId": "0"}
    return json.dumps({"code": "OK", "message": "OK", "model": model}).encode()
