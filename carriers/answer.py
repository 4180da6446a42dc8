"""A carrier's answer, on every status: facts read, echoes restored, what was born at the carrier masked. Bytes in, bytes and findings out.

Knows profiles and the order's record; decides nothing about the order (`outcome` says what the answer says, no more). An answer is never
refused for a field that nobody described, a booked order must not be lost over it: such a field passes through the detector.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from carriers import envelope_xml
from carriers.born import mask_born, scrub
from carriers.envelope_form import Form
from carriers.envelope_multipart import Multipart
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step
from carriers.profile import Answer as AnswerRule
from carriers.profile import Condition, Operation
from carriers.restore import Echo, Record
from carriers.sheet import Leaf, Level, Sheet, close_level, put_back
from carriers.veil import Veiled
from carriers.walk import walk_body
from carriers.wire import WireReply
from masking.personal import Kind

KEPT_HEADERS = ("content-type", "content-language", "retry-after")
_FREE_TEXT: Final = Kind.FREE_TEXT
_UNDECIDED = frozenset((408, 409, 425, 429))
"""Client errors after which an order may stand at the carrier, or may be sent again."""
_DATA_URI = re.compile(r"data:[\w/.+-]+;base64,", re.IGNORECASE)
_MARKS = " :：,，.。;；"
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"^XA", "ZPL"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)


@dataclass(slots=True, repr=False)
class Artwork:
    """A label inside an answer. The gateway checks it and may `replace` it, or `withhold` it."""

    path: str
    format: str
    """PDF, PNG, GIF, JPEG, TIFF, ZPL, HTML, URL or unknown."""
    content: bytes
    """The artwork itself, or the URL."""
    _leaf: Leaf
    _base64: bool
    _before: str = ""
    """What stands before the content: `data:image/png;base64,`."""

    def replace(self, content: bytes) -> None:
        """Put other artwork, or another URL, in its place."""
        text = base64.b64encode(content).decode() if self._base64 else content.decode()
        self._leaf.container[self._leaf.key] = self._before + text

    def withhold(self) -> None:
        """Leave the place empty."""
        self._leaf.container[self._leaf.key] = ""


@dataclass(slots=True, repr=False)
class Answer:
    """What goes back to the shop, and what the gateway should know."""

    status: int
    headers: Mapping[str, str]
    outcome: str
    """`booked`, `refused` or `unknown`."""
    waybill: str = ""
    waybills: tuple[str, ...] = ()
    routing_code: str = ""
    reference: str = ""
    handles: tuple[str, ...] = ()
    """The carrier's own ids of the shipment, by which later calls name it."""
    error_code: str = ""
    absent: bool = False
    """A look-up's answer that says that the carrier does not know the order."""
    readable: bool = True
    """False: the answer did not parse; nothing of it is passed on."""
    findings: tuple[str, ...] = ()
    """Paths of fields that nobody described."""
    masked: int = 0
    """How many values born at the carrier were masked."""
    artwork: list[Artwork] = field(default_factory=list)
    _sheet: Sheet | None = None
    _received: bytes = b""

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.outcome}>"

    @property
    def body(self) -> bytes:
        """The body for the shop. Closed when it is asked for, so that artwork can be replaced before.

        JSON in which nothing was set goes back byte for byte; XML may say more than its elements, and is always written anew.
        """
        sheet = self._sheet
        if sheet is None or not sheet.levels:
            return b""
        if not (sheet.touched or self.artwork) and all(level.node.codec == "json" for level in sheet.levels):
            return self._received
        for level in sheet.levels:
            if level.container is not None:
                put_back(level, sheet)
        return close_level(sheet.levels[-1], sheet)


def rewrite_answer(
    operation: Operation,
    order: Veiled | Iterable[Echo] | None,
    reply: WireReply,
    *,
    keys: Mapping[str, str] | None = None,
) -> Answer:
    """Rewrite an answer of any status. `order` is the veiled order or its `restore_map` out of the vault; None restores nothing."""
    rule = operation.answer
    echoes = order.restore_map if isinstance(order, Veiled) else (order or ())
    sheet = Sheet(
        policy="mask",
        charset=operation.manner.charset,
        content_type=reply.headers.get("content-type", ""),
        secrets=keys,
    )
    headers = {name: value for name, value in reply.headers.items() if name in KEPT_HEADERS}
    if not reply.body.strip():
        return Answer(reply.status, headers, _bare_outcome(reply.status, rule))
    sheet.lenient = True
    try:
        walk_body(rule.root, reply.body, sheet)
    except CarrierRefusal as refusal:
        return Answer(reply.status, {}, _unread_outcome(reply.status), error_code=refusal.code, readable=False)
    facts = sheet.facts
    answer = Answer(
        reply.status,
        headers,
        read_outcome(rule, sheet, reply.status),
        waybill=_first(facts, "waybill"),
        waybills=tuple(dict.fromkeys([leaf.value for leaf in facts.get("waybill", ()) if leaf.value])),
        routing_code=_first(facts, "routing_code"),
        reference=_first(facts, "reference"),
        handles=tuple(dict.fromkeys(leaf.value for leaf in facts.get("handle", []) if leaf.value)),
        error_code=_first(facts, "error_code"),
        absent=bool(rule.absent) and _any_holds(rule.absent, Tree(sheet)),
        findings=tuple(sheet.findings),
        artwork=_artwork(facts),
        _sheet=sheet,
        _received=reply.body,
    )
    if sheet.leaves:
        answer.masked = settle(sheet, Record(echoes))
    return answer


def settle(sheet: Sheet, record: Record) -> int:
    """Restore what is ours, mask what was born at the carrier; how many values were masked."""
    texts = [leaf for leaf in sheet.leaves if leaf.rule.kind is _FREE_TEXT]
    born = 0
    for leaf, plain in record.restore([leaf for leaf in sheet.leaves if leaf.rule.kind is not _FREE_TEXT]):
        if plain is None and leaf.value.strip():
            plain = mask_born(leaf).text
            born += 1
        if plain is not None and plain != leaf.value:
            sheet.set(leaf, plain)
    waybills = [leaf.value for leaf in sheet.facts.get("waybill", ())]
    for leaf in texts:
        if leaf.value.strip(_MARKS) in waybills:
            continue  # says nothing but the parcel's number, however much that looks like a phone
        # A remark that went out scrubbed and comes back as it went is the shop's own; any other text is the carrier's.
        text = record.text(leaf.value) or scrub(leaf.value, sheet.leaves)
        if text != leaf.value:
            sheet.set(leaf, text)
            born += 1
    return born


def read_outcome(rule: AnswerRule, sheet: Sheet, status: int) -> str:
    """What the answer says about the order: booked, refused or unknown."""
    tree = Tree(sheet)
    code = _first(sheet.facts, "error_code")
    if status < 400 and _all_hold(rule.booked, tree) and (rule.booked or _first(sheet.facts, "waybill")):
        # Without a waybill it is booked all the same: some carriers give it later, by push.
        return "booked"
    if code in rule.duplicate:
        return "booked" if _first(sheet.facts, "waybill") else "unknown"
    if status >= 500 or status in _UNDECIDED:
        return "unknown"
    if status >= 400 or _any_holds(rule.refused, tree):
        return "refused"
    # A fact that stands and says no is a refusal; one that is missing, or says yes, leaves the order in doubt.
    if not rule.refused and any(tree.stands(fact) and not holds(fact, tree) for fact in rule.booked):
        return "refused"
    return "unknown"


def _bare_outcome(status: int, rule: AnswerRule) -> str:
    return (
        "booked"
        if 200 <= status < 300 and not rule.booked and not _names(rule.root, "waybill")
        else _unread_outcome(status)
    )


def _unread_outcome(status: int) -> str:
    return "refused" if 400 <= status < 500 and status not in _UNDECIDED else "unknown"


def _names(root: Any, word: str) -> bool:
    """Whether a claim tree has a place for a fact."""
    seen: set[int] = set()
    rest = [root]
    while rest:
        node = rest.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if node.rule is not None and node.rule.part == word:
            return True
        rest += [*node.keys.values(), node.items, node.rest, node.inner]
    return False


def _first(facts: Mapping[str, list[Leaf]], word: str) -> str:
    for leaf in facts.get(word, ()):
        if leaf.value:
            return str(leaf.value)
    return ""


class Tree:
    """Reads what stands at a path of an opened document, inner strings included."""

    def __init__(self, sheet: Sheet) -> None:
        self.levels = sheet.levels
        self.root: Level | None = None
        for level in sheet.levels:
            if level.path == "":
                self.root = level
                break

    def __repr__(self) -> str:
        return "<Tree>"

    def values(self, steps: tuple[Step, ...]) -> list[str]:
        """The texts at `steps`; booleans as true and false, null as nothing."""
        root = self.root
        return self._below(root.tree, steps, 1) if root is not None and root.node.codec == steps[0].name else []

    def values_of(self, fact: Condition) -> list[str]:
        """What stands at any of the places that a fact has."""
        return [value for steps in fact.ways for value in self.values(steps)]

    def stands(self, fact: Condition) -> bool:
        """Whether anything stands there."""
        return bool(self.values_of(fact))

    def _below(self, tree: Any, steps: tuple[Step, ...], at: int) -> list[str]:
        # Through objects there is one way, and nearly all facts stand inside nothing else.
        while at < len(steps) and type(tree) is dict:
            verb, name = steps[at]
            at += 1
            if verb == "items":
                continue
            if name not in tree:
                return []
            if at < len(steps) and steps[at].verb == "open":
                return self._opened(tree, name, steps, at + 1)
            tree = tree[name]
        return self._spread(tree, steps, at) if at < len(steps) else _text(tree)

    def _opened(self, container: Any, key: Any, steps: tuple[Step, ...], at: int) -> list[str]:
        for level in self.levels:
            if level.container is container and level.key == key:
                return self._below(level.tree, steps, at)
        return []

    def _spread(self, tree: Any, steps: tuple[Step, ...], at: int) -> list[str]:
        """Below what is no object: XML, a form, parts, a list."""
        step = steps[at]
        if isinstance(tree, envelope_xml.Xml):
            named = envelope_xml.local_name(tree.root) == step.name
            return self._element(tree.root, list(steps[at + 1 :])) if named else []
        found: list[tuple[Any, Any]]
        if isinstance(tree, Form):
            found = [(field, field.text) for field in tree.fields if field.name == step.name]
        elif isinstance(tree, Multipart):
            found = [
                (part, (part.content or b"").decode("utf-8", "replace"))
                for part in tree.parts
                if part.name == step.name
            ]
        elif step.verb == "items":
            return [
                text
                for item in (tree if isinstance(tree, list) else [tree])
                for text in self._below(item, steps, at + 1)
            ]
        else:
            return []
        if at + 1 < len(steps) and steps[at + 1].verb == "open":
            return [text for container, _ in found for text in self._opened(container, 0, steps, at + 2)]
        return [text for _, value in found for text in self._below(value, steps, at + 1)]

    def _element(self, element: Any, steps: list[Step]) -> list[str]:
        if not steps:
            return [(element.text or "").strip()]
        step, rest = steps[0], steps[1:]
        if step.name.startswith("@"):
            return [value for _, name, value in envelope_xml.local_attributes(element) if name == step.name[1:]]
        return [
            text for item in element if envelope_xml.local_name(item) == step.name for text in self._element(item, rest)
        ]


def _text(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, str | int) else ["…"]


def _all_hold(conditions: tuple[Condition, ...], tree: Tree) -> bool:
    return all(holds(condition, tree) for condition in conditions)


def _any_holds(conditions: tuple[Condition, ...], tree: Tree) -> bool:
    return any(holds(condition, tree) for condition in conditions)


def holds(condition: Condition, tree: Tree) -> bool:
    """Whether one of the wanted values stands at the path; `*` wants any but an empty one."""
    values = tree.values_of(condition)
    return not condition.values.isdisjoint(values) or ("*" in condition.values and any(values))


def _artwork(facts: Mapping[str, list[Leaf]]) -> list[Artwork]:
    found = [
        Artwork(leaf.path, "URL", leaf.value.encode(), leaf, False) for leaf in facts.get("label_url", []) if leaf.value
    ]
    for leaf in facts.get("label", []):
        if leaf.value:
            before = _DATA_URI.match(leaf.value)
            content, coded = _decoded(leaf.value[before.end() :] if before else leaf.value)
            found.append(
                Artwork(leaf.path, sniff(content), content, leaf, coded, before[0] if before and coded else "")
            )
    return found


def _decoded(text: str) -> tuple[bytes, bool]:
    """Artwork out of its field: base64 mostly, sometimes plain ZPL or HTML."""
    try:
        return base64.b64decode("".join(text.split()), validate=True), True
    except (ValueError, binascii.Error):
        return text.encode(), False


def sniff(content: bytes) -> str:
    """The format of artwork, by its first bytes."""
    start = content.lstrip()[:512]
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    if start.startswith(b"<"):
        from masking.labels.html import is_html  # pictures and pages come with it, which only labels need

        return "HTML" if is_html(content) else "unknown"
    return "URL" if start.lower().startswith((b"http://", b"https://")) else "unknown"
