"""The proof that a profile leaves nothing out: every field of every operation, answer and push, and what it is taken for.

Reads compiled profiles (`profile.py`) and, beside them, samples (`leaves.py`); masks nothing. A field that no profile line names is `unclassified`; what
then becomes of it is the operation's policy (`block`, `mask`, `report`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carriers.claim import PERSONAL, Node, Rule
from carriers.fieldpath import ANY_DEPTH
from carriers.leaves import leaves, step
from carriers.profile import CarrierProfile, Operation
from carriers.walk import Sheet, walk_body
from masking.personal import Kind

PERSONAL_CLASS, PLAIN_CLASS, FREE_CLASS, CREDENTIAL_CLASS, UNCLASSIFIED = (
    "personal",
    "plain",
    "free_text",
    "credential",
    "unclassified",
)
CLASSES = (PERSONAL_CLASS, FREE_CLASS, CREDENTIAL_CLASS, PLAIN_CLASS, UNCLASSIFIED)


@dataclass(frozen=True, slots=True)
class Row:
    """One field and what it is taken for."""

    operation: str
    """The operation's or the push's id."""
    direction: str
    """`request`, `query`, `answer` or `push`."""
    path: str
    """As in profiles: `[]` for every item of a list, `*` for any key, `**` for everything below."""
    group: str
    """One of `CLASSES`."""
    kind: str
    """The kind, with the part of a value or an answer where the profile names one: `phone`, `plain (waybill)`."""
    party: str = ""


def rows(profile: CarrierProfile) -> Iterator[Row]:
    """Every field that the profile names, and for each document what becomes of the rest."""
    for operation in profile.operations.values():
        yield from _document(operation.id, "request", operation.root)
        yield from _document(operation.id, "query", operation.query)
        yield Row(operation.id, "request", "anything else", UNCLASSIFIED, operation.unclassified)
        yield from _document(operation.id, "answer", operation.answer.root)
    for push in profile.pushes:
        yield from _document(push.id, "push", push.root)


def _document(name: str, direction: str, root: Node) -> Iterator[Row]:
    for path, rule, by in _claims(root, "", "", set()):
        yield Row(name, direction, path, *_classed(rule, by))


def _classed(rule: Rule, by: str) -> tuple[str, str, str]:
    kind = f"{rule.kind} ({rule.part})" if rule.part else rule.kind.value
    if rule.kind in PERSONAL:
        return PERSONAL_CLASS, kind, rule.role.value if rule.role else by or "third_party"
    match rule.kind:
        case Kind.FREE_TEXT:
            return FREE_CLASS, kind, ""
        case Kind.CREDENTIAL:
            return CREDENTIAL_CLASS, kind, ""
    return PLAIN_CLASS, kind, ""


def _claims(node: Node, path: str, codec: str, seen: set[int], by: str = "") -> Iterator[tuple[str, Rule, str]]:
    """Path and rule of every claimed place below a node, in the order of the profile."""
    if id(node) in seen:
        return  # a node that stands for any depth contains itself
    seen = seen | {id(node)}
    if node.switch:
        by = f"by {node.switch.by}"
    if node.rule is not None:
        yield path or "$", node.rule, by
    for key, below in node.keys.items():
        yield from _claims(below, _child(path, key, codec), codec, seen, by)
    if node.rest is not None:
        deep = node.rest.rest is node.rest
        yield from _claims(node.rest, _child(path, ANY_DEPTH if deep else "*", codec), codec, seen, by)
    if node.items is not None and node.items is not node:
        yield from _claims(node.items, f"{path}[]" if codec == "json" else path, codec, seen, by)
    if node.inner is not None:
        yield from _claims(node.inner, _opened(path, node.codec), node.codec, seen, by)


def _child(path: str, key: str, codec: str) -> str:
    match codec:
        case "form":
            return f"{path}form:{key}"
        case "multipart":
            return f"{path}part:{key}"
        case "xml":
            return f"{path}/{key}"
    return f"{path}.{key}" if key.startswith("*") else step(path, key)


def _opened(path: str, codec: str) -> str:
    inside = {"json": "$", "xml": "", "form": "", "multipart": ""}.get(codec)
    if inside is None:
        return f"{path}~{codec}~" if path else f"{codec}~"
    return (
        f"{path}~{inside}"
        if path and not (path.startswith("part:") and "~" not in path and "$" not in path)
        else f"{path}{inside}"
    )


def check_sample(operation: Operation, body: bytes, fmt: str, *, answer: bool = False) -> list[Row]:
    """Every leaf of a sample and what the operation takes it for, by the very walk that live traffic goes through.

    Raises CarrierRefusal where the document cannot be opened as the profile says.
    """
    head = body.lstrip().partition(b"\n")[0].strip().decode("latin-1")
    content_type = f"multipart/form-data; boundary={head.removeprefix('--')}" if fmt == "multipart" else ""
    sheet = Sheet(policy="report", charset=operation.manner.charset, content_type=content_type)
    walk_body(operation.answer.root if answer else operation.root, body, sheet)
    known = dict(_met(sheet))
    found = [leaf.path for leaf in leaves(body, fmt)]
    found += [path for path in known if path not in set(found)]
    plain = (PLAIN_CLASS, Kind.PLAIN.value, "")
    return [Row(operation.id, "answer" if answer else "request", path, *known.get(path, plain)) for path in found]


def _met(sheet: Sheet) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for path, rule in sheet.fresh:
        yield path, _classed(rule, "")
    for leaf in (*sheet.routing, *(leaf for facts in sheet.facts.values() for leaf in facts)):
        yield leaf.path, _classed(leaf.rule, "")
    for leaf in sheet.leaves:
        group, kind, party = _classed(leaf.rule, "")
        yield leaf.path, (group, kind, leaf.role.value if party else "")
    for path in sheet.findings:
        yield path, (UNCLASSIFIED, "", "")
