"""One spelling for every way to write the same value, within a limit."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.text import INVISIBLE, any_of, clean, first_of, words
from tests.masking.maskers import disguises


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ａｂｃ", "abc"),
        ("  a b ", "a b"),
        ("a\u200bb", "ab"),
        ("\ufeffa", "a"),
        ("ﾀﾅｶ", "タナカ"),
        ("e\u0301", "é"),
        ("a\x00b", "ab"),
        ("a\nb", "a\nb"),
        ("\u3000", ""),
    ],
)
def test_spellings_meet(text: str, expected: str) -> None:
    assert clean(text, 10) == expected


@given(st.text(max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text, 200)
    assert clean(once, 200) == once
    assert [clean(spelling, 200) for spelling in disguises(text)] == [once] * len(disguises(text))


def test_what_is_taken_as_it_stands_is_normal_and_seen() -> None:
    usual = "".join(map(chr, [*range(0x20, 0x7F), *range(0x4000, 0xA000)]))
    assert unicodedata.is_normalized("NFKC", usual) and not re.search(f"[{INVISIBLE}]", usual)
    assert not any(map(unicodedata.combining, usual)) and clean(usual, len(usual)) == usual.strip()


@pytest.mark.parametrize("text", ["a" * 11, "张" * 11, "a\u200b" * 11, "ａ" * 11, " " * 50 + "a" * 11])
def test_the_limit_counts_what_is_seen(text: str) -> None:
    assert len(clean(text, 10)) == 10


def test_marks_without_end_are_cut_before_they_are_sorted() -> None:
    start = time.perf_counter()
    clean("a" + "\u0301\u0323" * 20_000, 600)
    assert time.perf_counter() - start < 0.1


def test_words_and_patterns_of_a_list() -> None:
    assert words("a b\nc") == {"a", "b", "c"}
    pattern = re.compile(any_of("st street ste road c/o"))
    assert [pattern.fullmatch(word) is not None for word in ("st", "street", "ste", "road", "c/o", "stre", "cxo")] == [
        True
    ] * 5 + [False] * 2
    match = pattern.match("street")
    assert match is not None and match[0] == "street"


@pytest.mark.parametrize(
    ("entries", "text", "found"),
    [
        (["号楼", "号", "楼"], "号楼", "号楼"),
        (["号楼", "号", "楼"], "号院", "号"),
        (["号楼(?!上)", "号", "号楼"], "号楼上", "号"),
        (["单元", "单(?![位])"], "单位", None),
        (["段(?<!三段)", "段落"], "段落", "段"),
        (["出口", "口", "入口"], "口", "口"),
        (["大", "大街"], "大街", "大"),
    ],
)
def test_the_first_of_some_words_is_found(entries: list[str], text: str, found: str | None) -> None:
    for pattern in (first_of(entries), "|".join(entries)):
        match = re.match(f"(?:{pattern})", text)
        assert (match and match[0]) == found
