"""JSON keeps its numbers and refuses what two parsers could read differently."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import envelope_json
from carriers.errors import CarrierRefusal

KEYS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)


TREES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.text(st.characters(blacklist_categories=("Cs",)), max_size=20),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


def count_keys(tree: Any) -> int:
    if isinstance(tree, dict):
        return len(tree) + sum(count_keys(value) for value in tree.values())
    return sum(count_keys(item) for item in tree) if isinstance(tree, list) else 0


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


def test_numbers_keep_their_spelling() -> None:
    raw = b'{"a":12345678901234567890123,"b":1.10,"c":1E+5,"d":-0.0,"e":1e400}'
    assert envelope_json.dumps(envelope_json.loads(raw, "")) == raw


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":NaN}', "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b'["\\ud800"]', "bad_charset"),
        (b'{"\\udfff":1}', "bad_charset"),
        (b'["\xff"]', "bad_charset"),
        ("\ufeff{}".encode(), "bad_charset"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'{"a":1', "malformed_json"),
        (b'{"a":1}x', "malformed_json"),
        (b"[01]", "malformed_json"),
        (b'["a\x01"]', "malformed_json"),
        (b"[" + b"1" * 5000 + b"]", "malformed_json"),
        (b"", "malformed_json"),
    ],
)
def test_bad_json_has_a_stable_code(raw: bytes, code: str) -> None:
    assert refusal_of(envelope_json.loads, raw, "$") == code


@given(TREES, st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\n ")]))
def test_a_document_without_duplicates_passes_however_it_is_spaced(tree: Any, separators: tuple[str, str]) -> None:
    raw = json.dumps(tree, separators=separators, ensure_ascii=False).encode()
    decoded = envelope_json.loads(raw, "")
    envelope_json.check_keys(raw, decoded, count_keys(decoded), "$")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"a" :1,"a"\n: 2}',
        b'{"x":":","a":1,"a":2}',
        b'{"x":{"a":1,"\\u0061":2}}',
        b'{"a\\\\":1,"a\\\\":2}',
        b'{"a":1,"a":2,"b\\\\":3}',
        b'{"n":"{\\"a\\":1}","a":1,"a":2}',
        b'{"n":"{\\"a\\":1,\\"b\\":2}","a":1,"a" :2}',
    ],
)
def test_a_key_that_stands_twice_is_refused_however_it_hides(raw: bytes) -> None:
    decoded = envelope_json.loads(raw, "")
    assert refusal_of(envelope_json.check_keys, raw, decoded, count_keys(decoded), "$") == "duplicate_key"


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), st.integers(0, 10))
def test_doubling_any_key_is_found(tree: dict[str, Any], at: int) -> None:
    key, value = list(tree.items())[at % len(tree)]
    pairs = [f"{json.dumps(name)}:{json.dumps(item)}" for name, item in [*tree.items(), (key, value)]]
    raw = ("{" + ",".join(pairs) + "}").encode()
    decoded = envelope_json.loads(raw, "")
    assert refusal_of(envelope_json.check_keys, raw, decoded, count_keys(decoded), "$") == "duplicate_key"


@given(TREES)
def test_canonical_bytes_do_not_see_key_order(tree: Any) -> None:
    def turned(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: turned(node[key]) for key in reversed(list(node))}
        return [turned(item) for item in node] if isinstance(node, list) else node

    assert envelope_json.canonical(tree) == envelope_json.canonical(turned(tree))
