from __future__ import annotations

import pytest

from masking.labels.fonts import printable
from masking.labels.texts import CARRIERS, FLAGS, WORDS, carrier_name, flag_of


def test_both_languages_say_the_same_things() -> None:
    assert set(WORDS["zh"]) == set(WORDS["en"])
    assert all(set(names) == {"zh", "en"} for names in FLAGS.values())


def test_every_word_can_be_drawn() -> None:
    words = [
        *WORDS["zh"].values(),
        *WORDS["en"].values(),
        *CARRIERS.values(),
        *(name for names in FLAGS.values() for name in names.values()),
    ]
    assert [word for word in words if printable(word) != (word, False)] == []


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("cod", "cod"),
        ("COD", "cod"),
        ("代收货款", "cod"),
        (" 保价 ", "insured"),
        ("Freight collect", "collect"),
        ("call me", None),
    ],
)
def test_a_flag_is_known_by_code_and_by_name(name: str, flag: str | None) -> None:
    assert flag_of(name) == flag


def test_a_carrier_without_a_name_is_printed_by_its_id() -> None:
    assert carrier_name("dhl-parcel-de") == "DHL PARCEL DE"
