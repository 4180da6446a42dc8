"""Alibaba PLS: the adapter and the fake, which was written from the documents, understand each other."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import CallRecord, Direction, Kind, Outcome, fold
from virtual_numbers.fakes import Answer, disorder
from virtual_numbers.fakes.alibaba import FakeAlibaba
from virtual_numbers.providers.alibaba import Alibaba, expiration, read_bound, read_detail, read_done
from virtual_numbers.providers.alibaba_reports import ACK, read_question, read_reports, write_decision
from virtual_numbers.providers.alibaba_signing import sign_x_mode
from virtual_numbers.providers.wire import Bound, Fault, ProviderFault, Request

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
A, B, C = "13800000001", "13900000002", "13700000003"
X, X700 = "17000000001", "700123456789012"


class Line:
    """Adapter and fake with a wire between them."""

    def __init__(self, numbers: list[str]) -> None:
        self.fake = FakeAlibaba("ak", "sk", "FC1", numbers)
        self.adapter = Alibaba("ak", "sk", "FC1")
        self.nonces = (f"n{n}" for n in itertools.count())

    def ask(self, name: str, *arguments: object, now: datetime = NOW, **named: object) -> Answer:
        return self.send(getattr(self.adapter, name)(*arguments, now=now, nonce=next(self.nonces), **named), now)

    def send(self, request: Request, now: datetime = NOW) -> Answer:
        return self.fake.handle(request.method, request.url, request.headers, request.body, now)


@pytest.fixture
def line() -> Line:
    return Line([X, "17000000002", X700])


def fault_of(answer: Answer, read=read_bound) -> Fault:  # type: ignore[no-untyped-def]
    with pytest.raises(ProviderFault) as refused:
        read(*answer)
    return refused.value.fault


def test_a_pair_lives_from_bind_to_unbind(line: Line) -> None:
    bound = read_bound(*line.ask("bind_axb", A, B, SOON, out_id="b1"))

    assert bound.x == X
    detail = read_detail(*line.ask("query", bound))
    assert (detail.bound, detail.live, detail.expires_at) == (bound, True, SOON)
    read_done(*line.ask("extend", bound, SOON + timedelta(days=5)))
    assert read_detail(*line.ask("query", bound)).expires_at == SOON + timedelta(days=5)
    read_done(*line.ask("narrow", bound, C))
    read_done(*line.ask("unbind", bound))
    assert fault_of(line.ask("query", bound), read_detail) is Fault.GONE
    assert fault_of(line.ask("unbind", bound), read_done) is Fault.GONE


def test_an_extension_is_chosen_or_given(line: Line) -> None:
    chosen = read_bound(*line.ask("bind_axn_extension", A, SOON, out_id="b1"))
    given = read_bound(*line.ask("bind_axn_extension", C, SOON, out_id="b2", x=X, ext="777"))

    assert (chosen.x, len(chosen.ext)) == (X, 3)
    assert (given.x, given.ext) == (X, "777")
    assert fault_of(line.ask("bind_axn_extension", B, SOON, out_id="b3", x=X, ext="777")) is Fault.CONFLICT
    assert fault_of(line.ask("bind_axn_extension", B, SOON, out_id="b4", x=X, ext="7777")) is Fault.REJECTED


def test_a_700_pair_has_fifteen_digits_and_its_own_operations(line: Line) -> None:
    bound = read_bound(*line.ask("bind_axb700", A, B, SOON, out_id="b1"))

    assert bound.x == X700
    read_done(*line.ask("extend", bound, SOON + timedelta(days=1)))
    read_done(*line.ask("unbind", bound))


def test_the_same_bind_sent_twice_binds_once(line: Line) -> None:
    one = read_bound(*line.ask("bind_axb", A, B, SOON, out_id="b1"))
    two = read_bound(*line.ask("bind_axb", A, B, SOON, out_id="b1"))

    assert one == two
    assert len(line.fake.subs) == 1


def test_numbers_run_out_when_a_phone_stands_on_all_of_them(line: Line) -> None:
    for n, other in enumerate((B, C)):
        read_bound(*line.ask("bind_axb", A, other, SOON, out_id=f"b{n}"))

    assert fault_of(line.ask("bind_axb", A, "13600000004", SOON, out_id="b9")) is Fault.EXHAUSTED
    assert fault_of(line.ask("bind_axb", A, "13600000004", SOON, out_id="b9", x=X)) is Fault.CONFLICT


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("isp.SYSTEM_ERROR", Fault.RETRY),
        ("isv.FLOW_LIMIT", Fault.THROTTLED),
        ("isv.NO_AVAILABLE_NUMBER", Fault.EXHAUSTED),
        ("isv.BIND_CONFLICT", Fault.CONFLICT),
        ("isv.OUT_OF_SERVICE", Fault.FORBIDDEN),
        ("isv.SOMETHING_NEW", Fault.REJECTED),
    ],
)
def test_codes_become_what_they_mean(line: Line, code: str, fault: Fault) -> None:
    line.fake.faults.append(code)

    assert fault_of(line.ask("bind_axb", A, B, SOON, out_id="b1")) is fault


def test_a_server_error_without_a_code_may_be_tried_again() -> None:
    assert fault_of(Answer(502, b'{"Message":"bad gateway"}')) is Fault.RETRY
    with pytest.raises(ProviderRefused) as refused:
        read_bound(502, b"<html>bad gateway</html>")
    assert refused.value.code == "provider_body_malformed"


def test_an_error_never_repeats_the_vendors_text() -> None:
    body = json.dumps({"Code": "isv.ILLEGAL_ARGUMENT", "Message": f"PhoneNoA {A} is illegal"}).encode()

    with pytest.raises(ProviderFault) as refused:
        read_bound(200, body)

    assert A not in str(refused.value) and A not in repr(refused.value)


def test_a_request_shows_no_number_in_its_repr(line: Line) -> None:
    request = line.adapter.bind_axb(A, B, SOON, out_id="b1", now=NOW, nonce="n")

    assert A not in repr(request) and "sk" not in repr(line.adapter)


def test_expiry_is_written_in_beijing_time() -> None:
    assert expiration(datetime(2026, 12, 1, 4, 0, tzinfo=UTC)) == "2026-12-01 12:00:00"


def test_a_flipped_bit_a_replay_or_an_old_request_is_refused(line: Line) -> None:
    request = line.adapter.bind_axb(A, B, SOON, out_id="b1", now=NOW, nonce="once")
    flipped = replace(request, url=request.url.replace(A, "13800000000"))
    signature = request.headers["Authorization"]
    bent = replace(
        request, headers={**request.headers, "Authorization": signature[:-1] + ("0" if signature[-1] != "0" else "1")}
    )

    assert fault_of(line.send(flipped)) is Fault.FORBIDDEN
    assert fault_of(line.send(bent)) is Fault.FORBIDDEN
    assert fault_of(line.send(request, NOW + timedelta(hours=1))) is Fault.FORBIDDEN
    assert read_bound(*line.send(request)).x == X
    assert fault_of(line.send(request)) is Fault.FORBIDDEN, "its nonce was used"


# -- reports


def fold_all(pushes: list[bytes]) -> CallRecord:
    record = None
    for push in pushes:
        for event in read_reports(push):
            record = fold(record, event)
    assert record is not None
    return record


def test_a_calls_reports_fold_into_one_record(line: Line) -> None:
    bound = read_bound(*line.ask("bind_axn_extension", A, SOON, out_id="b1", x=X, ext="777"))

    record = fold_all(line.fake.call(C, X, "777", NOW, ring=4, talk=61))

    assert (record.binding, record.x, record.ext) == ("b1", bound.x, "777")
    assert (record.outcome, record.direction, record.seconds, record.minutes) == (
        Outcome.ANSWERED,
        Direction.TO_PARTY,
        61,
        2,
    )
    assert record.started_at == NOW


def test_late_doubled_and_disordered_reports_give_the_same_record(line: Line) -> None:
    line.ask("bind_axn_extension", A, SOON, out_id="b1", x=X, ext="777")
    pushes = line.fake.call(C, X, "777", NOW, talk=30)

    for seed in range(20):
        assert fold_all(disorder(pushes, random.Random(seed))) == fold_all(pushes)


def test_no_report_leaves_a_real_number_behind(line: Line) -> None:
    line.ask("bind_axn_extension", A, SOON, out_id="b1", x=X, ext="777")

    for push in line.fake.call(C, X, "777", NOW):
        for event in read_reports(push):
            assert A not in repr(event) and C not in repr(event)


def test_a_call_that_was_not_answered_lasts_no_time(line: Line) -> None:
    line.ask("bind_axb", A, B, SOON, out_id="b1")

    record = fold_all(line.fake.call(B, X, "", NOW, talk=0, cause=17))

    assert (record.outcome, record.seconds, record.answered_at) == (Outcome.BUSY, 0, None)


def test_a_call_that_nobody_is_bound_for_is_blocked(line: Line) -> None:
    record = fold_all(line.fake.call(C, X, "000", NOW))

    assert (record.blocked, record.outcome) == (True, Outcome.BLOCKED)


def test_messages_are_told_apart() -> None:
    push = json.dumps(
        [{"call_id": "m1", "call_type": 3, "call_time": "2026-11-25 16:00:00", "secret_no": X, "sms_number": 1}]
    ).encode()

    (event,) = read_reports(push)

    assert (event.kind, event.at, event.direction) == (Kind.MESSAGE, NOW, Direction.TO_PARTY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b'[{"call_type":1}]',
        b'[{"call_id":"c"}]',
        b'[{"call_id":"c","call_time":"yesterday"}]',
        b"[" * 5000,
        b"x" * (1 << 21),
    ],
)
def test_a_push_that_says_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderRefused):
        read_reports(body)


def test_the_acknowledgement_is_the_documented_one() -> None:
    assert json.loads(ACK)["code"] == 0


# -- X mode


def test_a_question_is_verified_read_and_answered() -> None:
    params = {
        "callNo": C,
        "secretNo": X,
        "extension": "777",
        "recordType": "CAL",
        "callId": "c1",
        "callTime": "20261125160000",
    }
    params["signature"] = sign_x_mode(params, "key")

    asked = read_question(params, "key")

    assert (asked.caller, asked.called, asked.ext, asked.kind) == (C, X, "777", "voice")
    assert C not in repr(asked)
    with pytest.raises(ProviderRefused) as refused:
        read_question({**params, "extension": "778"}, "key")
    assert refused.value.code == "provider_signature"


def test_x_mode_continues_collects_or_rejects(told) -> None:  # type: ignore[no-untyped-def]
    operate = {
        action: json.loads(write_decision(told(action), "9"))["model"] for action in ("connect", "collect", "reject")
    }

    assert operate["connect"]["controlOperate"] == "CONTINUE"
    assert (operate["connect"]["calledNo"], operate["connect"]["calledDisplayNo"], operate["connect"]["subsId"]) == (
        "+8613800000001",
        X,
        "9",
    )
    assert operate["collect"]["controlOperate"] == "IVR"
    assert operate["reject"] == {"controlOperate": "REJECT", "controlMsg": "NO_SUBS_EXIST", "subsId": "0"}


def test_a_bound_that_is_unknown_is_gone(line: Line) -> None:
    assert fault_of(line.ask("extend", Bound("999", X), SOON), read_done) is Fault.GONE
