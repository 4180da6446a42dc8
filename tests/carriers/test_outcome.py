"""Facts of an answer, looked up wherever carriers put them: in objects, lists, strings that open, forms, parts and XML."""

from __future__ import annotations

import pytest

from carriers.claim import PLAIN, Node, claim, settle_lanes
from carriers.fieldpath import parse
from carriers.outcome import Tree, all_hold, any_holds, bare_outcome, first_text, holds, read_outcome, unread_outcome
from carriers.profile import Answer, Condition, Way
from carriers.sheet import Sheet
from carriers.walk import walk_body
from tests.carriers.acme import acme


def opened(body: str, path: str, content_type: str = "") -> Tree:
    """A document with a claim on `path`, so that what has to be opened on the way is."""
    root = Node()
    claim(root, parse(path), PLAIN)
    settle_lanes(root)
    sheet = Sheet(policy="mask", content_type=content_type)
    sheet.lenient = True
    walk_body(root, body.encode(), sheet)
    return Tree(sheet)


PARTS = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n{"b": "1"}\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "path", "values"),
    [
        ('{"a": {"b": "1"}}', "$.a.b", ["1"]),
        ('{"a": {"b": 1}}', "$.a.b", ["1"]),
        ('{"a": {"b": true}}', "$.a.b", ["true"]),
        ('{"a": {"b": false}}', "$.a.b", ["false"]),
        ('{"a": {"b": null}}', "$.a.b", []),
        ('{"a": {"b": ""}}', "$.a.b", [""]),
        ('{"a": {"b": 1.50}}', "$.a.b", ["…"]),
        ('{"a": {"b": {}}}', "$.a.b", ["…"]),
        ('{"a": {"c": "1"}}', "$.a.b", []),
        ('{"a": null}', "$.a.b", []),
        ('{"a": "b"}', "$.a.b", []),
        ('{"c": "b"}', "$.a.b", []),
        ('[{"a": "1"}]', "$.a", []),
        ('{"a": [{"b": "1"}, {"b": "2"}, {}]}', "$.a[].b", ["1", "2"]),
        ('{"a": {"b": "1"}}', "$.a[].b", ["1"]),
        ('{"a": [{"b": "1"}]}', "$.a.b", []),
        ('{"a": ["1", "2"]}', "$.a[]", ["1", "2"]),
        ('{"a": "1"}', "$.a[]", ["1"]),
        ('[{"a": "1"}, {"a": "2"}]', "$[].a", ["1", "2"]),
        ('{"a": {"*": "1"}}', "$.a.*", ["1"]),
        ('{"a": "{\\"b\\": \\"1\\"}"}', "$.a~$.b", ["1"]),
        ('{"a": "{\\"b\\": [{\\"c\\": 1}]}"}', "$.a~$.b[].c", ["1"]),
        ('{"a": [{"b": "{\\"c\\": 1}"}, {"b": "{\\"c\\": 2}"}]}', "$.a[].b~$.c", ["1", "2"]),
        ('{"a": "{\\"b\\": \\"{\\\\\\"c\\\\\\": 7}\\"}"}', "$.a~$.b~$.c", ["7"]),
        ('{"a": "<b><c>1</c><c>2</c></b>"}', "$.a~/b/c", ["1", "2"]),
        ('{"a": "what went wrong"}', "$.a~$.b", []),
        ('{"a": ""}', "$.a~$.b", []),
        ('{"a": {"b": "1"}}', "$.a~$.b", []),
        ('<a><b x="1"/><b x="2"/></a>', "/a/b/@x", ["1", "2"]),
        ("<a><b> 1 </b></a>", "/a/b", ["1"]),
        ("<a><b>1</b></a>", "/c/b", []),
        ("a=1&b=2", "form:b", ["2"]),
        ("a=%7B%22b%22%3A1%7D", "form:a~$.b", ["1"]),
        (PARTS, "part:a~$.b", ["1"]),
    ],
)
def test_what_stands_at_a_path_is_read_through_every_codec(body: str, path: str, values: list[str]) -> None:
    tree = opened(body, path, "multipart/form-data; boundary=x")
    assert tree.values(Way.to(path)) == values
    assert tree.stands(Condition((Way.to(path),), frozenset())) == bool(values)
    # Keys alone must say what the steps say.
    assert tree.values(Way(parse(path), None)) == values


def test_a_document_of_another_codec_has_no_such_place() -> None:
    assert opened('{"a": 1}', "$.a").values(Way.to("/a")) == []


def condition(*paths: str, values: tuple[str, ...] = ("1",)) -> Condition:
    return Condition(tuple(map(Way.to, paths)), frozenset(values))


def test_a_condition_holds_where_one_of_its_values_stands_at_one_of_its_places() -> None:
    tree = opened('{"a": 1, "b": "", "c": [1, 2]}', "$.a")
    assert holds(condition("$.a"), tree) and holds(condition("$.x", "$.a"), tree) and holds(condition("$.c[]"), tree)
    assert not holds(condition("$.a", values=("2",)), tree)
    assert holds(condition("$.a", values=("*",)), tree) and not holds(condition("$.b", "$.x", values=("*",)), tree)
    assert holds(condition("$.b", values=("",)), tree)
    assert all_hold((), tree) and not any_holds((), tree)
    both = (condition("$.a"), condition("$.x"))
    assert any_holds(both, tree) and not all_hold(both, tree)


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        ('{"ok": true}', 200, "booked"),
        ('{"ok": true}', 503, "unknown"),
        ('{"ok": true, "error": {"code": "E105"}}', 429, "unknown"),
        ('{"error": {"code": "E105"}, "waybill": "W1"}', 409, "booked"),
        ('{"ok": false}', 200, "refused"),
        ("{}", 200, "unknown"),
    ],
)
def test_an_outcome_is_what_the_profile_says_of_the_answer(body: str, status: int, outcome: str) -> None:
    rule = acme().operations["create"].answer
    sheet = Sheet(policy="mask")
    sheet.lenient = True
    walk_body(rule.root, body.encode(), sheet)
    assert read_outcome(rule, sheet, status) == outcome
    assert first_text(sheet.facts, "waybill") == ("W1" if "W1" in body else "")


def test_without_a_body_the_status_speaks() -> None:
    told = acme().operations["create"].answer
    assert [bare_outcome(told, status) for status in (200, 404, 409, 500)] == [
        "unknown",
        "refused",
        "unknown",
        "unknown",
    ]
    root = Node()
    root.inner = Node()
    assert bare_outcome(Answer(root), 204) == "booked"
    assert [unread_outcome(status) for status in (200, 400, 408, 502)] == ["unknown", "refused", "unknown", "unknown"]
