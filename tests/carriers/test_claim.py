"""Claim trees grow from paths, once a place, and say by lane how the walk treats it."""

from __future__ import annotations

import pytest

from carriers.claim import (
    ENTER,
    NOTE,
    PERSONAL_LEAF,
    PLAIN,
    SKIP,
    WORDS,
    Node,
    Rule,
    claim,
    nodes,
    place,
    settle_lanes,
    stranger,
)
from carriers.errors import ProfileError
from carriers.fieldpath import parse
from masking.personal import Kind


def grown(*paths: tuple[str, Rule]) -> Node:
    root = Node()
    for path, rule in paths:
        claim(root, parse(path), rule)
    settle_lanes(root)
    return root


def test_lanes_follow_the_rule() -> None:
    root = grown(("$.a", PLAIN), ("$.b", Rule(Kind.NAME)), ("$.c", Rule(Kind.CREDENTIAL)), ("$.d.e", PLAIN))
    assert root.inner is not None
    assert {key: node.lane for key, node in root.inner.keys.items()} == {
        "a": SKIP,
        "b": PERSONAL_LEAF,
        "c": NOTE,
        "d": ENTER,
    }


def test_one_place_has_one_meaning() -> None:
    with pytest.raises(ProfileError) as error:
        grown(("$.a", PLAIN), ("$.a", Rule(Kind.NAME)))
    assert error.value.code == "claimed_twice"
    assert grown(("$.a", Rule(Kind.NAME)), ("$.a", Rule(Kind.NAME)))


def test_one_string_has_one_envelope() -> None:
    with pytest.raises(ProfileError) as error:
        grown(("form:a~$.b", PLAIN), ("form:a~/B", PLAIN))
    assert error.value.code == "envelope_conflict"


def test_a_place_is_grown_once() -> None:
    root = Node()
    assert place(root, parse("$.a[].b")) is place(root, parse("$.a[].b"))


def test_what_stands_for_any_depth_is_counted_once() -> None:
    assert len(list(nodes(grown(("$.a.**", PLAIN))))) == 4
    assert stranger(Rule(Kind.FREE_TEXT, stranger=True)).lane == NOTE


def test_every_word_means_a_kind() -> None:
    assert all(isinstance(kind, Kind) for kind, _ in WORDS.values())
