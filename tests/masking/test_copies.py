"""A de-identified copy masks what has a kind and refuses what has none."""

from __future__ import annotations

import pytest

from masking.copies import Copier, CopyRefused, Rest, maskers
from masking.personal import Kind

ORDER = {"name": "张三", "mobile": "13812345678", "sku": "A1"}
KINDS = {"name": "name", "mobile": "phone"}


def test_columns_are_masked_by_kind_and_the_plain_one_stays() -> None:
    copier = Copier(KINDS | {"sku": "plain"})
    assert copier.copy(ORDER) == {"name": "张**", "mobile": "1******5678", "sku": "A1"}
    assert copier.reasons == {"name_first_letter": 1, "phone_mobile": 1, "plain": 1}


def test_a_column_without_a_kind_is_refused_with_its_path_and_without_its_value() -> None:
    with pytest.raises(CopyRefused) as refusal:
        Copier(KINDS).copy({"order": {"note": "13812345678"}})
    assert (refusal.value.code, refusal.value.path) == ("copy_column_unknown", "order.note")
    assert "138" not in str(refusal.value)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (Rest.KEEP, {"name": "张**", "note": "电话13812345678", "n": 5}),
        (Rest.SCRUB, {"name": "张**", "note": "电话1******5678", "n": 5}),
        (Rest.DROP, {"name": "张**"}),
    ],
)
def test_the_rest_is_kept_scrubbed_or_dropped(rest: Rest, expected: dict[str, object]) -> None:
    assert Copier({"name": "name"}, rest=rest).copy({"name": "张三", "note": "电话13812345678", "n": 5}) == expected


def test_nested_records_are_masked_by_path() -> None:
    copier = Copier({"to.name": "name", "to.phones": "phone", "to.address": "address"}, rest=Rest.DROP)
    order = {"to": {"name": "张三", "phones": ["13812345678", 13987654321, None], "address": "翠园5栋", "x": 1}, "y": 2}
    assert copier.copy(order) == {
        "to": {"name": "张**", "phones": ["1******5678", "1******4321", None], "address": "翠园****"}
    }


def test_a_number_that_hides_a_phone_is_scrubbed() -> None:
    assert Copier({"a": "plain"}, rest=Rest.SCRUB).copy({"n": 13812345678}) == {"n": "1******5678"}


def test_the_policy_is_handed_on_and_checked() -> None:
    assert Copier({"mobile": "phone"}, policy="gb-strict").copy({"mobile": "13812345678"}) == {"mobile": "1********78"}
    with pytest.raises(CopyRefused) as refusal:
        Copier({"a": "names"})
    assert refusal.value.code == "copy_kind_unknown"


def test_every_kind_of_value_has_a_masker() -> None:
    assert set(Kind) <= set(maskers())
    assert maskers()[Kind.CREDENTIAL]("secret").text == "****"
    assert maskers()[Kind.CREDENTIAL]("").text == ""
