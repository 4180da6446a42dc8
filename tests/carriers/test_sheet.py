"""The sheet notes leaves with their places; levels close in reverse."""

from __future__ import annotations

import msgspec
import pytest

from carriers.claim import Node, Rule
from carriers.errors import CarrierRefusal
from carriers.sheet import Sheet, note_party, spelled
from masking.personal import Kind, Role


def test_leaves_go_where_their_rule_says() -> None:
    sheet = Sheet()
    box = {"a": "x"}
    for rule in (
        Rule(Kind.NAME),
        Rule(Kind.PLAIN, "city"),
        Rule(Kind.PLAIN, "waybill"),
        Rule(Kind.CREDENTIAL),
        Rule(Kind.PLAIN, "attachment"),
    ):
        sheet.take(rule, box, "a", "x", "$.a", Role.SENDER)
    assert (len(sheet.leaves), len(sheet.routing), list(sheet.facts), len(sheet.fresh), sheet.attachments) == (
        1,
        1,
        ["waybill"],
        1,
        ["$.a"],
    )


def test_an_empty_value_is_nobodys() -> None:
    sheet = Sheet()
    sheet.take(Rule(Kind.NAME), {}, "a", "", "$.a", None)
    assert sheet.leaves == []


def test_the_second_party_of_a_role_is_refused_in_requests_only() -> None:
    node = Node()
    node.party, node.party_role = 1, Role.RECIPIENT
    strict, lenient = Sheet(), Sheet()
    lenient.lenient = True
    note_party(node, None, "$.a", strict)
    with pytest.raises(CarrierRefusal):
        note_party(node, None, "$.b", strict)
    note_party(node, None, "$.a", lenient)
    note_party(node, None, "$.b", lenient)


def test_numbers_are_spelt_as_they_stand() -> None:
    assert [spelled(value) for value in ("a", 12, msgspec.Raw(b"1.10"))] == ["a", "12", "1.10"]
