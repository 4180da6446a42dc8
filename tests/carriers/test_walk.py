"""A document and its claims are walked in step; each leaf is met once, at its path."""

from __future__ import annotations

import pytest

from carriers.errors import CarrierRefusal
from carriers.order import open_order
from carriers.profile import load_profiles
from carriers.walk import Sheet, walk_body
from carriers.wire import WireRequest
from tests.carriers.acme import ORDER, acme, request


def test_leaves_set_the_document_they_came_from() -> None:
    sheet = Sheet()
    walk_body(acme().operations["create"].root, request(ORDER).body, sheet)
    for leaf in sheet.leaves:
        leaf.container[leaf.key] = "changed"
    tree = sheet.levels[-1].tree
    assert (tree["people"][0]["name"], tree["people"][1]["street"], tree["weight"]) == ("changed", "changed", 3)


def test_inner_levels_come_before_outer_ones() -> None:
    from carriers.profile import load_profile

    sf = load_profile("sf-express")
    assert sf is not None
    body = b"serviceCode=EXP_RECE_SEARCH_ORDER_RESP&msgData=%7B%22orderId%22%3A%221%22%7D"
    order = open_order(sf.operations["lookup"], WireRequest("POST", "/std/service", "", {}, body))
    assert [level.path for level in order.sheet.levels] == ["form:msgData", ""]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"%7B%22orderId%22%3A%22%FF%22%7D", "bad_charset"),
        (b"%7B%22orderId%22%3A%221", "malformed_json"),
        (b"%7B%22orderId%22%3A%221%22%7D&msgData=%7B%7D", "duplicate_key"),
        (b"%7B%22orderId%22%3A%221%22%2C%22orderId%22%3A%222%22%7D", "duplicate_key"),
        (b"%7B%22orderId%22%3A%221%2", "malformed_form"),
    ],
)
def test_a_document_in_a_form_is_refused_as_it_would_be_alone(document: bytes, code: str) -> None:
    operation = load_profiles()["sf-express"].operations["lookup"]
    body = b"serviceCode=EXP_RECE_SEARCH_ORDER_RESP&msgData=" + document
    with pytest.raises(CarrierRefusal) as refusal:
        open_order(operation, WireRequest("POST", "/std/service", "", {}, body))
    assert refusal.value.code == code
