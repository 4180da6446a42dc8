"""Huawei PrivateNumber: adapter and fake, signatures both ways, reports in any order."""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import CallRecord, Outcome, fold
from virtual_numbers.fakes import Answer, disorder
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.providers.huawei import (
    Huawei,
    nonce_digest,
    password_digest,
    read_bound,
    read_done,
    read_live,
    verify_push,
)
from virtual_numbers.providers.huawei_reports import read_push, read_question, write_decision
from virtual_numbers.providers.wire import Fault, ProviderFault

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
X, X2 = "8617000000001", "8617000000002"


class Line:
    """Adapter and fake with a wire between them."""

    def __init__(self) -> None:
        self.fake = FakeHuawei("app_Key", "app_secret", [X, X2])
        self.adapter = Huawei("app_Key", "app_secret")
        self.nonces = (f"n{n}" for n in itertools.count())

    def ask(self, name: str, *arguments: object, now: datetime = NOW, **named: object) -> Answer:
        request = getattr(self.adapter, name)(*arguments, now=now, nonce=next(self.nonces), **named)
        return self.fake.handle(request.method, request.url, request.headers, request.body, now)


@pytest.fixture
def line() -> Line:
    return Line()


def fault_of(answer: Answer, read=read_bound) -> Fault:  # type: ignore[no-untyped-def]
    with pytest.raises(ProviderFault) as refused:
        read(*answer)
    return refused.value.fault


def test_the_password_digest_reproduces_its_vector() -> None:
    digest = password_digest("66C92B11FF8A425FB8D4CCFE0ED9ED1F", "2018-02-12T15:30:20Z", "app_secret")

    assert digest == "vpDjtqrmGhIioN8t8ps1LtSbZB2/yxbUX2w1Z6NL47A="


def test_a_pair_lives_from_bind_to_unbind(line: Line) -> None:
    bound = read_bound(*line.ask("bind_axb", A, B, SOON, user_data="b1", x=X))

    assert (bound.x, bound.ext) == (X, "")
    assert read_live(*line.ask("query", bound)) == [bound.handle]
    read_done(*line.ask("extend", bound, SOON + timedelta(days=3)))
    assert line.fake.subs[bound.handle].until == SOON + timedelta(days=3)
    read_done(*line.ask("unbind", bound))
    assert read_live(*line.ask("query", bound)) == []
    assert fault_of(line.ask("unbind", bound), read_done) is Fault.GONE


def test_an_extension_binding_runs_out_by_the_minute(line: Line) -> None:
    bound = read_bound(*line.ask("bind_axe", A, SOON, user_data="b1", x=X, ext="0421"))

    assert (bound.x, bound.ext) == (X, "0421")
    assert read_live(*line.ask("query", bound, now=SOON - timedelta(minutes=1))) == [bound.handle]
    assert read_live(*line.ask("query", bound, now=SOON)) == []


def test_a_phone_stands_on_a_number_once(line: Line) -> None:
    read_bound(*line.ask("bind_axb", A, B, SOON, user_data="b1", x=X))

    assert fault_of(line.ask("bind_axb", A, C, SOON, user_data="b2", x=X)) is Fault.CONFLICT
    assert read_bound(*line.ask("bind_axb", A, C, SOON, user_data="b2", area="0755")).x == X2
    assert fault_of(line.ask("bind_axb", A, C, SOON, user_data="b3", area="0755")) is Fault.EXHAUSTED
    assert fault_of(line.ask("bind_axb", A, C, SOON, user_data="b4", x="8610000")) is Fault.FORBIDDEN


def test_an_area_leaves_the_choice_of_number_and_extension(line: Line) -> None:
    assert len(read_bound(*line.ask("bind_axe", A, SOON, user_data="b1", area="0755")).ext) == 4


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("1010001", Fault.RETRY),
        ("1010010", Fault.THROTTLED),
        ("1012008", Fault.EXHAUSTED),
        ("1012102", Fault.FORBIDDEN),
        ("9999999", Fault.REJECTED),
    ],
)
def test_codes_become_what_they_mean(line: Line, code: str, fault: Fault) -> None:
    line.fake.faults.append(code)

    assert fault_of(line.ask("bind_axb", A, B, SOON, user_data="b1", x=X)) is fault


def test_a_bent_digest_an_old_request_or_a_replay_is_refused(line: Line) -> None:
    request = line.adapter.bind_axb(A, B, SOON, user_data="b1", x=X, now=NOW, nonce="once")

    def send(headers: dict[str, str], now: datetime = NOW) -> Answer:
        return line.fake.handle(request.method, request.url, headers, request.body, now)

    bent = {**request.headers, "X-AKSK": request.headers["X-AKSK"].replace("once", "Once")}
    assert fault_of(send(bent)) is Fault.FORBIDDEN
    assert fault_of(send(dict(request.headers), NOW + timedelta(minutes=6))) is Fault.FORBIDDEN
    assert read_bound(*send(dict(request.headers))).x == X
    assert fault_of(send(dict(request.headers))) is Fault.FORBIDDEN


def test_a_request_tells_no_number_in_its_repr_and_none_in_a_url(line: Line) -> None:
    request = line.adapter.bind_axb(A, B, SOON, user_data="b1", x=X, now=NOW, nonce="n")

    assert "13800000001" not in repr(request) and "13800000001" not in unquote(request.url)


# -- pushes to us


def test_a_push_is_verified_by_the_same_scheme(line: Line) -> None:
    headers = line.fake.push_headers(NOW, "abc")

    assert verify_push(headers, "app_Key", "app_secret", NOW) == "abc"
    assert verify_push({"x-aksk": headers["X-AKSK"]}, "app_Key", "app_secret", NOW) == "abc"
    assert nonce_digest("abc") != nonce_digest("abd")


@pytest.mark.parametrize(
    "change",
    [("abc", "abd"), ("2026-11-25T08:00:00Z", "2026-11-25T08:00:01Z"), ("app_Key", "app_key"), ("UsernameToken", "")],
)
def test_any_change_of_the_header_is_refused(line: Line, change: tuple[str, str]) -> None:
    headers = {name: value.replace(*change) for name, value in line.fake.push_headers(NOW, "abc").items()}
    if headers == line.fake.push_headers(NOW, "abc") or change[1] == "":
        headers = {}

    with pytest.raises(ProviderRefused) as refused:
        verify_push(headers, "app_Key", "app_secret", NOW)
    assert refused.value.code == "provider_signature"


def test_a_push_from_another_time_is_refused(line: Line) -> None:
    for shift in (timedelta(minutes=6), timedelta(minutes=-6)):
        with pytest.raises(ProviderRefused) as refused:
            verify_push(line.fake.push_headers(NOW, "abc"), "app_Key", "app_secret", NOW + shift)
        assert refused.value.code == "provider_signature_stale"


def fold_all(pushes: list[bytes]) -> CallRecord:
    record = None
    for push in pushes:
        for event in read_push(push):
            record = fold(record, event)
    assert record is not None
    return record


def test_events_and_fees_fold_into_one_record_in_any_order(line: Line) -> None:
    line.ask("bind_axe", A, SOON, user_data="b1", x=X, ext="0421")
    pushes = line.fake.call(C, X, "0421", NOW, talk=125)

    record = fold_all(pushes)

    assert (record.binding, record.x, record.ext, record.outcome) == ("b1", X, "0421", Outcome.ANSWERED)
    assert (record.seconds, record.minutes, record.started_at) == (125, 3, NOW)
    for seed in range(20):
        assert fold_all(disorder(pushes, random.Random(seed))) == record
    assert "13700000003" not in repr(record)


def test_fees_alone_tell_the_whole_call(line: Line) -> None:
    line.ask("bind_axe", A, SOON, user_data="b1", x=X, ext="0421")
    pushes = line.fake.call(C, X, "0421", NOW, talk=125)

    assert fold_all(pushes[-1:]).seconds == 125


def test_a_call_that_nobody_answers_or_is_bound_for(line: Line) -> None:
    line.ask("bind_axe", A, SOON, user_data="b1", x=X, ext="0421")

    assert fold_all(line.fake.call(C, X, "0421", NOW, talk=0, reason=17)[-1:]).outcome is Outcome.BUSY
    assert fold_all(line.fake.call(C, X, "0000", NOW)).outcome is Outcome.NO_SUCH_NUMBER


def test_an_unfiled_phone_is_bound_and_its_calls_are_intercepted(line: Line) -> None:
    line.fake.filed.add(B)
    read_bound(*line.ask("bind_axe", A, SOON, user_data="b1", x=X, ext="0421"))

    assert fold_all(line.fake.call(C, X, "0421", NOW)[:2]).outcome is Outcome.BLOCKED


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
