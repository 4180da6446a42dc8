"""Alibaba PLS: the adapter and the fake, which was written from the documents, understand each other."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.fakes import Answer
from virtual_numbers.fakes.alibaba import FakeAlibaba
from virtual_numbers.providers.alibaba import Alibaba, expiration, read_bound, read_detail, read_done
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


def test_an_ok_inside_a_failed_answer_is_no_success() -> None:
    body = json.dumps({"Code": "OK", "SecretBindDTO": {"SubsId": "1", "SecretNo": X}}).encode()

    assert fault_of(Answer(500, body)) is Fault.RETRY


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


def test_a_bound_that_is_unknown_is_gone(line: Line) -> None:
    assert fault_of(line.ask("extend", Bound("999", X), SOON), read_done) is Fault.GONE
