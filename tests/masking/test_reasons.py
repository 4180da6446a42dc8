"""Every reason speaks both languages, and an unknown one does not fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from masking.reasons import REASONS, explain
from tests.masking.maskers import MASKERS


@pytest.mark.parametrize("code", sorted(REASONS))
def test_a_reason_has_a_sentence_in_both_languages(code: str) -> None:
    sentence = explain(code)
    assert any("\u4e00" <= ch <= "\u9fff" for ch in sentence.zh)
    assert sentence.en.isascii() and len(sentence.en) > 10


def test_an_unknown_reason_explains_itself_by_its_name() -> None:
    assert explain("later_rule") == ("later_rule", "later_rule")


PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("masking.md", "masking.zh-CN.md")]
ROW = re.compile(r"^\| `([a-z_0-9]+)` \| (.+?) \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_tells_every_reason_and_its_examples_are_true(page: Path) -> None:
    text = page.read_text("utf-8")
    assert sorted(code for code in REASONS if f"| `{code}` |" not in text) == []
    judged = [row for row in ROW.findall(text) if row[2] != "…"]
    assert len(judged) > 35
    for code, sentence, before, after in judged:
        assert sentence in explain(code)
        if code not in ("relay_in_clear", "plain_under_full_scope"):
            assert (after, code) in [masker(before) for masker in MASKERS.values()], before
