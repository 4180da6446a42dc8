"""What a walk notes: the sheet of one document, its leaves and its levels, and the levels closed again. Walks nothing itself (`walk.py`).

A leaf knows the container it sits in, so that masking and restoring set values without another search.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml
from carriers.claim import ADDRESS_PARTS, Node, Rule, stranger
from carriers.errors import CarrierRefusal
from masking.personal import Kind, Role

_PLAIN: Final = Kind.PLAIN
_CREDENTIAL: Final = Kind.CREDENTIAL
THIRD_PARTY: Final = Role.THIRD_PARTY
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


new_leaf = partial(tuple.__new__, Leaf)  # a third of the cost of calling the class, seventeen times an order


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
        "touched",
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
        self.parties: set[tuple[int, str]] = set()
        self.keys = 0
        self.lenient = False
        """An answer or a push: several parties of a role, several orders and unknown roles are read, not refused."""
        self.dry = False
        """A preview: what is ciphered stays in clear."""
        self.touched = False
        """Something was set, so that the document is not what was received."""

    def __repr__(self) -> str:
        return f"<Sheet {len(self.leaves)} leaves, {len(self.levels)} levels>"

    def take(self, rule: Rule, container: Any, key: Any, value: Any, path: str, role: Role | None) -> None:
        """Note one claimed leaf."""
        kind, part = rule.kind, rule.part
        if kind is _CREDENTIAL:
            # Kept as it is, number or text: it may go back in unchanged.
            self.fresh.append(new_leaf((path, rule, THIRD_PARTY, value, container, key)))
            return
        text = value if type(value) is str else spelled(value)
        leaf = new_leaf((path, rule, rule.role or role or THIRD_PARTY, text, container, key))
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


def pick_role(node: Node, value: Any, path: str, sheet: Sheet) -> Role:
    """Whose the leaves below are, by the value beside them."""
    switch = node.switch
    role = switch.roles.get(str(value)) if switch is not None else None
    if role is None and sheet.lenient:
        return THIRD_PARTY
    if role is None:
        raise CarrierRefusal("whose contact this is cannot be told", code="unknown_role", path=path)
    return role


def note_party(node: Node, role: Role | None, path: str, sheet: Sheet) -> None:
    """Refuse a second party of one role at the same claim: one relay number cannot reach two people."""
    role = role if node.switch is not None else node.party_role
    if role is None or sheet.lenient:
        return
    met = (node.party, role._value_)
    if met in sheet.parties and role is not THIRD_PARTY:
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
    level.container[level.key] = raw.decode(charset)


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
