"""Leaves of any document, by path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carriers.leaves import MAX_DEPTH, UnreadableSample, format_of, leaves

PAYLOADS = Path(__file__).parents[1] / "payloads"


def paths(body: bytes | str, fmt: str) -> dict[str, str]:
    return {leaf.path: leaf.text for leaf in leaves(body.encode() if isinstance(body, str) else body, fmt)}


def test_json_paths_have_indexes_and_quotes_where_a_key_is_odd() -> None:
    assert paths('{"a":[{"b":1},{"odd key":"x"}],"c":true,"d":null}', "json") == {
        "$.a[0].b": "1",
        "$.a[1]['odd key']": "x",
    }


def test_numbers_keep_their_spelling() -> None:
    assert list(paths('{"big":12345678901234567890123,"price":1.10}', "json").values()) == [
        "12345678901234567890123",
        "1.10",
    ]


def test_a_string_that_is_json_or_xml_is_opened() -> None:
    inner = json.dumps({"x": "<o><p q='1'>2</p></o>", "text": "{not json"})
    assert paths(json.dumps({"m": inner}), "json") == {
        "$.m~$.x~/o/p/@q": "1",
        "$.m~$.x~/o/p": "2",
        "$.m~$.text": "{not json",
    }


def test_xml_drops_namespaces_and_counts_only_siblings() -> None:
    body = '<s:A xmlns:s="urn:s"><s:B c="1">x</s:B><s:B/><s:D> y </s:D></s:A>'
    assert paths(body, "xml") == {"/A/B[1]/@c": "1", "/A/B[1]": "x", "/A/B[2]": "", "/A/D": "y"}


def test_forms_are_decoded_in_utf8_and_in_gbk() -> None:
    assert paths("a=%E5%BC%A0+b&m=%7B%22n%22%3A1%7D", "form") == {"form:a": "张 b", "form:m~$.n": "1"}
    assert paths("a=%D5%C5%C8%FD", "form") == {"form:a": "张三"}


def test_parts_are_named_and_a_json_part_is_opened() -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":"1"}\r\n--B\r\nContent-Disposition: form-data; name="img"\r\n\r\nAAA\r\n--B--\r\n'
    assert paths(body, "multipart") == {"part:meta$.a": "1", "part:img": "AAA"}


@pytest.mark.parametrize(
    ("body", "fmt", "code"),
    [
        (b"{", "json", "sample_unreadable"),
        (b"<a>", "xml", "sample_unreadable"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml", "xml_doctype"),
        (b"[" * 500 + b"]" * 500, "json", "sample_too_deep"),
        (b"[" * 100_000, "json", "sample_unreadable"),
        (b"no boundary", "multipart", "sample_unreadable"),
        (b"x", "csv", "sample_format"),
    ],
)
def test_what_cannot_be_read_is_refused_by_code(body: bytes, fmt: str, code: str) -> None:
    with pytest.raises(UnreadableSample) as refusal:
        list(leaves(body, fmt))
    assert refusal.value.code == code


def test_an_error_and_a_repr_hold_nothing_of_the_content() -> None:
    with pytest.raises(UnreadableSample) as refusal:
        list(leaves(b'{"phone": "13800138000"', "json"))
    leaf = next(iter(leaves(b'{"phone": "13800138000"}', "json")))
    assert "13800138000" not in str(refusal.value) + repr(leaf)


def test_the_format_is_told_by_suffix() -> None:
    assert [format_of(name) for name in ("a.json", "b.XML", "c.form", "d.multipart")] == [
        "json",
        "xml",
        "form",
        "multipart",
    ]
    with pytest.raises(UnreadableSample):
        format_of("a.txt")


DOCUMENTS = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_characters="<[{"), max_size=8) | st.integers(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
    max_leaves=12,
)


def count(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(count(item) for item in (value.values() if isinstance(value, dict) else value))
    return 1


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_every_string_and_number_is_a_leaf_with_a_path_of_its_own(value: Any) -> None:
    found = [leaf.path for leaf in leaves(json.dumps(value).encode(), "json")]
    assert len(found) == len(set(found)) == count(value)


def test_every_listed_path_of_the_payloads_is_found() -> None:
    for truth in sorted(PAYLOADS.glob("*/pii.json")):
        known = json.loads(truth.read_text(encoding="utf-8"))
        for name in known["files"]:
            found = paths((truth.parent / name).read_bytes(), format_of(name))
            listed = [
                entry
                for key in ("pii", "quasi_identifiers", "must_preserve")
                for entry in known[key]
                if entry["file"] == name
            ]
            assert [entry["path"] for entry in listed if entry["path"] not in found] == []
            whole = [entry for entry in listed if entry.get("match", "whole") == "whole"]
            assert [entry["path"] for entry in whole if found[entry["path"]] != entry["value"]] == []


def test_the_depth_limit_is_above_what_carriers_nest() -> None:
    assert MAX_DEPTH >= 32
