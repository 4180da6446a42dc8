from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from masking.labels import fonts


@pytest.mark.parametrize(
    "text",
    ["张三", "欧阳·䶮", "𠮷野家", "김철수", "タナカ", "John O'Neill", "Ó Briain", "Zurbrügg", "****…·", "755A-021-33"],
)
def test_names_of_the_trade_are_drawn_as_they_stand(text: str) -> None:
    assert fonts.printable(text) == (text, False)


@pytest.mark.parametrize("text", ["สมชาย", "محمد", "😀张三", "ನಾಗ", "\U0010ffff张"])
def test_a_letter_without_a_glyph_becomes_the_geta_mark_and_is_told(text: str) -> None:
    shown, missing = fonts.printable(text)
    assert missing is (fonts.MISSING in shown)
    assert all(fonts._face_for(cluster, fonts.DEFAULT_FACES) for cluster in fonts._CLUSTER.findall(shown))


@pytest.mark.parametrize("text", ["สมชาย ใจดี", "محمد علي", "ದೇವ"])
def test_thai_arabic_and_kannada_are_flagged(text: str) -> None:
    assert fonts.printable(text)[1] is True


def test_what_cannot_be_seen_is_not_drawn() -> None:
    assert fonts.printable("张\u200b三\u202e\n李\ufeff四") == ("张三 李四", False)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=12))
def test_any_text_can_be_measured_and_drawn(text: str) -> None:
    shown, _ = fonts.printable(text)
    page = Image.new("1", (600, 80), 255)
    fonts.draw(page, (4, 4), shown, 24)
    assert fonts.width(shown, 24) >= 0


def test_bold_is_heavier_and_as_wide() -> None:
    pages = [Image.new("1", (200, 60), 255) for _ in range(2)]
    for page, bold in zip(pages, (False, True)):
        fonts.draw(page, (4, 4), "收件人", 40, bold=bold)
    light, heavy = (page.convert("L").histogram()[0] for page in pages)
    assert heavy > 1.15 * light
    assert fonts.width("收件人", 40) == 120


def test_lines_break_between_words_and_between_han_letters() -> None:
    assert fonts.tokens("中山路12号 Apt 5") == ["中", "山", "路", "12", "号", " ", "Apt", " ", "5"]
