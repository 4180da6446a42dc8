"""Names: over registers and generated names no second letter shows, and nothing comes out as it went in."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.contacts import mask_company
from masking.names import COMPOUND, STARS, mask_name
from tests.masking.maskers import corpus

HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
SCRIPTS = [
    HAN,
    "アイウエオカキクケコタナカ",
    "가나다라마바사김철수",
    "abcdefghijklmnopqrstuvwxyzéñøß",
    "абвгдежзик",
    "ابتثجحخ",
    "กขคงจฉช",
    "αβγδεζ",
]
JOINS = ["", "", "", "·", "•", " ", "-", "'", "・"]
TAILS = ["", "", "", "先生", "(收)", "13812345678", "☆", " 收", "女士", "*", "**"]


def letters(text: str) -> list[str]:
    return [ch for ch in unicodedata.normalize("NFKC", text) if ch.isalpha()]


def check(name: str) -> None:
    masked = mask_name(name).text
    assert masked.endswith(STARS)
    assert masked != name
    shown, given_letters = letters(masked), letters(name)
    assert shown == given_letters[: len(shown)] or shown == []
    if len(shown) > 1:
        assert len(shown) == 2 and "".join(shown) in COMPOUND and len(given_letters) > 2


@pytest.mark.parametrize("register", ["names-han.txt", "names-japanese.txt", "names-english.txt"])
def test_no_name_of_a_register_shows_a_second_letter(register: str) -> None:
    for name in corpus(register):
        check(name)


def generated(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    names = []
    for _ in range(count):
        script = draw.choice(SCRIPTS)
        parts = ["".join(draw.choices(script, k=draw.randint(1, 4))) for _ in range(draw.randint(1, 3))]
        names.append(draw.choice(JOINS).join(parts) + draw.choice(TAILS))
    return names


def check_generated(seed: int, count: int) -> None:
    for name in generated(seed, count):
        masked = mask_name(name).text
        shown = letters(masked.removesuffix(STARS))
        assert (masked.endswith(STARS) and masked != name) or name.endswith("*")
        assert len(shown) <= 1 or "".join(shown) in COMPOUND, name


def test_two_thousand_generated_names_hide_their_letters() -> None:
    check_generated(1, 2_000)


@pytest.mark.slow
def test_a_hundred_thousand_generated_names_hide_their_letters() -> None:
    check_generated(2, 100_000)


@pytest.mark.parametrize("surname", sorted(COMPOUND))
def test_a_compound_surname_shows_only_before_a_given_name(surname: str) -> None:
    assert mask_name(surname + "明") == (surname + STARS, "name_compound")
    assert mask_name(surname).text == surname[0] + STARS
    for tail in ("先生", "女士", "收", "(收)", " 收", "13812345678"):
        assert mask_name(surname + tail).text == surname[0] + STARS, tail
    assert mask_name("李" + surname).text == "李" + STARS


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_nothing_is_empty(text: str) -> None:
    assert mask_name(text) == ("", "empty")


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("张三", "张**", "name_first_letter"),
        ("张", "**", "name_single_letter"),
        ("张 ", "**", "name_single_letter"),
        ("张1", "**", "name_single_letter"),
        ("123", "**", "name_no_letter"),
        ("(三)", "**", "name_single_letter"),
        ("(张三)", "张**", "name_first_letter"),
        ("●三", "**", "name_premasked"),
        ("1*三", "**", "name_premasked"),
        ("name: John", "J**", "name_first_letter"),
        ("收:张三", "张**", "name_first_letter"),
        ("张三:", "张**", "name_first_letter"),
        ("e\u0301toile", "é**", "name_first_letter"),
        ("q\u0323\u0307x", "q\u0323\u0307**", "name_first_letter"),
        ("欧阳*", "欧阳**", "name_compound"),
        ("欧阳●", "欧阳**", "name_compound"),
        ("欧阳1", "欧**", "name_first_letter"),
    ],
)
def test_each_rule_says_why(text: str, expected: str, reason: str) -> None:
    assert mask_name(text) == (expected, reason)


def test_a_company_is_masked_as_a_name() -> None:
    assert mask_company("深圳某某公司") == ("深**", "company_as_name")
    assert mask_company("") == ("", "empty")


@given(st.text())
def test_any_text_gives_a_letter_and_stars_or_nothing(text: str) -> None:
    masked = mask_name(text)
    assert masked.text == "" or masked.text.endswith(STARS)
    assert len(letters(masked.text)) <= 2


def test_a_letter_far_behind_is_not_looked_for() -> None:
    assert mask_name("-" * 300 + "张三") == (STARS, "name_no_letter")
