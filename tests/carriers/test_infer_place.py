"""What a leaf's place says."""

from __future__ import annotations

import json
from typing import Any

from carriers.infer_place import Surroundings, survey
from carriers.leaves import Leaf, leaves
from masking.personal import Kind, Role


def read(document: Any) -> tuple[dict[str, Leaf], Surroundings]:
    found = list(leaves(json.dumps(document).encode(), "json"))
    return {leaf.path: leaf for leaf in found}, survey(found)


def test_a_key_that_says_nothing_takes_its_parents_words() -> None:
    found, around = read(
        {"Phone": {"Number": "4195550145"}, "address": {"line1": "1 High St"}, "weight": {"value": "2"}}
    )
    assert around.key_words(found["$.Phone.Number"]) == ("phone", "number")
    assert around.key_words(found["$.address.line1"]) == ("address", "line")
    assert around.key_words(found["$.weight.value"]) == ("value",)


def test_a_type_beside_a_value_says_what_it_is() -> None:
    found, around = read({"channels": [{"type": "PHONE", "value": "02 5550 1234"}]})
    assert around.key_words(found["$.channels[0].value"]) == ("phone",)


def test_lines_of_a_list_are_siblings_of_what_stands_beside_the_list() -> None:
    found, around = read({"to": {"lines": ["6/31 Darby Court"], "postcode": "2300"}})
    assert around.has(found["$.to.lines[0]"], "place")


def test_a_block_is_a_partys_when_a_nearer_key_speaks_of_one() -> None:
    found, around = read({"receiver": {"events": [{"name": "arrived"}], "contact": {"name": "A"}}})
    assert not around.names_a_party(found["$.receiver.events[0].name"])
    assert around.names_a_party(found["$.receiver.contact.name"])


def test_one_letter_tells_two_parties_apart_where_both_stand() -> None:
    found, around = read({"order": {"j_contact": "A", "j_tel": "1", "d_contact": "B", "d_tel": "2"}})
    assert around.party(found["$.order.j_contact"], Kind.NAME) is Role.SENDER
    assert around.party(found["$.order.d_contact"], Kind.NAME) is Role.RECIPIENT


def test_a_hint_far_above_gives_way_to_a_clear_word() -> None:
    found, around = read(
        {"deliveryRequest": {"shipper": {"phone": "1"}}, "returnRequest": {"x": {"y": {"z": {"w": {"phone": "2"}}}}}}
    )
    assert around.party(found["$.deliveryRequest.shipper.phone"], Kind.PHONE) is Role.SENDER
    assert around.party(found["$.returnRequest.x.y.z.w.phone"], Kind.PHONE) is Role.RECIPIENT


def test_a_label_type_tells_no_role() -> None:
    found, around = read({"payment": {"type": "SENDER"}, "label": {"phone": "13800138000"}})
    assert around.party(found["$.label.phone"], Kind.PHONE) is Role.RECIPIENT
