"""Forms keep order, repeats and charset."""

from __future__ import annotations

from typing import Any

import pytest

from carriers import envelope_form
from carriers.errors import CarrierRefusal


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_form_keeps_order_repeats_and_charset(charset: str) -> None:
    pairs = [("b", "收件人 1"), ("a", "=&%+"), ("b", "又一个"), ("empty", "")]
    form = envelope_form.Form([envelope_form.Field(*pair) for pair in pairs], charset)
    again = envelope_form.loads(envelope_form.dumps(form), charset, "")
    assert [(field.name, field.text) for field in again.fields] == pairs


def test_a_gbk_form_is_not_utf_8() -> None:
    body = b"name=" + b"%B9%CB"
    assert refusal_of(envelope_form.loads, body, "utf-8", "form") == "bad_charset"
    assert envelope_form.loads(body, "gbk", "form").get("name") == "顾"


def test_a_character_that_the_forms_charset_lacks_is_refused() -> None:
    form = envelope_form.Form([envelope_form.Field("name", "𠮷")], "gbk")
    assert refusal_of(envelope_form.dumps, form) == "bad_charset"


def test_ten_thousand_form_fields_are_refused() -> None:
    assert refusal_of(envelope_form.loads, b"a=1&" * 10_000, "utf-8", "form") == "malformed_form"
