"""A raw request is read at the places that profiles name, and its signature and date are checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carriers.errors import CarrierRefusal
from carriers.received import Received, check_fresh, verify
from carriers.signing import Placeholder, sign
from carriers.wire import WireRequest
from tests.carriers.acme import acme

REQUEST = WireRequest("POST", "/p", "q=1+2&access_token=T", {"x-a": "h"}, b"f=%E9%A1%BA&t=5")


@pytest.mark.parametrize(
    ("place", "text"),
    [("form:f", "顺"), ("form:no", ""), ("query:q", "1 2"), ("header:X-A", "h"), ("path:v", "9")],
)
def test_a_place_is_read(place: str, text: str) -> None:
    assert Received(REQUEST, {}, path={"v": "9"}).at(place) == text


def test_json_and_xml_are_read_by_their_paths() -> None:
    assert Received(WireRequest("POST", "/", "", {}, b'{"a":{"b":1}}'), {}).at("$.a.b") == "1"
    assert Received(WireRequest("POST", "/", "", {}, b'<A><B c="1">x</B></A>'), {}).at("/A/B") == "x"
    assert Received(WireRequest("POST", "/", "", {}, b'<A><B c="1">x</B></A>'), {}).at("/A/B/@c") == "1"


def test_placeholders_are_bytes_body_untouched() -> None:
    received = Received(REQUEST, {"s": "S"})
    assert [received.source(Placeholder(name)) for name in ("body", "path", "secret:s", "token", "form:t")] == [
        REQUEST.body,
        b"/p",
        b"S",
        b"T",
        b"5",
    ]


def test_a_request_verifies_under_its_own_signature_only() -> None:
    scheme = acme().schemes["main"]
    plain = WireRequest("POST", "/orders", "", {}, b"{}")
    signed = WireRequest("POST", "/orders", "", {"x-sign": sign(scheme, Received(plain, {"key": "k"}).source)}, b"{}")
    assert verify(scheme, Received(signed, {"key": "k"}))
    assert not verify(scheme, Received(plain, {"key": "k"}))


@pytest.mark.parametrize(("seconds", "fresh"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_request_is_fresh_within_the_window(seconds: int, fresh: bool) -> None:
    now = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    request = WireRequest("POST", "/orders", "", {}, b'{"time":"%d"}' % (now.timestamp() + seconds))
    try:
        check_fresh(acme().operations["create"], Received(request, {}), now=now, window=timedelta(seconds=300))
    except CarrierRefusal as refusal:
        assert not fresh and refusal.code == "stale_request"  # noqa: PT017
    else:
        assert fresh
