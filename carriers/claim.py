"""Claims: what a profile says about every leaf of a document, as a tree that grows from paths.

Knows rules, roles and nodes; knows no bytes and walks nothing (`walk.py` does, in step with the document). A leaf that no node claims is refused
there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from carriers import fieldpath
from carriers.errors import ProfileError
from carriers.fieldpath import ANY_DEPTH, Step
from masking.personal import Kind, Role

WORDS: dict[str, tuple[Kind, str]] = {
    "name": (Kind.NAME, ""),
    "phone": (Kind.PHONE, ""),
    "phone_country": (Kind.PHONE, "country"),
    "phone_area": (Kind.PHONE, "area"),
    "phone_number": (Kind.PHONE, "number"),
    "phone_ext": (Kind.PHONE, "ext"),
    "phone_last4": (Kind.PHONE, "last4"),
    "email": (Kind.EMAIL, ""),
    "email_alias": (Kind.EMAIL, "alias"),
    "address_line": (Kind.ADDRESS_LINE, ""),
    "house": (Kind.ADDRESS_LINE, "house"),
    "coordinates": (Kind.ADDRESS_LINE, "coordinates"),
    "company": (Kind.COMPANY, ""),
    "id": (Kind.ID, ""),
    "person_id": (Kind.ID, "alias"),
    "free_text": (Kind.FREE_TEXT, ""),
    "goods": (Kind.FREE_TEXT, "goods"),
    "country": (Kind.PLAIN, "country"),
    "state": (Kind.PLAIN, "state"),
    "city": (Kind.PLAIN, "city"),
    "district": (Kind.PLAIN, "district"),
    "postcode": (Kind.PLAIN, "postcode"),
    "plain": (Kind.PLAIN, ""),
    "credential": (Kind.CREDENTIAL, ""),
    "fresh": (Kind.CREDENTIAL, "fresh"),
    "attachment": (Kind.PLAIN, "attachment"),
    "waybill": (Kind.PLAIN, "waybill"),
    "routing_code": (Kind.PLAIN, "routing_code"),
    "reference": (Kind.PLAIN, "reference"),
    "handle": (Kind.PLAIN, "handle"),
    "error_code": (Kind.PLAIN, "error_code"),
    "status": (Kind.PLAIN, "status"),
    "event_time": (Kind.PLAIN, "event_time"),
    "event_clock": (Kind.PLAIN, "event_clock"),
    "event_id": (Kind.PLAIN, "event_id"),
    "label": (Kind.PLAIN, "label"),
    "label_url": (Kind.PLAIN, "label_url"),
}
"""The words that profiles say, with what each means: a kind, and which part of a value, an address or an answer."""

PARTY_KINDS = (Kind.NAME, Kind.PHONE, Kind.EMAIL, Kind.COMPANY, Kind.ADDRESS_LINE, Kind.ID)
PLACE_PARTS = ("country", "state", "city", "district", "postcode")
"""What a party consists of, and what of it is plain."""
SPLIT_PHONE = len(PARTY_KINDS) + len(PLACE_PARTS)
"""A piece of a number that stands in several fields."""
PERSONAL = frozenset(PARTY_KINDS)
ADDRESS_PARTS = frozenset(PLACE_PARTS)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one leaf is."""

    kind: Kind
    part: str = ""
    role: Role | None = None
    """None: whose it is stands in the document (`Switch`)."""
    party: int = -1
    """The index of the party claim it belongs to; -1 for none."""
    beside: str = ""
    """For a phone: the key beside it that holds the extension, where the format has one."""
    stranger: bool = False
    """Nobody claimed the leaf; the policy lets it pass through the detector or reports it."""
    says: int = field(init=False, repr=False, compare=False)
    """What of its party the leaf says: an index into `PARTY_KINDS` and `PLACE_PARTS` after them, `SPLIT_PHONE`, or -1 for nothing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "says", _says(self.kind, self.part))


def _says(kind: Kind, part: str) -> int:
    if kind is Kind.PLAIN and part in ADDRESS_PARTS:
        return len(PARTY_KINDS) + PLACE_PARTS.index(part)
    # A shop's own id of a person is no number of theirs, a point on a map no line: the shop alone has them back.
    if kind not in PERSONAL or part == "coordinates" or (part == "alias" and kind is Kind.ID):
        return -1
    return SPLIT_PHONE if part and kind is Kind.PHONE else PARTY_KINDS.index(kind)


PLAIN = Rule(Kind.PLAIN)


@dataclass(frozen=True, slots=True)
class Switch:
    """A party whose role is told by a value beside it, as SF's `contactType` does."""

    by: str
    roles: Mapping[str, Role]


DESCEND, ENTER, SKIP, PERSONAL_LEAF, ROUTE, NOTE = range(6)
"""Lanes of the walk: go in with care, go straight into an object, pass a plain leaf by, note a personal leaf, a part of the routing, another leaf."""


class Node:
    """One place of a document: what stands there and what may stand below."""

    __slots__ = (
        "codec",
        "documents",
        "drop",
        "inner",
        "items",
        "keys",
        "label",
        "lane",
        "late",
        "party",
        "party_role",
        "plain",
        "plain_rest",
        "rest",
        "rule",
        "single",
        "switch",
    )

    def __init__(self, label: str = "") -> None:
        self.label = label
        """How a JSON key reads in a path, `.key` or `['odd key']`; empty for what matches any key."""
        self.lane = DESCEND
        """How the walk treats what stands here; set by `settle_lanes` when the tree is complete."""
        self.plain: frozenset[str] = frozenset()
        """The keys of plain leaves: half of what an order says, and passed by at a look."""
        self.plain_rest = False
        """The plain leaves of all keys that `keys` does not name are passed by."""
        self.documents: frozenset[str] = frozenset()
        """The keys below which JSON is opened, whatever stands there."""
        self.keys: dict[str, Node] = {}
        self.items: Node | None = None
        self.rest: Node | None = None
        """For any key that `keys` does not name."""
        self.rule: Rule | None = None
        self.switch: Switch | None = None
        self.party = -1
        """The party claim that begins here; a second one of the same role is refused."""
        self.party_role: Role | None = None
        self.codec = ""
        """How the string that stands here is opened."""
        self.inner: Node | None = None
        self.drop = False
        """What stands here does not go out at all."""
        self.single = False
        """A list of orders: more than one is refused."""
        self.late = False
        """Something below is filled in only when the request is finished: a credential, a signature, a cipher."""

    def __repr__(self) -> str:
        return f"<Node {sorted(self.keys)}>"

    def child(self, step: Step) -> Node:
        """The node a step leads to, grown where it is new."""
        match step.verb:
            case "items":
                self.items = self.items or Node()
                return self.items
            case "any":
                self.rest = self.rest or Node()
                if step.name == ANY_DEPTH:
                    self.rest.rest = self.rest.items = self.rest
                return self.rest
            case "open":
                if self.inner is not None and self.codec != step.name:
                    raise ProfileError(f"opened both as {self.codec} and as {step.name}", code="envelope_conflict")
                self.codec = step.name
                self.inner = self.inner or Node()
                return self.inner
        node = self.keys.get(step.name)
        if node is None:
            node = self.keys[step.name] = Node(fieldpath.child("", step.name))
        return node


def place(root: Node, steps: tuple[Step, ...]) -> Node:
    """The node at the end of `steps`, grown where it is new."""
    node = root
    for step in steps:
        node = node.child(step)
    return node


def claim(root: Node, steps: tuple[Step, ...], rule: Rule) -> None:
    """Say what the leaf at `steps` is. Raises ProfileError(code="claimed_twice") where it is something else already."""
    rule = PLAIN if rule == PLAIN else rule  # the walk tells it by identity
    node = place(root, steps)
    if node.rule is not None and node.rule != rule:
        raise ProfileError(f"claimed both as {_word(node.rule)} and as {_word(rule)}", code="claimed_twice")
    node.rule = rule


def _word(rule: Rule) -> str:
    return rule.part or rule.kind.value


def nodes(root: Node) -> Iterator[Node]:
    """Every node of a tree once, those that stand for any depth included."""
    seen: set[int] = set()
    rest = [root]
    while rest:
        node = rest.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            rest += [
                *node.keys.values(),
                *(below for below in (node.items, node.rest, node.inner) if below is not None),
            ]


def settle_lanes(root: Node) -> None:
    """Decide each node's lane, once, so that the walk need not."""
    for node in nodes(root):
        rule = node.rule
        if rule is None or node.drop:
            node.lane = DESCEND if node.drop or (node.items is not None and not node.keys) else ENTER
        elif rule is PLAIN:
            node.lane = SKIP
        else:
            node.lane = _lane_of(rule)
    for node in nodes(root):
        node.plain_rest = node.rest is not None and node.rest.lane == SKIP
        node.plain = frozenset([key for key, below in node.keys.items() if below.lane == SKIP])
        node.documents = frozenset([key for key, below in node.keys.items() if _opens_json(below)])


def _lane_of(rule: Rule) -> int:
    if rule.stranger or rule.kind is Kind.CREDENTIAL:
        return NOTE
    if rule.kind is Kind.PLAIN:
        return ROUTE if rule.part in ADDRESS_PARTS else NOTE
    return PERSONAL_LEAF


def _opens_json(node: Node) -> bool:
    return node.codec == "json" and node.rule is None and node.items is None


def stranger(rule: Rule) -> Node:
    """A node that takes whatever nobody claimed, to any depth, under one rule."""
    node = Node()
    node.rest = node.items = node
    node.rule = rule
    settle_lanes(node)
    return node
