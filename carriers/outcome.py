"""What an answer says became of the order: facts looked up at their places, and one word about it, booked, refused or unknown.

Knows conditions and opened documents; changes nothing in them, and decides nothing about the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carriers import envelope_xml
from carriers.claim import Node, nodes
from carriers.envelope_form import Form
from carriers.envelope_multipart import Multipart
from carriers.fieldpath import Step
from carriers.profile import Answer as AnswerRule
from carriers.profile import Condition, Way
from carriers.sheet import Leaf, Sheet

_UNDECIDED = frozenset((408, 409, 425, 429))
"""Client errors after which an order may stand at the carrier, or may be sent again."""
_NOTHING: Any = object()


def read_outcome(rule: AnswerRule, sheet: Sheet, status: int) -> str:
    """What the answer says about the order: booked, refused or unknown."""
    tree = Tree(sheet)
    if status < 400 and all_hold(rule.booked, tree) and (rule.booked or first_text(sheet.facts, "waybill")):
        # Without a waybill it is booked all the same: some carriers give it later, by push.
        return "booked"
    if first_text(sheet.facts, "error_code") in rule.duplicate:
        return "booked" if first_text(sheet.facts, "waybill") else "unknown"
    if status >= 500 or status in _UNDECIDED:
        return "unknown"
    if status >= 400 or any_holds(rule.refused, tree):
        return "refused"
    # A fact that stands and says no is a refusal; one that is missing, or says yes, leaves the order in doubt.
    if not rule.refused and any(tree.stands(fact) and not holds(fact, tree) for fact in rule.booked):
        return "refused"
    return "unknown"


def bare_outcome(rule: AnswerRule, status: int) -> str:
    """The same of an answer without a body."""
    if 200 <= status < 300 and not rule.booked and not _names(rule.root, "waybill"):
        return "booked"
    return unread_outcome(status)


def unread_outcome(status: int) -> str:
    """The same of an answer that nobody can read."""
    return "refused" if 400 <= status < 500 and status not in _UNDECIDED else "unknown"


def first_text(facts: Mapping[str, list[Leaf]], word: str) -> str:
    """The first fact of this word that says something."""
    for leaf in facts.get(word, ()):
        if leaf.value:
            return str(leaf.value)
    return ""


def all_hold(conditions: tuple[Condition, ...], tree: Tree) -> bool:
    """Whether every one of the conditions holds."""
    for condition in conditions:  # noqa: SIM110 - one of these an order: a generator costs more than the conditions
        if not holds(condition, tree):
            return False
    return True


def any_holds(conditions: tuple[Condition, ...], tree: Tree) -> bool:
    """Whether one of the conditions holds."""
    return any(holds(condition, tree) for condition in conditions)


def holds(condition: Condition, tree: Tree) -> bool:
    """Whether one of the wanted values stands at the path; `*` wants any but an empty one."""
    wanted = condition.values
    for way in condition.ways:
        for value in tree.values(way):
            if value in wanted or (value and "*" in wanted):
                return True
    return False


class Tree:
    """Reads what stands at a path of an opened document, inner strings included."""

    def __init__(self, sheet: Sheet) -> None:
        self.levels = sheet.levels

    def __repr__(self) -> str:
        return "<Tree>"

    def values(self, way: Way) -> list[str]:
        """The texts there; booleans as true and false, null as nothing."""
        if way.straight is not None:
            where, keys = way.straight
            for level in self.levels:
                if level.path == where:
                    found = _follow(level.tree, keys) if level.node.codec == "json" else _NOTHING
                    if found is _NOTHING:
                        break  # a list on the way, or no way at all
                    return [found] if type(found) is str else _text(found)
        for level in self.levels:
            if level.path == "":
                return self._below(level.tree, way.steps, 1) if level.node.codec == way.steps[0].name else []
        return []

    def stands(self, fact: Condition) -> bool:
        """Whether anything stands at one of the places that a fact has."""
        return any(self.values(way) for way in fact.ways)

    def _below(self, tree: Any, steps: tuple[Step, ...], at: int) -> list[str]:
        # Through objects there is one way, and nearly all facts stand inside nothing else.
        container = key = None
        while at < len(steps):
            verb, name = steps[at]
            if verb == "open":
                tree = self._opened(container, key)
            elif type(tree) is not dict:
                return self._spread(tree, steps, at)
            elif verb == "items":
                container = None  # a single item where a list may stand
            else:
                container, key = tree, name
                tree = tree.get(name, _NOTHING)
            if tree is _NOTHING:
                return []
            at += 1
        return _text(tree)

    def _opened(self, container: Any, key: Any) -> Any:
        """What the string at this key was opened to."""
        if container is not None:
            for level in self.levels:
                if level.container is container and level.key == key:
                    return level.tree
        return _NOTHING

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
            opened = [self._opened(container, 0) for container, _ in found]
            return [text for tree in opened if tree is not _NOTHING for text in self._below(tree, steps, at + 2)]
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


def _follow(tree: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if type(tree) is not dict:
            return _NOTHING
        tree = tree.get(key)
    return tree


def _text(value: Any) -> list[str]:
    kind = type(value)
    if kind is str:
        return [value]
    if kind is bool:
        return ["true" if value else "false"]
    if value is None:
        return []
    return [str(value)] if kind is int else ["…"]


def _names(root: Node, word: str) -> bool:
    """Whether a claim tree has a place for a fact."""
    return any(node.rule is not None and node.rule.part == word for node in nodes(root))
