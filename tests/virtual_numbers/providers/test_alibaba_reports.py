"""Alibaba PLS reports and X mode: late, doubled, out of order, and one record."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import CallRecord, Direction, Kind, Outcome, fold
from virtual_numbers.fakes import disorder
from virtual_numbers.fakes.alibaba import FakeAlibaba
from virtual_numbers.providers.alibaba import Alibaba
from virtual_numbers.providers.alibaba_reports import ACK, read_question, read_reports, write_decision
from virtual_numbers.providers.alibaba_signing import sign_x_mode

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
A, B, C = "13800000001", "13900000002", "13700000003"
X = "17000000001"


@pytest.fixture
def fake() -> FakeAlibaba:
    """An account with one extension binding (b1) and, on another number, one pair (b2)."""
    adapter, fake = Alibaba("ak", "sk", "FC1"), FakeAlibaba("ak", "sk", "FC1", [X, "17000000002"])
    for request in (
        adapter.bind_axn_extension(A, SOON, out_id="b1", x=X, ext="777", now=NOW, nonce="n1"),
        adapter.bind_axb(A, B, SOON, out_id="b2", x="17000000002", now=NOW, nonce="n2"),
    ):
        assert b'"OK"' in fake.handle(request.method, request.url, request.headers, request.body, NOW).body
    return fake


def fold_all(pushes: list[bytes]) -> CallRecord:
    record = None
    for push in pushes:
        for event in read_reports(push):
            record = fold(record, event)
    assert record is not None
    return record


def test_a_calls_reports_fold_into_one_record(fake: FakeAlibaba) -> None:
    record = fold_all(fake.call(C, X, "777", NOW, ring=4, talk=61))

    assert (record.binding, record.x, record.ext) == ("b1", X, "777")
    assert (record.outcome, record.direction, record.seconds, record.minutes) == (
        Outcome.ANSWERED,
        Direction.TO_PARTY,
        61,
        2,
    )
    assert record.started_at == NOW


def test_late_doubled_and_disordered_reports_give_the_same_record(fake: FakeAlibaba) -> None:
    pushes = fake.call(C, X, "777", NOW, talk=30)

    for seed in range(20):
        assert fold_all(disorder(pushes, random.Random(seed))) == fold_all(pushes)


def test_no_report_leaves_a_real_number_behind(fake: FakeAlibaba) -> None:
    for push in fake.call(C, X, "777", NOW):
        for event in read_reports(push):
            assert A not in repr(event) and C not in repr(event)


def test_a_call_that_was_not_answered_lasts_no_time(fake: FakeAlibaba) -> None:
    record = fold_all(fake.call(B, "17000000002", "", NOW, talk=0, cause=17))

    assert (record.outcome, record.seconds, record.answered_at) == (Outcome.BUSY, 0, None)


def test_a_call_that_nobody_is_bound_for_is_blocked(fake: FakeAlibaba) -> None:
    record = fold_all(fake.call(C, X, "000", NOW))

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
