"""Walk an XML document and its claim tree in step: elements, attributes, text. Knows elements; what a leaf is, the claims say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carriers import envelope_xml
from carriers.claim import Node
from carriers.errors import CarrierRefusal, shown_key
from carriers.sheet import Sheet, note_party, pick_role
from masking.personal import Role

Scalar = Callable[[Node, Any, Any, Any, str, Role | None, Sheet], None]
"""Claims one text; it may open it, which is why it comes from `walk.py`."""


def claim_root(
    node: Node, root: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet, scalar: Scalar
) -> None:
    name = envelope_xml.local_name(root)
    below = node.keys.get(name) or node.rest
    if below is None:
        below = sheet.unclaimed(f"{path}/{shown_key(name)}")
    _claim_element(below, root, f"{path}/{name}", role, sheet, scalar)


def _claim_element(
    node: Node, element: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet, scalar: Scalar
) -> None:
    if node.drop:
        sheet.drops.append((envelope_xml.Text(element), 0))
    if node.switch is not None:
        role = pick_role(node.switch, _beside(element, node.switch.by), path, sheet)
    if node.party >= 0:
        note_party(node, role, path, sheet)
    for qualified, name, value in envelope_xml.local_attributes(element):
        below = node.keys.get(f"@{name}") or node.rest
        if below is None:
            below = sheet.unclaimed(f"{path}/@{shown_key(name)}")
        scalar(below, value, element.attrib, qualified, f"{path}/@{name}", role, sheet)
    text = (element.text or "").strip()
    if text:
        scalar(node, text, envelope_xml.Text(element), 0, path, role, sheet)
    if len(element):
        _claim_children(node, element, path, role, sheet, scalar)


def _claim_children(
    node: Node, element: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet, scalar: Scalar
) -> None:
    names = [envelope_xml.local_name(item) for item in element]
    if node.single and len(names) > 1 and not sheet.lenient:
        raise CarrierRefusal("several orders in one request: send them one by one", code="batch_refused", path=path)
    met: dict[str, int] = {}
    for name, item in zip(names, element):
        below = node.keys.get(name) or node.rest
        if below is None:
            below = sheet.unclaimed(f"{path}/{shown_key(name)}")
        met[name] = met.get(name, 0) + 1
        index = f"[{met[name]}]" if names.count(name) > 1 else ""
        _claim_element(below, item, f"{path}/{name}{index}", role, sheet, scalar)
        if item.tail and item.tail.strip():
            raise CarrierRefusal("text between elements", code="unclaimed_field", path=path)


def _beside(element: envelope_xml.Element, by: str) -> str | None:
    if by.startswith("@"):
        return next((value for _, name, value in envelope_xml.local_attributes(element) if name == by[1:]), None)
    return next((item.text for item in element if envelope_xml.local_name(item) == by), None)
