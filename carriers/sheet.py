"""What a walk notes: the sheet of one document, its leaves and its levels, and the levels closed again. Walks nothing itself (`walk.py`).

A leaf knows the container it sits in, so that masking and restoring set values without another search.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml
from carriers.claim import ADDRESS_PARTS, Node, Rule, Switch, stranger
from carriers.errors import CarrierRefusal
from masking.personal import Kind, Role

_PLAIN: Final = Kind.PLAIN
_CREDENTIAL: Final = Kind.CREDENTIAL
THIRD_PARTY: Final = Role.THIRD_PARTY
_NO_KEYS: Mapping[str, str] = MappingProxyType({})
_STRANGERS = {
    "mask": stranger(Rule(Kind.FREE_TEXT, stranger=True)),
    "report": stranger(Rule(Kind.PLAIN, "stranger", stranger=True)),
}


class Leaf(Struct, eq=False, gc=False):
    """A claimed value and where it sits: `container[key]` sets it, `del container[key]` drops it."""

    path: str
    rule: Rule
    role: Role
    value: str
    """The text as it stands."""
    container: Any
    key: Any

    def __repr__(self) -> str:
        return f"<Leaf {self.path} {self.rule.kind}>"


class Level(Struct, eq=False):
    """One opened string: the tree that its codec made of it, and where the string goes back to."""

    path: str
    node: Node
    tree: Any
    container: Any
    key: Any
    raw: bytes | None = None
    """The string as it was closed last."""

    def __repr__(self) -> str:
        return f"<Level {self.path} {self.node.codec}>"


class Sheet(Struct, eq=False):
    """What a walk found."""

    policy: str = "block"
    charset: str = "utf-8"
    content_type: str = ""
    secrets: Mapping[str, str] = _NO_KEYS
    """By cipher name: the key that opens it."""
    leaves: list[Leaf] = []
    """Everything personal and all free text."""
    routing: list[Leaf] = []
    """Country to postcode of the parties: plain, but part of their address."""
    facts: dict[str, list[Leaf]] = {}
    """By word: reference, waybill, label and what else the profile points at."""
    fresh: list[tuple[str, Rule]] = []
    """Where credentials, signatures and timestamps stand: no part of the business document."""
    apart: list[tuple[Any, Any, Any]] = []
    """Container, key and value of what the business document leaves out: what is fresh, and the string of a level that is opened."""
    drops: list[tuple[Any, Any]] = []
    attachments: list[str] = []
    findings: list[str] = []
    """Paths that nobody claimed, where the policy does not refuse them."""
    levels: list[Level] = []
    """Innermost first, so that closing them in order re-encodes in reverse."""
    parties: set[tuple[int, Role]] = set()
    keys: int = 0
    lenient: bool = False
    """An answer or a push: several parties of a role, several orders and unknown roles are read, not refused."""
    dry: bool = False
    """A preview: what is ciphered stays in clear."""
    touched: bool = False
    """Something was set, so that the document is not what was received."""

    def __repr__(self) -> str:
        return f"<Sheet {len(self.leaves)} leaves, {len(self.levels)} levels>"

    def take(self, rule: Rule, container: Any, key: Any, value: Any, path: str, role: Role | None) -> None:
        """Note one claimed leaf."""
        kind, part = rule.kind, rule.part
        if kind is _CREDENTIAL:
            # Kept as it is, number or text: it may go back in unchanged.
            self.apart.append((container, key, value))
            self.fresh.append((path, rule))
            return
        text = value if type(value) is str else spelled(value)
        leaf = Leaf(path, rule, rule.role or role or THIRD_PARTY, text, container, key)
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

    def set(self, leaf: Leaf, text: str) -> None:
        """Put another text in a leaf's place."""
        leaf.container[leaf.key] = text
        self.touched = True

    def unclaimed(self, path: str) -> Node:
        """Refuse a place that no rule covers, or hand the policy's node for it."""
        node = _STRANGERS.get(self.policy)
        if node is None:
            raise CarrierRefusal("the profile says nothing about this field", code="unclaimed_field", path=path)
        return node


def stranger_kind(leaf: Leaf) -> Kind:
    """What a leaf that nobody claimed is, by its key and value: no detector of texts knows a bare name."""
    from carriers.infer import judge_alone  # 50 ms of word lists, which only strangers need

    return judge_alone(leaf.path, leaf.value)[0]


def pick_role(switch: Switch, value: Any, path: str, sheet: Sheet) -> Role:
    """Whose the leaves below are, by the value beside them."""
    role = switch.roles.get(str(value))
    if role is not None:
        return role
    if sheet.lenient:
        return THIRD_PARTY
    raise CarrierRefusal("whose contact this is cannot be told", code="unknown_role", path=path)


def note_party(node: Node, role: Role | None, path: str, sheet: Sheet) -> None:
    """Refuse a second party of one role at the same claim: one relay number cannot reach two people."""
    if node.switch is None:
        role = node.party_role
    if role is None or role is THIRD_PARTY or sheet.lenient:
        return
    met = (node.party, role)
    if met in sheet.parties:
        raise CarrierRefusal(f"a second {role} in one order", code="party_repeated", path=path)
    sheet.parties.add(met)


def spelled(value: Any) -> str:
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
    charset = "utf-8"
    if level.node.codec == "form":
        charset = sheet.charset
    elif level.node.codec == "xml":
        charset = level.tree.encoding
    container = level.container
    if type(container) is envelope_form.DocumentField and charset == envelope_form.UTF_8:
        container.raw, container.coded = raw, None
    else:
        container[level.key] = raw.decode(charset)


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
