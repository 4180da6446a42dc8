"""Names that carriers write after a title are masked in free text; fields by their kind."""

from __future__ import annotations

import pytest

from carriers.born import mask_born, scrub, without_known
from carriers.claim import Rule
from carriers.sheet import Leaf
from masking.personal import Kind, Role


def leaf(kind: Kind, value: str, part: str = "") -> Leaf:
    return Leaf("$.x", Rule(kind, part), Role.THIRD_PARTY, value, {}, "x")


def test_a_carrier_s_text_loses_whom_it_names_and_how_they_are_reached() -> None:
    assert scrub("派件员：苗振宇 13918842760", []) == "派件员：苗** 1******2760"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NAME, "苗振宇"),
        (Kind.PHONE, "13918842760"),
        (Kind.EMAIL, "a.b@example.com"),
        (Kind.ADDRESS_LINE, "东街口花园2座1501"),
        (Kind.COMPANY, "榕树下书店"),
        (Kind.ID, "11010519491231002X"),
    ],
)
def test_a_field_is_masked_by_its_kind(kind: Kind, value: str) -> None:
    assert mask_born(leaf(kind, value)).text != value


def test_what_stands_in_a_field_beside_is_taken_out_of_the_text() -> None:
    assert "振宇" not in scrub("苗振宇正在派送", [leaf(Kind.NAME, "苗振宇")])


def test_a_part_of_a_full_name_is_found_as_a_word_only() -> None:
    assert without_known("Ann and Annex", [leaf(Kind.NAME, "Ann Lee")], lambda _: "*") == "A** and Annex"


def test_a_number_right_behind_a_name_is_masked_with_it() -> None:
    assert scrub("已签收，签收人林徽，派件员苗振宇13918842760", []) == "已签收，签收人林**，派件员苗**1******2760"
