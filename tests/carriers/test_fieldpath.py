"""Paths are read as the sample payloads write them."""

from __future__ import annotations

import pytest

from carriers.errors import ProfileError
from carriers.fieldpath import Step, expand, join, parse, straight


def test_a_path_through_a_form_into_a_json_string() -> None:
    assert parse("form:msgData~$.contactInfoList[].tel") == (
        Step("open", "form"),
        Step("key", "msgData"),
        Step("open", "json"),
        Step("key", "contactInfoList"),
        Step("items", "[]"),
        Step("key", "tel"),
    )


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("$", ["open"]),
        ("$['odd key'].b", ["open", "key", "key"]),
        ("$[].a.**", ["open", "items", "key", "any"]),
        ("/A/B/@c", ["open", "key", "key", "key"]),
        ("form:x~ems_sm4~$[].a", ["open", "key", "open", "open", "items", "key"]),
        ("part:meta$.a", ["open", "key", "open", "key"]),
        ("form:xml~/Request/@id", ["open", "key", "open", "key", "key"]),
        ("$.a~form:b~$.c", ["open", "key", "open", "key", "open", "key"]),
    ],
)
def test_every_opening_is_a_step(text: str, verbs: list[str]) -> None:
    assert [step.verb for step in parse(text)] == verbs


@pytest.mark.parametrize("text", ["", "a.b", "$.a..b", "$a", "form:", "$.a[x]", "/A//B", "form:x~nothing"])
def test_what_is_no_path_is_an_error_with_a_place(text: str) -> None:
    with pytest.raises(ProfileError) as error:
        parse(text)
    assert error.value.code == "path_invalid"


def test_braces_stand_for_alternatives_each_once() -> None:
    assert sorted(expand("a.{b,c.{d,e}}")) == ["a.b", "a.c.d", "a.c.e"]


@pytest.mark.parametrize(
    ("base", "relative", "full"),
    [
        ("form:m~$", "a.b", "form:m~$.a.b"),
        ("$", "[].x", "$[].x"),
        ("/A/B", "@c", "/A/B/@c"),
        ("form:", "k", "form:k"),
        ("$.a", "form:x", "form:x"),
        ("part:meta$", "a", "part:meta$.a"),
    ],
)
def test_relative_paths_join_in_the_notation_of_their_base(base: str, relative: str, full: str) -> None:
    assert join(base, relative) == full


def test_braces_that_stand_for_millions_are_an_error_at_once() -> None:
    with pytest.raises(ProfileError) as error:
        expand("{a,b}" * 40)
    assert error.value.code == "path_invalid"


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("$.a.b", ("", ("a", "b"))),
        ("$.a[].b", ("", ("a", "b"))),
        ("$.a~$.b.c", ("$.a", ("b", "c"))),
        ("$['odd key']~$.b~$.c", ("$['odd key']~$.b", ("c",))),
        ("$", None),
        ("$.a[]", None),
        ("$.a[]~$.b", None),
        ("$.a.*", None),
        ("$.a~/b", None),
        ("form:a~$.b", None),
        ("/a/b", None),
    ],
)
def test_keys_alone_lead_straight_through_json(path: str, keys: tuple[str, tuple[str, ...]] | None) -> None:
    assert straight(parse(path)) == keys
