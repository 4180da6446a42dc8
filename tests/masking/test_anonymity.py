"""The count of matching numbers follows from the table, and the table from libphonenumber's own data."""

from __future__ import annotations

import subprocess
import sys

import pytest
from phonenumbers.geodata import GEOCODE_DATA

from masking.anonymity import count_matches, explain_phone


def segments_of(zh: str, operator: str = "") -> int:
    """Seven-digit prefixes of a city, counted straight from the library where it has no shorter entry."""
    found = [
        key for key, names in GEOCODE_DATA.items() if names.get("zh") == zh and key.startswith("86" + (operator or "1"))
    ]
    assert all(key[2] == "1" and key[3] in "3456789" for key in found)
    return sum(10 ** (9 - len(key)) for key in found if not any(key[:n] in found for n in range(4, len(key))))


def test_the_figure_is_the_number_of_segments_of_the_city() -> None:
    # Longer entries of other cities may lie within a shorter one of this city, so the library's own count is a ceiling.
    ceiling = segments_of("甘肃省嘉峪关市")
    assert 0 < count_matches("1******5678", "嘉峪关") <= ceiling  # type: ignore[operator]
    assert count_matches("138****5678", "嘉峪关") <= segments_of("甘肃省嘉峪关市", "138")  # type: ignore[operator]


def test_the_standards_mask_leaves_many_times_more_than_the_common_one() -> None:
    for city in ("深圳", "北京", "杭州", "大理"):
        common, standard, strict = (count_matches(mask, city) for mask in ("138****5678", "1******5678", "1********78"))
        assert common is not None and standard is not None and strict is not None
        assert standard > 20 * common
        assert strict == 100 * standard


@pytest.mark.parametrize(
    "city", ["深圳", "深圳市", "广东省深圳市", "广东省深圳市南山区", "Shenzhen", "shenzhen, guangdong", "SHENZHEN"]
)
def test_a_city_is_known_by_any_of_its_names(city: str) -> None:
    assert count_matches("1******5678", city) == count_matches("1******5678", "深圳")


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("云南省大理白族自治州", "大理"),
        ("湖南省湘西土家族苗族自治州", "湘西"),
        ("内蒙古自治区呼和浩特市", "呼和浩特"),
        ("吉林省长春市", "长春"),
        ("天津", "天津市"),
    ],
)
def test_a_prefecture_is_known_by_its_short_name(full: str, short: str) -> None:
    assert count_matches("1******5678", full) == count_matches("1******5678", short) is not None


def test_the_country_is_the_sum_of_its_cities() -> None:
    country = count_matches("1******5678")
    assert country is not None and 300_000 < country < 340_000
    assert count_matches("***********") is None


@pytest.mark.parametrize(
    "masked", ["", "0755-******88", "+44 ******3456", "*******1035", "1******567", "1******56789", "1******567x"]
)
def test_what_is_no_masked_mobile_has_no_figure(masked: str) -> None:
    assert count_matches(masked, "深圳") is None


def test_an_unknown_city_has_no_figure() -> None:
    assert count_matches("1******5678", "某某镇") is None


def test_visible_digits_divide_the_count_but_never_below_one() -> None:
    whole = count_matches("138****5678", "深圳")
    assert whole is not None and whole > 100
    assert count_matches("1380***5678", "深圳") == whole // 10
    assert count_matches("13801**5678", "深圳") == whole // 100
    assert count_matches("13812345678", "深圳") == 1
    assert count_matches("138****567*", "深圳") == 10 * whole


def test_the_extension_and_further_numbers_are_left_aside() -> None:
    assert (
        count_matches("1******5678-****", "深圳")
        == count_matches("1******5678/1******4321", "深圳")
        == count_matches("1******5678", "深圳")
    )


def test_a_phone_is_explained_in_one_call() -> None:
    assert explain_phone("13812345678", "深圳") == ("1******5678", count_matches("1******5678", "深圳"))
    assert explain_phone("13812345678", "深圳", "gb-strict") == ("1********78", count_matches("1********78", "深圳"))


def test_the_geocoder_is_not_loaded() -> None:
    code = "import sys, masking.anonymity as a; a.count_matches('1******5678', '深圳'); print([m for m in sys.modules if 'phonenumbers' in m])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
