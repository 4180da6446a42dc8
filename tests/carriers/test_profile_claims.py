"""Parties, drops and late levels become a claim tree."""

from __future__ import annotations

from carriers.claim import Node
from carriers.fieldpath import parse
from carriers.profile import load_profile
from tests.carriers.acme import XML_CARRIER, acme


def at(root: Node, path: str) -> Node:
    node = root
    for step in parse(path):
        found = {"key": node.keys.get(step.name), "items": node.items, "open": node.inner}[step.verb]
        assert found is not None
        node = found
    return node


def test_a_party_by_value_has_a_switch_and_its_leaves_no_role() -> None:
    root = acme().operations["create"].root
    assert at(root, "$.people[]").switch is not None
    rule = at(root, "$.people[].name").rule
    assert rule is not None and rule.role is None


def test_a_phone_knows_the_extension_beside_it() -> None:
    rule = at(acme().operations["create"].root, "$.people[].phone").rule
    assert rule is not None and rule.beside == "ext"


def test_only_levels_with_credentials_are_closed_last() -> None:
    sf = load_profile("sf-express")
    assert sf is not None
    root = sf.operations["create"].root
    assert (root.late, at(root, "form:msgData").late) == (True, False)


def test_what_is_dropped_or_taken_singly_is_marked() -> None:
    root = acme().operations["create"].root
    assert at(root, "$.notify").drop and at(root, "$.orders").single


def test_a_credential_is_claimed_where_it_is_set() -> None:
    rule = at(acme(XML_CARRIER).operations["create"].root, "/Envelope/Header/@token").rule
    assert rule is not None and rule.kind == "credential"
