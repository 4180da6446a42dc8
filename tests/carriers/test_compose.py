"""Documents are built from paths and values, in every envelope."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest

from carriers.compose import compose
from carriers.envelope_cipher import CIPHERS
from carriers.fieldpath import parse
from carriers.peek import peek


@pytest.mark.parametrize(
    "path",
    [
        "$.a.b",
        "$.a[].b",
        "$[].a",
        "form:a",
        "form:a~$.b[].c",
        "/A/B/C",
        "/A/B/@c",
        "form:x~/A/B",
        "$.a~$.b",
        "$.a~form:b",
    ],
)
def test_what_is_put_at_a_path_is_read_there(path: str) -> None:
    assert peek(compose([(parse(path), '顺 &<丰>"')]), parse(path)) == '顺 &<丰>"'


def test_many_paths_share_one_document() -> None:
    leaves = [(parse("form:m"), "x"), (parse("form:d~$.a"), "1"), (parse("form:d~$.b[].c"), "2")]
    assert compose(leaves) == b"m=x&d=%7B%22a%22%3A%221%22%2C%22b%22%3A%5B%7B%22c%22%3A%222%22%7D%5D%7D"


def test_a_multipart_answer_has_a_part_a_name() -> None:
    body = compose([(parse("part:meta$.a"), "1"), (parse("part:label"), "x")])
    assert b'name="meta"\r\n\r\n{"a":"1"}\r\n' in body and body.endswith(b"--\r\n")


def test_nothing_is_nothing() -> None:
    assert compose([]) == b""


def test_a_ciphered_field_is_closed_under_its_key_and_stays_in_clear_without_one() -> None:
    leaves = [(parse("form:box~ems_sm4_push~$.a"), "1")]
    key = "MDEyMzQ1Njc4OWFiY2RlZg=="
    assert compose(leaves) == b"box=%7B%22a%22%3A%221%22%7D"
    sealed = unquote_to_bytes(compose(leaves, keys={"ems_sm4_push": key}).removeprefix(b"box="))
    assert CIPHERS["ems_sm4_push"].decrypt(sealed, key) == b'{"a":"1"}'
