"""One way to every provider: what is bound, asked, listed and taken back is read as the fakes, written from the documents, say it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import NumbersError
from virtual_numbers.fakes import Answer
from virtual_numbers.fakes.alibaba import FakeAlibaba
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.providers import huawei
from virtual_numbers.providers.pushed import (
    ENDPOINTS,
    EXT_DIGITS,
    SECRETS,
    Dialect,
    Want,
    bare_x,
    dialect,
    mainland,
    same_place,
    with_country,
    x_with_country,
)
from virtual_numbers.providers.wire import Fault, ProviderFault, Request

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=15)
A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
X = "17000000001"
SECRET = {
    "alibaba": {"access_key": "ak", "access_secret": "sk", "pool_key": "FC1"},
    "huawei": {"app_key": "app_Key", "app_secret": "app_secret"},
}


class Line:
    """An account's dialect and its provider with a wire between them."""

    def __init__(self, kind: str) -> None:
        self.dialect: Dialect = dialect(kind, ENDPOINTS[kind], SECRET[kind])
        self.fake: FakeAlibaba | FakeHuawei = (
            FakeAlibaba("ak", "sk", "FC1", [X, "17000000002"])
            if kind == "alibaba"
            else FakeHuawei("app_Key", "app_secret", [f"86{X}", "8617000000002"])
        )
        self._nonces = (f"n{n}" for n in itertools.count())

    def ask(self, make: Callable[..., Request], *given: object, **named: object) -> Answer:
        request = make(*given, now=NOW, nonce=next(self._nonces), **named)
        return self.fake.handle(request.method, request.url, request.headers, request.body, NOW)

    def bind(self, want: Want):  # type: ignore[no-untyped-def]
        return self.dialect.read_bound(*self.ask(self.dialect.bind, want))


@pytest.fixture(params=sorted(SECRETS))
def line(request: pytest.FixtureRequest) -> Line:
    return Line(request.param)


def want(out_id: str = "b1", ext: str = "042", a: str = A, b: str = "") -> Want:
    return Want(out_id, X, ext, SOON, a, b)


@pytest.mark.parametrize(("ext", "b"), [("042", ""), ("", B)])
def test_a_leg_lives_from_bind_to_unbind(line: Line, ext: str, b: str) -> None:
    bound = line.bind(want(ext=ext, b=b))
    assert same_place((bound.x, bound.ext), (X, ext))

    seen = line.dialect.read_seen(*line.ask(line.dialect.query, bound))
    assert seen is not None and seen.handle == bound.handle and with_country(seen.a) == A
    line.dialect.read_done(*line.ask(line.dialect.extend, bound, SOON + timedelta(days=5)))
    assert line.fake.subs[bound.handle].until == SOON + timedelta(days=5)
    line.dialect.read_done(*line.ask(line.dialect.unbind, bound))
    assert line.dialect.read_seen(*line.ask(line.dialect.query, bound)) is None


def test_what_stands_on_a_place_is_found_there(line: Line) -> None:
    bound = line.bind(want())
    listed, more = line.dialect.read_listed(*line.ask(line.dialect.list_on, X, "042"))

    assert [seen.handle for seen in listed] == [bound.handle] and not more
    assert listed[0].out_id in ("", "b1")
    line.dialect.read_done(*line.ask(line.dialect.unbind, bound))
    assert line.dialect.read_listed(*line.ask(line.dialect.list_on, X, "042")) == ([], False)


def test_pairs_on_a_number_are_listed_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huawei, "PAGE", 2)
    line = Line("huawei")
    for n in range(5):
        line.bind(want(f"b{n}", "", f"+86138000001{n:02d}", f"+86139000001{n:02d}"))

    pages = [line.dialect.read_listed(*line.ask(line.dialect.list_on, X, "", page=n)) for n in (1, 2, 3)]
    assert [len(seen) for seen, _ in pages] == [2, 2, 1] and [more for _, more in pages] == [True, True, False]
    assert [seen.out_id for page, _ in pages for seen in page] == [f"b{n}" for n in range(5)]


def test_the_peer_is_changed_where_the_provider_can(line: Line) -> None:
    bound = line.bind(want(b=B))
    if not line.dialect.narrows:
        with pytest.raises(ProviderFault):
            line.dialect.narrow(bound, C, now=NOW, nonce="narrow")
        return
    line.dialect.read_done(*line.ask(line.dialect.narrow, bound, C))
    assert isinstance(line.fake, FakeAlibaba) and line.fake.subs[bound.handle].b == mainland(C)


def test_a_phone_that_a_mainland_provider_cannot_ring_is_refused_before_anything_is_sent(line: Line) -> None:
    for phone in ("+16085550191", "+865718888;ext=12", "+8613800000001;ext=3", "", "13800"):
        with pytest.raises(ProviderFault) as refused:
            line.ask(line.dialect.bind, want(a=phone))
        assert refused.value.fault is Fault.REJECTED
        assert not phone or phone not in str(refused.value)


@pytest.mark.parametrize(
    ("phone", "national", "country"),
    [
        ("+8613800000001", "13800000001", "+8613800000001"),
        ("13800000001", "13800000001", "+8613800000001"),
        ("+8657188880000", "057188880000", "+8657188880000"),
        ("+861088880000", "01088880000", "+861088880000"),
        ("057188880000", "057188880000", "+8657188880000"),
    ],
)
def test_phones_are_written_as_each_provider_writes_them(phone: str, national: str, country: str) -> None:
    assert (mainland(phone), with_country(phone)) == (national, country)


def test_one_number_spelled_in_two_ways_is_one_place() -> None:
    assert bare_x("8617000000001") == bare_x("+8617000000001") == X and x_with_country(X) == f"+86{X}"
    assert bare_x("700123456789012") == "700123456789012"
    assert same_place(("8617000000001", "1"), (X, "1")) and not same_place((X, "1"), (X, "2"))


def test_each_kind_says_what_it_needs_and_no_other_is_known() -> None:
    assert set(SECRETS) == set(ENDPOINTS) == set(EXT_DIGITS)
    with pytest.raises(NumbersError) as refused:
        dialect("carrier-pigeon", "https://example.invalid", {})
    assert refused.value.code == "provider_kind_unknown"


def test_neither_a_wish_nor_an_answer_shows_a_phone() -> None:
    line = Line("alibaba")
    bound = line.bind(want(b=B))
    seen = line.dialect.read_seen(*line.ask(line.dialect.query, bound))
    assert "13800000001" not in repr(want()) + repr(seen) and "13900000002" not in repr(want(b=B))
