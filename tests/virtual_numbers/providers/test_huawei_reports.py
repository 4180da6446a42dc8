"""Huawei's events, fee records and questions: any order, one record, no number left behind."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import CallRecord, Outcome, fold
from virtual_numbers.fakes import disorder
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.providers.huawei import Huawei
from virtual_numbers.providers.huawei_reports import read_push, read_question, write_decision

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
X = "8617000000001"


@pytest.fixture
def fake() -> FakeHuawei:
    """An application with one extension binding (b1)."""
    adapter, fake = Huawei("app_Key", "app_secret"), FakeHuawei("app_Key", "app_secret", [X])
    request = adapter.bind_axe(A, SOON, user_data="b1", x=X, ext="0421", now=NOW, nonce="n1")
    assert b'"0"' in fake.handle(request.method, request.url, request.headers, request.body, NOW).body
    return fake


def fold_all(pushes: list[bytes]) -> CallRecord:
    record = None
    for push in pushes:
        for event in read_push(push):
            record = fold(record, event)
    assert record is not None
    return record


def test_events_and_fees_fold_into_one_record_in_any_order(fake: FakeHuawei) -> None:
    pushes = fake.call(C, X, "0421", NOW, talk=125)

    record = fold_all(pushes)

    assert (record.binding, record.x, record.ext, record.outcome) == ("b1", X, "0421", Outcome.ANSWERED)
    assert (record.seconds, record.minutes, record.started_at) == (125, 3, NOW)
    for seed in range(20):
        assert fold_all(disorder(pushes, random.Random(seed))) == record
    assert "13700000003" not in repr(record)


def test_fees_alone_tell_the_whole_call(fake: FakeHuawei) -> None:
    pushes = fake.call(C, X, "0421", NOW, talk=125)

    assert fold_all(pushes[-1:]).seconds == 125


def test_a_call_that_nobody_answers_or_is_bound_for(fake: FakeHuawei) -> None:
    assert fold_all(fake.call(C, X, "0421", NOW, talk=0, reason=17)[-1:]).outcome is Outcome.BUSY
    assert fold_all(fake.call(C, X, "0000", NOW)).outcome is Outcome.NO_SUCH_NUMBER


def test_an_unfiled_phone_is_bound_and_its_calls_are_intercepted(fake: FakeHuawei) -> None:
    fake.filed.add(B)
    assert fold_all(fake.call(C, X, "0421", NOW)[:2]).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"eventType":"answer"}', b'{"eventType":"answer","statusInfo":{"sessionId":"s"}}', b'{"eventType":"fee","feeLst":[{}]}',
     json.dumps({"eventType": "fee", "feeLst": [{}] * 51}).encode(), b'{"eventType":"answer","statusInfo":{"timestamp":"2026-11-25 08:00:00"}}'],
)  # fmt: skip
def test_a_push_that_says_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderRefused):
        read_push(body)


def test_an_event_of_another_kind_is_passed_over() -> None:
    assert read_push(b'{"eventType":"collectInfo","statusInfo":{}}') == []


def test_x_mode_asks_and_is_answered(told) -> None:  # type: ignore[no-untyped-def]
    info = {"sessionId": "s1", "caller": C, "called": f"+{X}"}
    first = read_question(json.dumps({"eventType": "callin", "statusInfo": info}).encode())
    second = read_question(
        json.dumps({"eventType": "collectInfo", "statusInfo": {**info, "digitInfo": "0421#"}}).encode()
    )

    assert (first.called, first.ext, second.ext, first.caller) == (X, "", "0421", C)
    connect = json.loads(write_decision(told("connect")))
    assert (connect["operation"], connect["connectInfo"]["displayCalleeNum"]) == ("connect", "17000000001")
    assert json.loads(write_decision(told("collect")))["operation"] == "collectInfo"
    assert json.loads(write_decision(told("reject")))["operation"] == "close"
    with pytest.raises(ProviderRefused):
        read_question(b'{"eventType":"answer","statusInfo":{}}')
