"""One value of an unclaimed body is read, or is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.fieldpath import parse
from carriers.peek import peek


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        (b'{"a":{"b":2}}', "$.a.b", "2"),
        (b'{"a":[{"b":true}]}', "$.a[].b", "true"),
        (b'{"a":{"b":2}}', "$.a", "…"),
        (b'{"a":null}', "$.a", ""),
        (b"d=%7B%22k%22%3A%221%22%7D", "form:d~$.k", "1"),
        (b'<s:A xmlns:s="u"><B c="1">x</B></s:A>', "/A/B/@c", "1"),
        (b"<A><B>x</B></A>", "/A/B", "x"),
        (b"<A><B><C/></B></A>", "/A/B", "…"),
        (b"<Z/>", "/A/B", ""),
        (b"{", "$.a", ""),
        (b"", "form:a", ""),
    ],
)
def test_a_value_is_read_where_it_stands(body: bytes, path: str, text: str) -> None:
    assert peek(body, parse(path)) == text


@given(st.binary(max_size=60), st.sampled_from(["$.a[].b", "form:a~$.b", "/A/B/@c", "part:a"]))
def test_what_cannot_be_read_is_not_there(body: bytes, path: str) -> None:
    assert isinstance(peek(body, parse(path)), str)
