"""Percent-coding is Java's, byte for byte, both ways."""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.errors import CarrierRefusal
from carriers.percent import quote, unquote


def java(data: bytes) -> bytes:
    """The rule of java.net.URLEncoder on top of the standard library: `*` stays, `~` does not."""
    return quote_plus(data, safe="*").replace("~", "%7E").encode()


AWKWARD = st.lists(
    st.sampled_from(
        [b"%", b"=", b"+", b" ", b".", b"\n", b"\r", b"\0", b"~", b"*", b"-", b"_", "顺".encode(), b'":{', b"&"]
    ),
    max_size=14,
).map(b"".join)


@given(st.one_of(st.binary(max_size=300), AWKWARD))
def test_quoting_is_javas(data: bytes) -> None:
    assert quote(data) == java(data)


@given(st.one_of(st.binary(max_size=300), AWKWARD))
def test_unquoting_undoes_quoting(data: bytes) -> None:
    assert unquote(quote(data).decode(), "") == data


@given(st.text("ab%4CDg+= \t\n", max_size=12))
def test_anything_that_is_read_is_read_as_the_standard_library_does(text: str) -> None:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        with pytest.raises(CarrierRefusal) as refusal:
            unquote(text, "form")
        assert refusal.value.code == "malformed_form"
    else:
        assert unquote(text, "form") == unquote_to_bytes(text.replace("+", " "))


def test_the_characters_that_java_treats_its_own_way() -> None:
    assert quote("a b*~-_.é(!)".encode()) == b"a+b*%7E-_.%C3%A9%28%21%29"


@given(st.text("号ab%4C", max_size=12))
def test_what_stands_uncoded_is_of_the_forms_charset(text: str) -> None:
    if not re.search(r"%(?![0-9A-Fa-f]{2})", text):
        assert unquote(text, "form", "gbk") == unquote_to_bytes(text.encode("gbk"))
