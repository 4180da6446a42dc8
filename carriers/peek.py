"""Read one value of a body that nobody has claimed yet, to tell which operation or push it is. Knows codecs and steps; keeps and refuses nothing:
what cannot be read is not there."""

from __future__ import annotations

from typing import Any

from carriers import envelope_form, envelope_json, envelope_xml
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step


def peek(body: bytes, steps: tuple[Step, ...], charset: str = "utf-8") -> str:
    """The text at `steps`, the first where a list stands; empty where nothing does."""
    try:
        return _opened(body, list(steps), charset)
    except CarrierRefusal:
        return ""


def _opened(raw: bytes, steps: list[Step], charset: str) -> str:
    codec, rest = steps[0].name, steps[1:]
    if codec == "form":
        text = envelope_form.loads(raw, charset, "").get(rest[0].name) or ""
        return _opened(text.encode(), rest[1:], charset) if rest[1:] and text else text
    if codec == "xml":
        return _element(envelope_xml.loads(raw, "").root, rest)
    return _json(envelope_json.loads(raw, ""), rest, charset) if codec == "json" else ""


def _json(tree: Any, steps: list[Step], charset: str) -> str:
    for at, step in enumerate(steps):
        if step.verb == "open":
            return _opened(str(tree).encode(), steps[at:], charset) if tree else ""
        if step.verb == "items":
            tree = (tree[0] if tree else None) if isinstance(tree, list) else tree
        else:
            tree = tree.get(step.name) if isinstance(tree, dict) else None
    if isinstance(tree, bool):
        return "true" if tree else "false"
    return "" if tree is None else "…" if isinstance(tree, dict | list) else str(tree)


def _element(element: envelope_xml.Element, steps: list[Step]) -> str:
    if envelope_xml.local_name(element) != steps[0].name:
        return ""
    for step in steps[1:]:
        if step.name.startswith("@"):
            return next(
                (value for _, name, value in envelope_xml.local_attributes(element) if name == step.name[1:]), ""
            )
        found = next((item for item in element if envelope_xml.local_name(item) == step.name), None)
        if found is None:
            return ""
        element = found
    return (element.text or "").strip() or ("…" if len(element) else "")
