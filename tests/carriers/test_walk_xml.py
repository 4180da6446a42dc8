"""Elements, attributes and text are met at the paths that reports use."""

from __future__ import annotations

from carriers.claim import Node, Rule, claim
from carriers.fieldpath import parse
from carriers.sheet import Sheet
from carriers.walk import walk_body
from masking.personal import Kind


def paths(body: bytes, *claims: str) -> list[str]:
    root = Node()
    for path in claims:
        claim(root, parse(path), Rule(Kind.NAME))
    sheet = Sheet()
    walk_body(root, body, sheet)
    return [leaf.path for leaf in sheet.leaves]


def test_repeats_are_counted_from_one_and_only_where_there_are_any() -> None:
    assert paths(b"<A><B>x</B><B>y</B><C>z</C></A>", "/A/B", "/A/C") == ["/A/B[1]", "/A/B[2]", "/A/C"]


def test_namespaces_are_dropped_and_schema_hints_passed_by() -> None:
    body = b'<n:A xmlns:n="u" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x y"><n:B n:c="1"/></n:A>'
    assert paths(body, "/A/B/@c") == ["/A/B/@c"]


def test_blank_text_between_elements_is_nothing() -> None:
    assert paths(b"<A>\n  <B> x </B>\n</A>", "/A/B") == ["/A/B"]
