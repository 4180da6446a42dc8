"""Walk a document and its claim tree in step, once, and note on the sheet what stands where. Knows codecs by name; masks nothing, sends nothing.

Refused on the way: what no claim covers (by path, never by value), a second order in one request, a second party of one role, a role nobody
knows. XML is walked by `walk_xml.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml
from carriers.claim import ENTER, NOTE, PERSONAL_LEAF, PLAIN, ROUTE, SKIP, Node, Rule
from carriers.envelope_form import UTF_8, DocumentField, Field
from carriers.errors import CarrierRefusal, shown_key
from carriers.fieldpath import child, shown_child
from carriers.sheet import THIRD_PARTY, Leaf, Level, Sheet, note_party, pick_role, spelled
from carriers.walk_xml import claim_root
from masking.personal import Kind, Role

__all__ = ["Sheet", "claim_value", "open_level", "walk_body"]

_CREDENTIAL: Final = Kind.CREDENTIAL
_REMARK: Final = Rule(Kind.FREE_TEXT)
_OPENINGS = ("{", "[", "<", '"')
_FIRST = tuple(
    [f"[{index}]" for index in range(16)]
)  # most lists are short, and formatting a number costs more than its item
_SCALARS = frozenset((str, int, float, bool, type(None), msgspec.Raw))


def walk_body(root: Node, body: bytes, sheet: Sheet) -> None:
    """Open the whole body as the tree says."""
    open_level(root, body, None, None, "", None, sheet)


def open_level(node: Node, raw: bytes, container: Any, key: Any, path: str, role: Role | None, sheet: Sheet) -> None:
    """Open one string with its node's codec, claim what is inside, note the level."""
    inner = node.inner
    if inner is None:
        raise CarrierRefusal("the profile says nothing about this body", code="unclaimed_field", path=path)
    tree: Any
    match node.codec:
        case "json":
            at = _below(path, "$") if path else "$"
            before, sheet.keys = sheet.keys, 0
            tree = envelope_json.loads(raw, path)
            if type(tree) is dict or type(tree) is list:
                claim_value(inner, tree, container, key, at, role, sheet)
            else:
                tree = envelope_json.Bare([tree])
                claim_value(inner, tree[0], tree, 0, at, role, sheet)
            envelope_json.check_keys(raw, tree, sheet.keys, path)
            sheet.keys = before
        case "form":
            tree = envelope_form.loads(raw, sheet.charset, path, () if sheet.lenient else inner.documents)
            _claim_form(inner, tree, path, role, sheet)
        case "xml":
            inside = container is not None and type(container) is not envelope_multipart.Part
            tree = envelope_xml.loads(envelope_xml.recoded(raw, path) if inside else raw, path)
            claim_root(inner, tree.root, f"{path}~" if path else "", role, sheet, _claim_scalar)
        case "multipart":
            tree = envelope_multipart.loads(raw, sheet.content_type, path)
            _claim_parts(inner, tree, role, sheet)
        case cipher:
            # A shop's document in clear where a ciphered one belongs is taken as it is; it is ciphered on the way out.
            # Of a carrier's push the cipher is all that proves who sent it.
            clear = not sheet.lenient and raw.lstrip()[:1] in (b"{", b"[", b"<")
            tree = [raw if clear else envelope_cipher.decrypt(cipher, raw, sheet.secrets.get(cipher), path)]
            open_level(inner, tree[0], tree, 0, path, role, sheet)
    sheet.levels.append(Level(path, node, tree, container, key))
    if container is not None:
        _set_apart(container, key, sheet)


def claim_value(
    node: Node, value: Any, container: Any, key: Any, path: str, role: Role | None, sheet: Sheet, depth: int = 0
) -> None:
    """Claim one JSON value of any type."""
    kind = type(value)
    if depth > envelope_json.MAX_DEPTH:
        raise CarrierRefusal("nested too deeply", code="too_deep", path=path[:200])
    if node.drop:
        sheet.drops.append((container, key))
    if kind is list:
        items = node.items
        if items is None:
            items = sheet.unclaimed(path)
        if node.single and len(value) > 1 and not sheet.lenient:
            raise CarrierRefusal("several orders in one request: send them one by one", code="batch_refused", path=path)
        for index, item in enumerate(value):
            below = path + (_FIRST[index] if index < len(_FIRST) else f"[{index}]")
            if items.lane == ENTER and type(item) is dict:
                _claim_map(items, item, below, role, sheet, depth + 1)
            else:
                claim_value(items, item, value, index, below, role, sheet, depth + 1)
        return
    if node.items is not None and node.rule is None and not node.keys:
        node = node.items  # a single item where a list may stand
    if kind is dict:
        _claim_map(node, value, path, role, sheet, depth)
    elif value is not None and kind is not bool:
        _claim_scalar(node, value, container, key, path, role, sheet)


def _claim_map(node: Node, mapping: dict[str, Any], path: str, role: Role | None, sheet: Sheet, depth: int) -> None:
    if depth > envelope_json.MAX_DEPTH:
        raise CarrierRefusal("nested too deeply", code="too_deep", path=path[:200])
    sheet.keys += len(mapping)
    switch = node.switch
    if switch is not None:
        told = mapping.get(switch.by)
        role = switch.roles.get(str(told)) or pick_role(switch, told, path, sheet)
    if node.party >= 0:
        note_party(node, role, path, sheet)
    keys, rest, plain = node.keys, node.rest, node.plain
    whose, leaves, routing = role or THIRD_PARTY, sheet.leaves, sheet.routing
    items: Iterable[tuple[str, Any]] = mapping.items()
    if node.plain_rest and _SCALARS.issuperset(map(type, mapping.values())):
        items = [(key, mapping[key]) for key in mapping if key in keys]
    # This loop sees every leaf of every order: the commonest lanes come first, and none costs another call.
    for key, value in items:
        if key in plain and type(value) in _SCALARS:
            continue
        below = keys.get(key, rest)
        if below is None:
            below = sheet.unclaimed(shown_child(path, key))
        lane = below.lane
        if lane == PERSONAL_LEAF and type(value) is str:
            if value:
                rule: Rule = below.rule  # type: ignore[assignment]
                leaves.append(
                    Leaf(path + (below.label or child("", key)), rule, rule.role or whose, value, mapping, key)
                )
        elif lane == SKIP and type(value) in _SCALARS:
            continue
        elif lane == ROUTE and type(value) is str:
            rule = below.rule  # type: ignore[assignment]
            routing.append(Leaf(path + (below.label or child("", key)), rule, rule.role or whose, value, mapping, key))
        elif lane == NOTE and type(value) is str:
            sheet.take(below.rule, mapping, key, value, path + (below.label or child("", key)), role)  # type: ignore[arg-type]
        elif lane == ENTER and type(value) is dict:
            _claim_map(below, value, path + (below.label or child("", key)), role, sheet, depth + 1)
        elif value is not None or below.drop:
            claim_value(below, value, mapping, key, path + (below.label or child("", key)), role, sheet, depth + 1)


def _claim_scalar(node: Node, value: Any, container: Any, key: Any, path: str, role: Role | None, sheet: Sheet) -> None:
    if node.codec:
        # An empty string is what carriers write for "nothing here"; there is nothing to open.
        if value == "":
            return
        text = spelled(value)
        if sheet.lenient and node.codec in ("json", "xml") and text.lstrip()[:1] not in _OPENINGS:
            sheet.take(
                _REMARK, container, key, value, path, role
            )  # what went wrong in words, where a document stands otherwise
        else:
            open_level(node, text.encode(), container, key, path, role, sheet)
        return
    rule = node.rule
    if rule is None:
        # An empty string where an object is expected says "nothing here" too.
        if value == "" and (node.keys or node.items):
            return
        rule = sheet.unclaimed(path).rule
    if rule is not None and rule is not PLAIN:
        sheet.take(rule, container, key, value, path, role)


def _claim_form(node: Node, form: envelope_form.Form, path: str, role: Role | None, sheet: Sheet) -> None:
    keys, rest, fresh = node.keys, node.rest, sheet.fresh
    prefix = f"{path}~form:" if path and path != "query" else ("query:" if path else "form:")
    if len(form.by_name()) < len(form.fields):
        _refuse_repeats(node, form, prefix)
    for field in form.fields:
        name = field.name
        below = keys.get(name, rest)
        if below is None:
            below = sheet.unclaimed(prefix + shown_key(name))
        if below.lane == SKIP:
            continue
        if below.drop:
            sheet.drops.append((field, 0))
        rule = below.rule
        if rule is not None and rule.kind is _CREDENTIAL:
            field.apart = True
            fresh.append((prefix + name, rule))
        elif type(field) is DocumentField:
            open_level(below, field.encoded(UTF_8), field, 0, prefix + name, role, sheet)
        else:
            _claim_scalar(below.items or below, field.text, field, 0, prefix + name, role, sheet)


def _refuse_repeats(node: Node, form: envelope_form.Form, prefix: str) -> None:
    """Two parsers may pick different ones of two fields: only what is claimed as a list may repeat."""
    for name, times in Counter(field.name for field in form.fields).items():
        below = node.keys.get(name, node.rest)
        if times > 1 and below is not None and below.items is None:
            raise CarrierRefusal("a form field stands twice", code="duplicate_key", path=prefix + shown_key(name))


def _claim_parts(node: Node, parts: envelope_multipart.Multipart, role: Role | None, sheet: Sheet) -> None:
    for part in parts.parts:
        path = f"part:{part.name}"
        below = node.keys.get(part.name) or node.rest
        if below is None:
            below = sheet.unclaimed("part:" + shown_key(part.name))
        content = part.content or b""
        if below.drop:
            sheet.drops.append((part, 0))
        if below.codec:
            open_level(below, content, part, 0, path, role, sheet)
        else:
            try:
                text = content.decode()
            except UnicodeDecodeError:
                raise CarrierRefusal("the part is not UTF-8", code="bad_charset", path=path) from None
            _claim_scalar(below, text, part, 0, path, role, sheet)


def _set_apart(container: Any, key: Any, sheet: Sheet) -> None:
    """The string that was opened counts no more: its level does."""
    if type(container) is DocumentField or type(container) is Field:  # a tenth of `isinstance`
        container.apart = True
    else:
        sheet.apart.append((container, key, ""))


def _below(path: str, mark: str) -> str:
    if path.startswith("part:"):
        return path + mark
    return f"{path}~{mark}" if path else mark
