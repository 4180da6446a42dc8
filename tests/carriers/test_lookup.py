"""The sweeper's question is built from the profile and read without believing another order's waybill."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from carriers.errors import CarrierRefusal
from carriers.lookup import lookup_request, read_lookup
from carriers.profile import load_profile
from carriers.wire import WireReply
from tests.carriers.acme import acme

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
CREATE = acme().operations["create"]


def test_the_reference_stands_in_the_path_coded() -> None:
    wire = lookup_request(CREATE, "A-1.b", {"app": "a", "key": "k"}, now=NOW, nonce="n")
    assert (wire.method, wire.path, wire.headers["x-app"]) == ("GET", "/orders/A-1.b", "a")


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b'{"ok":true,"waybill":"W","no":"A"}', 200, "booked"),
        (b'{"ok":true,"waybill":"W"}', 200, "booked"),
        (b'{"ok":true,"waybill":"W","no":"B"}', 200, "unknown"),
        (b'{"ok":true,"no":"A"}', 200, "unknown"),
        (b'{"error":{"code":"E404"}}', 404, "absent"),
        (b'{"error":{"code":"E500"}}', 500, "unknown"),
        (b"<html>", 200, "unknown"),
    ],
)
def test_the_reply_is_booked_absent_or_unknown(body: bytes, status: int, outcome: str) -> None:
    assert read_lookup(CREATE, "A", WireReply(status, {}, body)).outcome == outcome


def test_a_carrier_that_cannot_be_asked_says_so() -> None:
    ups = load_profile("ups")
    assert ups is not None
    with pytest.raises(CarrierRefusal) as refusal:
        lookup_request(ups.operations["create"], "A", {}, now=NOW, nonce="n")
    assert refusal.value.code == "no_lookup"
