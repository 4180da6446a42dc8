"""Postcodes keep what sorting needs and cover what names a door."""

from __future__ import annotations

import pytest

from masking.postcodes import cover_postcodes, mask_postcode


@pytest.mark.parametrize(
    ("code", "country", "expected", "reason"),
    [
        ("518000", "CN", "518000", "postcode_routing"),
        ("518000", "", "518000", "postcode_routing"),
        ("10115", "DE", "10115", "postcode_routing"),
        ("1010", "AT", "1010", "postcode_routing"),
        ("00-590", "PL", "00-590", "postcode_routing"),
        ("111 43", "SE", "111 43", "postcode_routing"),
        ("150-0001", "JP", "150-0001", "postcode_routing"),
        ("SE-11143", "", "SE-11143", "postcode_routing"),
        ("94107", "US", "94107", "postcode_routing"),
        ("94107-1234", "US", "94107", "postcode_covered"),
        ("94107-1234", "", "94107", "postcode_covered"),
        ("941071234", "US", "941****", "postcode_unknown"),
        ("9410", "US", "941****", "postcode_unknown"),
        ("SW1A 1AA", "GB", "SW1A ***", "postcode_covered"),
        ("sw1a1aa", "UK", "SW1A ***", "postcode_covered"),
        ("G1 1BC", "", "G1 ***", "postcode_covered"),
        ("JE2 3AB", "JE", "JE2 ***", "postcode_covered"),
        ("M5J 1B7", "CA", "M5J ***", "postcode_covered"),
        ("M5J-1B7", "", "M5J ***", "postcode_covered"),
        ("1015 CN", "NL", "1015 **", "postcode_covered"),
        ("1015CN", "", "1015 **", "postcode_covered"),
        ("D02 AF30", "IE", "D02 ****", "postcode_covered"),
        ("01305-000", "BR", "01305-***", "postcode_covered"),
        ("01305000", "BR", "01305-***", "postcode_covered"),
        ("1000-123", "PT", "1000-***", "postcode_covered"),
        ("018956", "SG", "01****", "postcode_covered"),
        ("C1425ABC", "AR", "C1425***", "postcode_covered"),
        ("12345678", "", "123****", "postcode_unknown"),
        ("AB-1234-XYZ", "", "AB1****", "postcode_unknown"),
        ("sw1a 1aa", "gb", "SW1A ***", "postcode_covered"),
        ("018956", "sg", "01****", "postcode_covered"),
        ("sw1a1aa", "uk", "SW1A ***", "postcode_covered"),
        ("1234567", "", "1234567", "postcode_routing"),
        ("1234567", "JP", "1234567", "postcode_routing"),
        ("AB*12*3", "", "AB****", "postcode_unknown"),
        ("A*", "", "A****", "postcode_unknown"),
    ],
)
def test_the_rule(code: str, country: str, expected: str, reason: str) -> None:
    assert mask_postcode(code, country) == (expected, reason)
    assert mask_postcode(expected, country).text == expected


@pytest.mark.parametrize(
    ("line", "country", "expected"),
    [
        ("New York, NY 10118-1234", "", "New York, NY 10118"),
        ("London SW1A 1AA", "", "London SW1A ***"),
        ("London SW1A1AA", "GB", "London SW1A ***"),
        ("Toronto, ON M5J 1B7", "US", "Toronto, ON M5J 1B7"),
        ("Damrak, 1015 CN Amsterdam", "", "Damrak, 1015 ** Amsterdam"),
        ("Portland, 1015 NE Broadway", "", "Portland, 1015 NE Broadway"),
        ("1015 CN Amsterdam", "NL", "1015 ** Amsterdam"),
        ("Singapore 018956", "SG", "Singapore 01****"),
        ("Berlin 10115", "", "Berlin 10115"),
    ],
)
def test_a_line_loses_only_the_deep_part(line: str, country: str, expected: str) -> None:
    assert cover_postcodes(line, country) == (expected, expected != line)
