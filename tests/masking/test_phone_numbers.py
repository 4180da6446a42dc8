"""Phone fields are read into numbers: shape, prefix, local part, extension, in their order."""

from __future__ import annotations

import pytest

from masking.phone_numbers import Shape, read_numbers

MOBILE, LANDLINE, INTERNATIONAL, OTHER, WORDS = Shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13812345678", [(MOBILE, "13812345678", "", "")]),
        ("+86 138 1234 5678", [(MOBILE, "13812345678", "86", "")]),
        ("1795113812345678", [(MOBILE, "13812345678", "", "")]),
        ("138****5678", [(MOBILE, "138****5678", "", "")]),
        ("13812345678-12", [(MOBILE, "13812345678", "", "12")]),
        ("13812345678,12", [(MOBILE, "13812345678", "", "12")]),
        ("13812345678,1234567", [(MOBILE, "13812345678", "", ""), (OTHER, "1234567", "", "")]),
        ("13812345678 分机:12", [(MOBILE, "13812345678", "", "12")]),
        ("13812345678 x12", [(MOBILE, "13812345678", "", "12")]),
        ("0755-26806888", [(LANDLINE, "26806888", "0755", "")]),
        ("0755-26806888-801", [(LANDLINE, "26806888", "0755", "801")]),
        ("0755-1234567", [(OTHER, "07551234567", "", "")]),
        ("0816-2345678", [(LANDLINE, "2345678", "0816", "")]),
        ("010-12345678", [(LANDLINE, "12345678", "010", "")]),
        ("0301-2345678", [(OTHER, "03012345678", "", "")]),
        ("86 0755 26806888", [(LANDLINE, "26806888", "0755", "")]),
        ("+44 7911 123456", [(INTERNATIONAL, "7911123456", "44", "")]),
        ("+44 7911 123456 ext. 7", [(INTERNATIONAL, "7911123456", "44", "7")]),
        ("+852 9123 4567", [(INTERNATIONAL, "91234567", "852", "")]),
        ("0014155552671", [(INTERNATIONAL, "4155552671", "1", "")]),
        ("+0 12", [(OTHER, "012", "", "")]),
        (
            "+44 20 7946 0958 +44 7911 123456",
            [(INTERNATIONAL, "2079460958", "44", ""), (INTERNATIONAL, "7911123456", "44", "")],
        ),
        ("13812345678、95338", [(MOBILE, "13812345678", "", ""), (OTHER, "95338", "", "")]),
        ("13812345678 or 95338", [(MOBILE, "13812345678", "", ""), (OTHER, "95338", "", "")]),
        ("3楼 13812345678", [(MOBILE, "13812345678", "", "")]),
        ("1-800-FLOWERS", [(WORDS, "***********", "", "")]),
        ("二三楼", [(OTHER, "23", "", "")]),
        ("二楼", []),
        ("no number", []),
        ("", []),
    ],
)
def test_the_notation(text: str, expected: list[tuple[Shape, str, str, str]]) -> None:
    assert [(n.shape, n.local, n.prefix, n.ext) for n in read_numbers(text)] == expected
