"""What nobody described goes on only when nothing in it is personal."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from carriers.errors import CarrierRefusal
from carriers.finish import finish
from carriers.order import open_order
from carriers.received import Received, verify
from carriers.unknown import inspect, unknown_operation
from carriers.veil import veil
from carriers.wire import WireRequest
from tests.carriers.acme import JSON_CARRIER, acme

INSPECTING = acme('passthrough = "inspect"\n' + JSON_CARRIER)
SECRETS = {"app": "a", "key": "k"}


def call(document: object, query: str = "") -> WireRequest:
    return WireRequest(
        "POST",
        "/reports/monthly",
        query,
        {"content-type": "application/json", "authorization": "Bearer vw_x"},
        json.dumps(document).encode(),
    )


def test_the_default_is_to_refuse() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        unknown_operation(acme(), call({}))
    assert refusal.value.code == "unknown_operation"


def test_a_harmless_request_goes_on_signed_with_the_carriers_credentials() -> None:
    request = call({"month": "2026-10", "filters": [{"state": "done", "n": 1.50}]}, "page=2")
    operation = unknown_operation(INSPECTING, request)
    order = open_order(operation, request)
    inspect(order)
    wire = finish(veil(order, relays={}), SECRETS, now=datetime.now(UTC), nonce="n")
    assert json.loads(wire.body)["filters"] == [{"state": "done", "n": 1.5}]
    assert (wire.path, wire.query, "authorization" in wire.headers) == ("/reports/monthly", "page=2", False)
    assert operation.sign is not None and verify(operation.sign, Received(wire, SECRETS))


@pytest.mark.parametrize(
    ("document", "query", "path"),
    [
        ({"a": {"b": ["x", "13800138000"]}}, "", "$.a.b[1]"),
        ({"note": "mail a.b@example.com"}, "", "$.note"),
        ({"note": "快递员苗振宇派送"}, "", "$.note"),
        ({}, "phone=13800138000", "query:phone"),
        ({"contactName": "Ada Quist"}, "", "$.contactName"),
    ],
)
def test_anything_personal_stops_it(document: object, query: str, path: str) -> None:
    request = call(document, query)
    with pytest.raises(CarrierRefusal) as refusal:
        inspect(open_order(unknown_operation(INSPECTING, request), request))
    assert (refusal.value.code, refusal.value.path) == ("passthrough_personal", path)
