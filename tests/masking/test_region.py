"""Regions and countries: a name stands in the address or it does not, and what is not told lies nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.personal import PostalAddress
from masking.region import RegionInvalid, country_code, country_of, region_named, region_of

SHENZHEN = PostalAddress("CN", "广东省", "深圳市", "南山区", "x", "518000")


@pytest.mark.parametrize(
    "region",
    [
        "CN",
        "CN/广东省",
        "CN/广东",
        "CN/广东/深圳",
        "CN/广东省/深圳市/南山区",
        "cn / 广东省 / 深圳市",
        "CN:518",
        "CN:5180 00",
        "中国/广东",
    ],
)
def test_a_region_covers_what_lies_in_it_however_it_is_spelt(region: str) -> None:
    named = region_named(region)
    assert region_of([named], SHENZHEN) == named
    assert region_named(named) == named


@pytest.mark.parametrize("region", ["US", "CN/广西", "CN/广东/广州", "CN/广东/深圳/福田", "CN:519", "CN:5180001", "HK"])
def test_a_region_covers_nothing_else(region: str) -> None:
    assert region_of([region_named(region)], SHENZHEN) == ""


@pytest.mark.parametrize(
    "address",
    [
        PostalAddress(),
        PostalAddress("CN"),
        PostalAddress("CN", "广东省"),
        PostalAddress("CN", "", "深圳市", "南山区", "x", "518000"),
        PostalAddress("Atlantis", "广东省", "深圳市"),
        PostalAddress(street="广东省深圳市南山区"),
    ],
)
def test_what_an_address_does_not_tell_lies_in_no_region(address: PostalAddress) -> None:
    assert region_of([region_named("CN/广东/深圳")], address, "CN") == ""


def test_an_address_without_a_country_is_in_its_formats_own_and_one_with_another_is_not() -> None:
    bare = PostalAddress("", "广东省", "深圳市")
    assert (country_of(bare), country_of(bare, "CN")) == ("", "CN")
    assert country_of(PostalAddress("DE"), "CN") == "DE"
    assert country_of(PostalAddress("Somewhere"), "CN") == ""
    assert region_of(["CN/广东"], bare) == ""
    assert region_of(["US", "CN/广东"], bare, "CN") == "CN/广东"


@pytest.mark.parametrize(
    ("text", "code"), [("cn", "CN"), ("CHN", "CN"), ("中国", "CN"), ("uk", "GB"), ("XYZ", ""), ("", ""), ("C1", "")]
)
def test_a_country_is_two_letters_or_a_known_spelling(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text", ["", "广东省", "CN/", "CN//深圳", "CN/a/b/c/d", "CN:", "XYZ/a", "CN/" + "x" * 200, "/广东"]
)
def test_a_text_that_names_no_region_is_refused(text: str) -> None:
    with pytest.raises(RegionInvalid):
        region_named(text)


def test_two_short_names_do_not_fold_into_one() -> None:
    """A name of two characters keeps its kind; and where both say what they are, they must say the same."""
    assert region_of(["CN/x/沙市"], PostalAddress("CN", "x", "沙县")) == ""
    assert region_of(["CN/新疆/伊犁/伊宁市"], PostalAddress("CN", "新疆", "伊犁", "伊宁县")) == ""
    assert region_of(["CN/新疆/伊犁/伊宁"], PostalAddress("CN", "新疆", "伊犁", "伊宁县")) == "CN/新疆/伊犁/伊宁"
    assert region_of(["CN/广东/深圳市"], PostalAddress("CN", "广东", "深圳")) == "CN/广东/深圳市"


@given(st.text(max_size=30), st.text(max_size=10))
def test_no_text_makes_an_unknown_place_a_known_one(text: str, home: str) -> None:
    try:
        named = region_named(text)
    except RegionInvalid:
        return
    assert region_of([named], PostalAddress(), home) in ("", named)
    assert region_of([named], PostalAddress("Nowhere", text, text, text, text, ""), home) == ""
