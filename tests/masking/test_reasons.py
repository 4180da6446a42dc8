"""Every reason speaks both languages, and an unknown one does not fail."""

from __future__ import annotations

import pytest

from masking.reasons import REASONS, explain


@pytest.mark.parametrize("code", sorted(REASONS))
def test_a_reason_has_a_sentence_in_both_languages(code: str) -> None:
    sentence = explain(code)
    assert any("\u4e00" <= ch <= "\u9fff" for ch in sentence.zh)
    assert sentence.en.isascii() and len(sentence.en) > 10


def test_an_unknown_reason_explains_itself_by_its_name() -> None:
    assert explain("later_rule") == ("later_rule", "later_rule")
