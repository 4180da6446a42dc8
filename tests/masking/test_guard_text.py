"""The forms of a text that the guard reads."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.guard_text import Text, forms, squeeze

texts = st.text(st.characters(codec="utf-8"), max_size=30)


def last(text: str) -> str:
    return [form.text for _, form in forms(text)][-1]


def test_a_plain_text_has_one_form() -> None:
    (form,) = forms('{"name":"张三"}')
    assert form[0] == "plain"
    assert form[1].text == '{"name":"张三"}'


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("%E5%BC%A0%e4%b8%89", "张三"),
        ("%31%33a", "13a"),
        ("%D5%C5%C8%FD", "张三"),  # GB 18030
        ("100% sure, %zz", "100% sure, %zz"),
        ("a=b%3Dc", "a=b=c"),
        ("%0Aa\r\nb%", "\na\r\nb%"),
        ("\\u5f20\\u4E09", "张三"),
        ("\\\\u5f20", "\\张"),
        ("\\\\ud834\\\\udd1e", "\\𝄞"),
        ("\\ud834\\udd1e", "𝄞"),
        ("\\ud834", "\ufffd"),
        ("&#24352;&#x4e09;", "张三"),
        ("a &amp; b", "a & b"),
        ("AT&T; x", "AT&T; x"),
        ("%25E5%25BC%25A0", "张"),
        ("%26%2324352%3B", "张"),
        ("%5Cu5f20", "张"),
    ],
)
def test_codes_are_undone_layer_by_layer(text: str, plain: str) -> None:
    assert last(text) == plain


@settings(max_examples=200)
@given(texts)
def test_whatever_was_encoded_is_read(text: str) -> None:
    expected = Text(text).text
    for coded in (quote(text, safe=""), json.dumps(text)[1:-1], "".join(f"&#{ord(sign)};" for sign in text)):
        if expected.isalnum() and not any(
            sign == "\0" or "\x7f" < sign < "\xa0" for sign in text
        ):  # HTML reads those as Windows signs, and NUL as U+FFFD
            assert last(coded) == expected


@settings(max_examples=200)
@given(texts)
def test_every_text_has_few_forms_and_none_raises(text: str) -> None:
    assert 1 <= len(list(forms(text))) <= 5
    assert 1 <= len(list(forms(quote_plus(quote(text))))) <= 5
    assert squeeze(text) == Text(text).squeezed or not text.isascii()


def test_coding_without_end_is_read_only_so_far() -> None:
    text = "x%41"
    for _ in range(20):
        text = quote(text, safe="")
    assert len(list(forms(text))) == 5


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("１３９ＡＢ", "139AB"),
        ("张\u200b三\ufeff", "张三"),
        ("a\u00adb", "ab"),
        ("ｱ", "ア"),
        ("e\u0301", "é"),
        ("（，）：；！？", "(,):;!?"),
        ("\U000e0041x", "x"),
        ("\u3164x", "x"),
    ],
)
def test_a_text_is_read_in_its_normal_spelling(text: str, normal: str) -> None:
    assert Text(text).text == normal


@pytest.mark.parametrize(
    "parted",
    [
        "139 5042",
        "139-5042",
        "139.5042",
        "(139)5042",
        "139/5042",
        "139\n5042",
        "139\\5042",
        "139·5042",
        "139\u20135042",
        "139\u22125042",
        "139\u30005042",
        "139\u00a05042",
        "139・5042",
        "139\u202f5042",
        "139\x005042",
        "139\x7f5042",
    ],
)
def test_separators_are_squeezed_out(parted: str) -> None:
    assert Text(parted).squeezed == squeeze(parted) == b"1395042"


def test_squeezing_keeps_what_parts_leaves() -> None:
    assert squeeze('{"A":"1","B":"2"}') == b'{"a":"1","b":"2"}'
    assert squeeze("<a>1</a>,2;3") == b"<a>1<a>,2;3"


def test_lone_surrogates_are_read_like_anything_else() -> None:
    assert Text("a\ud800b").squeezed == b"a\xed\xa0\x80b"


def test_html_names_that_are_none_stay() -> None:
    assert last(html.escape("a<b>'c'")) == "a<b>'c'"
    assert last("&nosuchname;") == "&nosuchname;"


@pytest.mark.parametrize("coded", ["Ada\\nQuist", "Ada\\tQuist", r"Ada\\r\\nQuist", "13800\\n138000"])
def test_short_json_escapes_part_nothing(coded: str) -> None:
    words = {form.words() for _, form in forms(coded)}
    assert words & {"ada quist", "13800 138000"}


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"张三"}',
        "Main St, 4B",
        "全角：１２３（号）",
        "a\u115fb c\u00b7d\u30fbe",
        "%31%32",
        "İstanbul",
        "a\ud800b",
        "",
    ],
)
def test_a_text_and_its_bytes_have_the_same_forms(text: str) -> None:
    of_text, of_bytes = forms(text), forms(text.encode("utf-8", "surrogatepass"))
    assert [where for where, _ in of_text] == [where for where, _ in of_bytes]
    for (_, one), (_, other) in zip(of_text, of_bytes, strict=True):
        assert (one.text, one.squeezed) == (other.text, other.squeezed)
        assert (one.lower(), one.words(), one.folds()) == (other.lower(), other.words(), other.folds())


def test_a_text_without_codes_has_none_to_undo() -> None:
    assert Text("张三 100").decoded() is None
    assert Text("100% of it").decoded() is None
    assert Text("%31").decoded() == "1"
