from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.labels.shapes import mask_shapes, personal_kinds

PERSONAL = [
    ("收件人: 张三", "name", "张三"),
    ("收件人：李小龙 13812345678", "phone", "13812345678"),
    ("Ship to: Marisol Quintanilla", "name", "Quintanilla"),
    ("Attn: Reto Zurbrügg", "name", "Zurbrügg"),
    ("王小明", "name", "小明"),
    ("2205 Agua Fria Loop", "address_line", "2205"),
    ("Apt 5C", "address_line", "5C"),
    ("Unit 12", "address_line", "12"),
    ("Lindenstraße 14", "address_line", "14"),
    ("科技园路1号科兴科学园A栋3单元1201", "address_line", "1201"),
    ("m.quintanilla@example.com", "email", "quintanilla"),
]
PLAIN = [
    "DHL EXPRESS",
    "SF1234567890123",
    "755A-021-33",
    "代收货款",
    "保价",
    "打印时间 2026-11-25",
    "1/2",
    "罗湖区",
    "Weight 12 kg",
    "PRIORITY MAIL",
    "收件人: 张**",
    "1******5678",
    "漕溪北路88号圣爱大厦****",
    "签收人:",
]


@pytest.mark.parametrize(("text", "kind", "secret"), PERSONAL)
def test_what_looks_personal_is_named_and_masked(text: str, kind: str, secret: str) -> None:
    assert kind in personal_kinds(text)
    assert secret not in mask_shapes(text)


@pytest.mark.parametrize("text", PLAIN)
def test_what_every_label_says_is_left_alone(text: str) -> None:
    assert personal_kinds(text) == [] and mask_shapes(text) == text


@pytest.mark.parametrize("text", [text for text, _, _ in PERSONAL])
def test_nothing_personal_is_left_after_masking(text: str) -> None:
    assert personal_kinds(mask_shapes(text)) == []


@given(st.text(max_size=40))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(mask_shapes(text), str)
