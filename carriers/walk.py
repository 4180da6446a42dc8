"""Walk a document and its claim tree in step, once, and note what stands where. Knows codecs by name; masks nothing, sends nothing.

The `Sheet` that comes out lists every personal leaf with the container it sits in, so that masking and restoring set values without another
search. Refused on the way: what no claim covers (by path, never by value), a second order in one request, a second party of one role, a role
nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml
from carriers.claim import ADDRESS_PARTS, NOTE, PERSONAL_LEAF, PLAIN, SKIP, Node, Rule, stranger
from carriers.errors import CarrierRefusal, shown_key
from carriers.fieldpath import child, shown_child
from masking.personal import Kind, Role

_PLAIN: Final = Kind.PLAIN
_CREDENTIAL: Final = Kind.CREDENTIAL
_THIRD_PARTY: Final = Role.THIRD_PARTY
_SCALARS = frozenset((str, int, float, bool, type(None), msgspec.Raw))
_STRANGERS = {
    "mask": stranger(Rule(Kind.FREE_TEXT, stranger=True)),
    "report": stranger(Rule(Kind.PLAIN, "stranger", stranger=True)),
}


class Leaf(NamedTuple):
    """A claimed value and where it sits: `container[key]` sets it, `del container[key]` drops it."""

    path: str
    rule: Rule
    role: Role
    value: Any
    """The text as it stands; a fresh value (timestamp, credential) keeps its JSON type."""
    container: Any
    key: Any

    def __repr__(self) -> str:
        return f"<Leaf {self.path} {self.rule.kind}>"


_leaf = partial(tuple.__new__, Leaf)  # a third of the cost of calling the class, seventeen times an order


class Level:
    """One opened string: the tree that its codec made of it, and where the string goes back to."""

    __slots__ = ("container", "key", "node", "path", "raw", "tree")

    def __init__(self, path: str, node: Node, tree: Any, container: Any, key: Any) -> None:
        self.path = path
        self.node = node
        self.tree = tree
        self.container = container
        self.key = key
        self.raw: bytes | None = None
        """The string as it was closed last."""

    def __repr__(self) -> str:
        return f"<Level {self.path} {self.node.codec}>"


class Sheet:
    """What a walk found."""

    __slots__ = (
        "attachments",
        "charset",
        "content_type",
        "drops",
        "dry",
        "facts",
        "findings",
        "fresh",
        "keys",
        "leaves",
        "lenient",
        "levels",
        "parties",
        "policy",
        "routing",
        "secrets",
    )

    def __init__(
        self,
        *,
        policy: str = "block",
        charset: str = "utf-8",
        content_type: str = "",
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.policy = policy
        self.charset = charset
        self.content_type = content_type
        self.secrets = secrets or {}
        """By cipher name: the key that opens it."""
        self.leaves: list[Leaf] = []
        """Everything personal and all free text."""
        self.routing: list[Leaf] = []
        """Country to postcode of the parties: plain, but part of their address."""
        self.facts: dict[str, list[Leaf]] = {}
        """By word: reference, waybill, label and what else the profile points at."""
        self.fresh: list[Leaf] = []
        """Credentials, signatures, timestamps: no part of the business document."""
        self.drops: list[tuple[Any, Any]] = []
        self.attachments: list[str] = []
        self.findings: list[str] = []
        """Paths that nobody claimed, where the policy does not refuse them."""
        self.levels: list[Level] = []
        """Innermost first, so that closing them in order re-encodes in reverse."""
        self.parties: set[tuple[int, Role]] = set()
        self.keys = 0
        self.lenient = False
        """An answer or a push: several parties of a role, several orders and unknown roles are read, not refused."""
        self.dry = False
        """A preview: what is ciphered stays in clear."""

    def __repr__(self) -> str:
        return f"<Sheet {len(self.leaves)} leaves, {len(self.levels)} levels>"

    def take(self, rule: Rule, container: Any, key: Any, value: Any, path: str, role: Role | None) -> None:
        """Note one claimed leaf."""
        kind, part = rule.kind, rule.part
        if kind is _CREDENTIAL:
            # Kept as it is, number or text: it may go back in unchanged.
            self.fresh.append(_leaf((path, rule, _THIRD_PARTY, value, container, key)))
            return
        text = value if type(value) is str else _spelled(value)
        leaf = _leaf((path, rule, rule.role or role or _THIRD_PARTY, text, container, key))
        if rule.stranger:
            self.findings.append(path)
        if kind is not _PLAIN:
            if text:
                self.leaves.append(leaf)
        elif part in ADDRESS_PARTS:
            self.routing.append(leaf)
        elif part == "attachment":
            self.attachments.append(path)
        elif part != "stranger":
            self.facts.setdefault(part, []).append(leaf)

    def unclaimed(self, path: str) -> Node:
        """Refuse a place that no rule covers, or hand the policy's node for it."""
        node = _STRANGERS.get(self.policy)
        if node is None:
            raise CarrierRefusal("the profile says nothing about this field", code="unclaimed_field", path=path)
        return node


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
            at = _below(path, "$")
            before, sheet.keys = sheet.keys, 0
            tree = envelope_json.loads(raw, path)
            claim_value(inner, tree, container, key, at, role, sheet)
            envelope_json.check_keys(raw, sheet.keys, path)
            sheet.keys = before
        case "form":
            tree = envelope_form.loads(raw, sheet.charset, path)
            _claim_form(inner, tree, path, role, sheet)
        case "xml":
            tree = envelope_xml.loads(raw, path)
            _claim_root(inner, tree.root, f"{path}~" if path else "", role, sheet)
        case "multipart":
            tree = envelope_multipart.loads(raw, sheet.content_type, path)
            _claim_parts(inner, tree, role, sheet)
        case cipher:
            # A document in clear where a ciphered one belongs is taken as it is; it is ciphered on the way out.
            clear = raw.lstrip()[:1] in (b"{", b"[", b"<")
            tree = [raw if clear else envelope_cipher.decrypt(cipher, raw, sheet.secrets.get(cipher), path)]
            open_level(inner, tree[0], tree, 0, path, role, sheet)
    sheet.levels.append(Level(path, node, tree, container, key))


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
            claim_value(items, item, value, index, f"{path}[{index}]", role, sheet, depth + 1)
        return
    if node.items is not None and node.rule is None and not node.keys:
        node = node.items  # a single item where a list may stand
    if kind is dict:
        _claim_map(node, value, path, role, sheet, depth + 1)
    elif value is not None and kind is not bool:
        _claim_scalar(node, value, container, key, path, role, sheet)


def _claim_map(node: Node, mapping: dict[str, Any], path: str, role: Role | None, sheet: Sheet, depth: int) -> None:
    sheet.keys += len(mapping)
    if node.switch is not None:
        role = pick_role(node, mapping.get(node.switch.by), path, sheet)
    if node.party >= 0:
        note_party(node, role, path, sheet)
    keys, leaves = node.keys, sheet.leaves
    for key, value in mapping.items():
        below = keys.get(key) or node.rest
        if below is None:
            below = sheet.unclaimed(shown_child(path, key))
        lane = below.lane
        # The three commonest cases without another call: this loop sees every leaf of every order.
        if lane == SKIP and type(value) in _SCALARS:
            continue
        below_path = path + (below.label or child("", key))
        if lane == PERSONAL_LEAF and type(value) is str:
            if value:
                rule = below.rule
                leaves.append(_leaf((below_path, rule, rule.role or role or _THIRD_PARTY, value, mapping, key)))  # type: ignore[union-attr]
        elif lane == NOTE and type(value) is str:
            sheet.take(below.rule, mapping, key, value, below_path, role)  # type: ignore[arg-type]
        else:
            claim_value(below, value, mapping, key, below_path, role, sheet, depth)


def _claim_scalar(node: Node, value: Any, container: Any, key: Any, path: str, role: Role | None, sheet: Sheet) -> None:
    if node.codec:
        # An empty string is what carriers write for "nothing here"; there is nothing to open.
        if value != "":
            open_level(node, _spelled(value).encode(), container, key, path, role, sheet)
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
    seen: set[str] = set()
    keys, fresh = node.keys, sheet.fresh
    prefix = f"{path}~form:" if path and path != "query" else ("query:" if path else "form:")
    for field in form.fields:
        name = field.name
        below = keys.get(name) or node.rest
        if below is None:
            below = sheet.unclaimed(prefix + shown_key(name))
        # Two parsers may pick different ones of two: only what is claimed as a list may repeat.
        if name in seen and below.items is None:
            raise CarrierRefusal("a form field stands twice", code="duplicate_key", path=prefix + shown_key(name))
        seen.add(name)
        rule = below.rule
        if below.drop:
            sheet.drops.append((field, 0))
        if rule is not None and rule.kind is _CREDENTIAL:
            fresh.append(_leaf((prefix + name, rule, _THIRD_PARTY, field.text, field, 0)))
        elif below.lane != SKIP:
            _claim_scalar(below.items or below, field.text, field, 0, prefix + name, role, sheet)


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


def _claim_root(node: Node, root: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet) -> None:
    name = envelope_xml.local_name(root)
    below = node.keys.get(name) or node.rest
    if below is None:
        below = sheet.unclaimed(f"{path}/{shown_key(name)}")
    _claim_element(below, root, f"{path}/{name}", role, sheet)


def _claim_element(node: Node, element: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet) -> None:
    if node.drop:
        sheet.drops.append((envelope_xml.Text(element), 0))
    if node.switch is not None:
        role = pick_role(node, _beside(element, node.switch.by), path, sheet)
    if node.party >= 0:
        note_party(node, role, path, sheet)
    for qualified, name, value in envelope_xml.local_attributes(element):
        below = node.keys.get(f"@{name}") or node.rest
        if below is None:
            below = sheet.unclaimed(f"{path}/@{shown_key(name)}")
        _claim_scalar(below, value, element.attrib, qualified, f"{path}/@{name}", role, sheet)
    text = (element.text or "").strip()
    if text:
        _claim_scalar(node, text, envelope_xml.Text(element), 0, path, role, sheet)
    _claim_children(node, element, path, role, sheet)


def _claim_children(node: Node, element: envelope_xml.Element, path: str, role: Role | None, sheet: Sheet) -> None:
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
        _claim_element(below, item, f"{path}/{name}{index}", role, sheet)
        if item.tail and item.tail.strip():
            raise CarrierRefusal("text between elements", code="unclaimed_field", path=path)


def _beside(element: envelope_xml.Element, by: str) -> str | None:
    if by.startswith("@"):
        return next((value for _, name, value in envelope_xml.local_attributes(element) if name == by[1:]), None)
    return next((item.text for item in element if envelope_xml.local_name(item) == by), None)


def pick_role(node: Node, value: Any, path: str, sheet: Sheet) -> Role:
    """Whose the leaves below are, by the value beside them."""
    switch = node.switch
    role = switch.roles.get(str(value)) if switch is not None else None
    if role is None and sheet.lenient:
        return _THIRD_PARTY
    if role is None:
        raise CarrierRefusal("whose contact this is cannot be told", code="unknown_role", path=path)
    return role


def note_party(node: Node, role: Role | None, path: str, sheet: Sheet) -> None:
    """Refuse a second party of one role at the same claim: one relay number cannot reach two people."""
    role = role if node.switch is not None else node.party_role
    if role is None or sheet.lenient:
        return
    met = (node.party, role)
    if met in sheet.parties and role is not _THIRD_PARTY:
        raise CarrierRefusal(f"a second {role} in one order", code="party_repeated", path=path)
    sheet.parties.add(met)


def _below(path: str, mark: str) -> str:
    if path.startswith("part:"):
        return path + mark
    return f"{path}~{mark}" if path else mark


def _spelled(value: Any) -> str:
    """A scalar as it stands in the document."""
    if isinstance(value, str):
        return value
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)


def close_level(level: Level, sheet: Sheet) -> bytes:
    """The level's string again; `level.raw` remembers it."""
    level.raw = _closed(level, sheet)
    return level.raw


def put_back(level: Level, sheet: Sheet) -> None:
    """Close a level and set its string where it was opened."""
    raw = close_level(level, sheet)
    level.container[level.key] = raw.decode(sheet.charset if level.node.codec == "form" else "utf-8")


def _closed(level: Level, sheet: Sheet) -> bytes:
    match level.node.codec:
        case "json":
            return envelope_json.dumps(level.tree)
        case "form":
            return envelope_form.dumps(level.tree)
        case "xml":
            return envelope_xml.dumps(level.tree)
        case "multipart":
            return envelope_multipart.dumps(level.tree)
        case cipher:
            raw = level.tree[0]
            if sheet.dry:
                return raw if isinstance(raw, bytes) else str(raw).encode()
            return envelope_cipher.encrypt(
                cipher, raw if isinstance(raw, bytes) else raw.encode(), sheet.secrets.get(cipher), level.path
            )
