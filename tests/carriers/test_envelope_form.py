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


def test_a_field_is_replaced_where_it_stands_and_the_first_of_two_is_the_one() -> None:
    form = envelope_form.loads(b"a=1&b=2&a=3", "utf-8", "")
    form.put("a", "x y")
    form.put("b", "")
    form.put("c", "4")
    form.put("c", "5")
    assert (form.get("a"), form.get("b"), form.get("c"), form.field("d")) == ("x y", None, "5", None)
    assert envelope_form.dumps(form) == b"a=x+y&a=3&c=5"


def test_a_document_that_was_closed_into_a_field_goes_until_the_field_is_set_again() -> None:
    form = envelope_form.loads(b"a=1&b=2", "utf-8", "", ("a",))
    field = form.fields[0]
    field.raw = "林".encode()  # type: ignore[attr-defined]
    assert envelope_form.dumps(form) == b"a=%E6%9E%97&b=2"
    field[0] = "2"
    assert envelope_form.dumps(form) == b"a=2&b=2"
    del field[0]
    assert envelope_form.dumps(form) == b"b=2"


def test_no_stranger_s_names_fill_memory() -> None:
    form = envelope_form.Form([envelope_form.Field(f"n{at}", "") for at in range(3000)], "utf-8")
    assert envelope_form.dumps(form).count(b"=") == 3000
    assert len(envelope_form._HEADS) <= envelope_form._MOST_HEADS


def test_a_document_in_a_form_is_kept_as_bytes_and_told_as_text() -> None:
    body = b"a=1&d=%7B%22x%22%3A%22%E9%A1%BA+%22%7D&d2=%7B%7D"
    form = envelope_form.loads(body, "utf-8", "", {"d"})
    field = form.fields[1]
    assert isinstance(field, envelope_form.DocumentField) and not isinstance(
        form.fields[2], envelope_form.DocumentField
    )
    assert (field.encoded("utf-8"), field.text, form.get("d")) == ('{"x":"顺 "}'.encode(), '{"x":"顺 "}', '{"x":"顺 "}')
    assert (field.encoded("gbk"), envelope_form.dumps(form)) == ('{"x":"顺 "}'.encode("gbk"), body)
    field[0] = "{}"
    assert envelope_form.dumps(form) == b"a=1&d=%7B%7D&d2=%7B%7D"
    del field[0]
    assert envelope_form.dumps(form) == b"a=1&d2=%7B%7D"


def test_a_document_in_a_gbk_form_and_an_empty_one_are_texts_like_any_other() -> None:
    assert type(envelope_form.loads(b"d=%B9%CB", "gbk", "", {"d"}).fields[0]) is envelope_form.Field
    assert type(envelope_form.loads(b"d=", "utf-8", "", {"d"}).fields[0]) is envelope_form.Field
