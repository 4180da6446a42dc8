"""Echoes come back by field: by role, kind and what was sent, never by searching."""

from __future__ import annotations

from carriers.claim import Rule
from carriers.restore import Record, folded
from carriers.sheet import Leaf
from masking.personal import Kind, Role

RECORD = Record(
    [
        ("recipient", "name", "", "M**", "Marisol"),
        ("recipient", "name", "", "Q**", "Quintanilla"),
        ("sender", "name", "", "M**", "Martha"),
        ("recipient", "phone", "", "17055500002-2002", "13950427716"),
        ("recipient", "address_line", "", "88 Vine ****", "88 Vine Apt 2"),
        ("recipient", "address_line", "", "Rear", "Rear"),
    ]
)


def restored(kind: Kind, *values: str, role: Role = Role.RECIPIENT) -> list[str | None]:
    leaves = [Leaf(f"$.{at}", Rule(kind), role, value, {}, at) for at, value in enumerate(values)]
    found = {leaf.key: plain for leaf, plain in RECORD.restore(leaves)}
    return [found[at] for at in range(len(values))]


def test_the_same_mask_is_another_person_in_another_role() -> None:
    assert restored(Kind.NAME, "M**") == ["Marisol"]
    assert restored(Kind.NAME, "M**", role=Role.SENDER) == ["Martha"]


def test_case_blanks_and_punctuation_do_not_hide_a_value() -> None:
    assert restored(Kind.PHONE, "1 705 550 0002 2002") == ["13950427716"]
    assert restored(Kind.NAME, " m** ") == ["Marisol"]


def test_a_merged_name_is_the_names_merged() -> None:
    assert restored(Kind.NAME, "M** Q**") == ["Marisol Quintanilla"]


def test_lines_split_elsewhere_are_the_shops_lines() -> None:
    assert restored(Kind.ADDRESS_LINE, "88 Vi", "ne **** Rear") == ["88 Vine Apt 2", "Rear"]


def test_what_we_never_sent_is_not_restored() -> None:
    assert restored(Kind.NAME, "Bob", "") == [None, None]
    assert restored(Kind.EMAIL, "a@example.com") == [None]


def test_stars_are_part_of_a_mask() -> None:
    assert folded("M**") != folded("M")
