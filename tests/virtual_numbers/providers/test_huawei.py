"""Huawei PrivateNumber: adapter and fake, signatures both ways, reports in any order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.fakes import Answer
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
    assert fault_of(line.ask("bind_axb", A, C, SOON, user_data="b4", x="8610000")) is Fault.REJECTED


def test_an_area_leaves_the_choice_of_number_and_extension(line: Line) -> None:
    assert len(read_bound(*line.ask("bind_axe", A, SOON, user_data="b1", area="0755")).ext) == 4


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("1010001", Fault.RETRY),
        ("1010010", Fault.THROTTLED),
        ("1012008", Fault.EXHAUSTED),
        ("1012102", Fault.REJECTED),
        ("1010029", Fault.FORBIDDEN),
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
