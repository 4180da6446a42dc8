"""An answer read at a glance: most say nothing but numbers and codes, in a shape that the profile describes to the last key.

The claims on an answer are compiled into types, so that the JSON decoder itself finds out, in C, whether a document is of that shape. Where it
is, no field stands there that nobody claimed and nobody's data; what is left to do is to note the facts and the texts. Any other answer is
walked (`walk.py`), which takes half as long again and knows every case. Both put the same on the sheet, but for the routing, which no answer needs.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple, TypedDict

import msgspec

from carriers import envelope_json
from carriers.claim import ADDRESS_PARTS, PERSONAL, PLAIN, Node, Rule
from carriers.sheet import THIRD_PARTY, Leaf, Level, Sheet
from masking.personal import Kind

_FREE_TEXT: Final = Kind.FREE_TEXT
_OPENINGS = ("{", "[")
_SELDOM = 63  # answers passed by between two looks, where those of a kind are never of the shape: what is lost there is a hundredth
_ORDERED = ("label", "label_url")
_SCALAR: Any = str | int | bool | None  # a float has to stay as it is spelled, which a type does not say
_NOTHING: Any = Literal[""] | None
_TREE: Any = _SCALAR
for _ in range(4):  # what is plain to any depth is seldom deeper
    _TREE = _SCALAR | list[_TREE] | dict[str, _TREE]

_FACT, _TEXT, _MAP, _LIST, _OPEN, _DEEP = range(6)
"""What is at a place: a fact or a text to note, a map, a list or a string with such places inside, or what is plain to any depth."""
_Place = tuple[str, str, int, Any]
"""A place at which something is to note: its key, how that reads in a path, what is there, and of what is there the rule of a fact or text, the
places of a map, the place of a list's items, the document in a string. A bare tuple, for the walk unpacks one a fact."""


class _Unfit(Exception):
    """The claims, or an answer, say something that the types do not."""


class _Document(NamedTuple):
    """A document's type, and the place that is its root."""

    node: Node
    """What stands around it: the string that it is opened from."""
    decoder: msgspec.json.Decoder[Any]
    root: _Place | None


class Glance:
    """The claims on one kind of answer, compiled when the first one comes."""

    __slots__ = ("_compiled", "_document", "_missed", "_pause", "_root", "_scattered")

    def __init__(self, root: Node) -> None:
        self._root = root
        self._compiled = False
        self._document: _Document | None = None
        self._scattered: tuple[str, ...] = ()
        """Facts that stand in several places."""
        self._missed = self._pause = 0

    def __repr__(self) -> str:
        return "<Glance>"

    def take(self, body: bytes, sheet: Sheet) -> bool:
        """Note an answer of the shape on the sheet. Of any other nothing is noted: False."""
        if not self._compiled:
            self._compile()
        if self._document is None:
            return False
        if self._pause:
            self._pause -= 1
            return False
        seen = _Seen()
        try:
            seen.open(self._document, body, None, None, "")
            seen.check_order(self._scattered)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _Unfit):
            # A carrier that echoes people never gives an answer of the shape: look ever more seldom.
            self._missed = min(2 * self._missed + 1, _SELDOM)
            self._pause = self._missed
            return False
        self._missed = 0
        sheet.levels, sheet.facts, sheet.leaves = seen.levels, seen.facts, seen.texts
        return True

    def _compile(self) -> None:
        compiler = _Compiler()
        self._compiled = True
        with suppress(_Unfit, TypeError):  # the latter is the decoder's for a type that it does not know
            self._document = compiler.document(self._root)
            self._scattered = tuple(word for word, places in compiler.words.items() if places > 1)


class _Seen:
    """What one answer holds."""

    __slots__ = ("colons", "facts", "keys", "levels", "texts")

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.facts: dict[str, list[Leaf]] = {}
        self.texts: list[Leaf] = []
        self.keys = 0
        """Of the document that is open."""
        self.colons = 0
        """Of the documents in its strings."""

    def open(self, document: _Document, text: bytes | str, container: Any, key: Any, path: str) -> None:
        """One document. Raises where it is not of its shape, or where a key stands twice or is nobody's."""
        node, decoder, root = document
        tree = decoder.decode(text)
        before, self.keys, self.colons = (self.keys, self.colons), 0, 0
        if root is not None and tree:
            at = f"{path}~$" if path else "$"
            if root[2] == _MAP:
                self.enter(root[3], tree, at)
            else:
                self.each(root[3], tree, container, key, at)
        # Not before it was decoded: the decoder leaves with a text what encoding it takes.
        raw = text.encode() if isinstance(text, str) else text
        colons = raw.count(b":")
        # Each key has a colon of its own. Where there are no more than keys that were met and colons in strings that were opened, no key was
        # dropped, as the decoder drops unknown and earlier equal ones; unless an escape hides a colon that an opened string showed.
        hidden = self.colons > 0 and raw.find(b"\\u003") >= 0
        if (hidden or colons != self.keys + self.colons) and not envelope_json.shows_all(raw, tree, self.keys):
            raise _Unfit
        self.keys, self.colons = before[0], before[1] + colons
        self.levels.append(Level(path, node, tree, container, key))

    def enter(self, places: tuple[_Place, ...], mapping: dict[str, Any], path: str) -> None:
        """Note what stands in a map."""
        self.keys += len(mapping)
        for key, label, lane, below in places:
            if key in mapping:
                value = mapping[key]
                if lane == _FACT and type(value) is str:
                    leaf = Leaf(path + label, below, below.role or THIRD_PARTY, value, mapping, key)
                    self.facts.setdefault(below.part, []).append(leaf)
                elif lane == _MAP:
                    if value:
                        self.enter(below, value, path + label)
                elif lane == _LIST:
                    self.each(below, value, mapping, key, path + label)
                elif value != "":
                    self.note(lane, below, value, mapping, key, path + label)

    def each(self, place: _Place, value: Any, container: Any, key: Any, path: str) -> None:
        """Note what stands in the items of a list, or in the one that stands in its stead."""
        _, _, lane, below = place
        many = type(value) is list
        for at, item in enumerate(value) if many else ((key, value),):
            where = f"{path}[{at}]" if many else path
            if lane != _MAP:
                self.note(lane, below, item, value if many else container, at, where)
            elif item:
                self.enter(below, item, where)

    def note(self, lane: int, below: Any, value: Any, container: Any, key: Any, path: str) -> None:
        """Note a fact or a text, or open a string."""
        if value is None or type(value) is bool:
            return
        if lane == _DEEP:
            self.keys += _keys_in(value)
        elif lane == _FACT:
            if type(value) is not str and type(value) is not int:
                raise _Unfit
            leaf = Leaf(path, below, below.role or THIRD_PARTY, str(value), container, key)
            self.facts.setdefault(below.part, []).append(leaf)
        elif type(value) is not str:
            raise _Unfit
        elif not value:
            return
        elif lane == _TEXT:
            self.texts.append(Leaf(path, below, below.role or THIRD_PARTY, value, container, key))
        elif value.lstrip().startswith(_OPENINGS):
            self.open(below, value, container, key, path)
        else:
            raise _Unfit  # what went wrong in words, where a document stands otherwise

    def check_order(self, scattered: tuple[str, ...]) -> None:
        """Facts of several places are not met in the document's order: raises where that could be told."""
        for word in scattered:
            leaves = self.facts.get(word, ())
            if len(leaves) > 1 and (word in _ORDERED or len({leaf.value for leaf in leaves}) > 1):
                raise _Unfit


def _keys_in(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum(map(_keys_in, value.values()))
    return sum(map(_keys_in, value)) if type(value) is list else 0


class _Compiler:
    """Makes types of claims. Raises `_Unfit` where a claim says something that a type cannot."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.noted = 0

    def document(self, node: Node) -> _Document:
        """What is opened from the string at `node`."""
        if node.codec != "json" or node.inner is None or node.drop:
            raise _Unfit
        kind, root = self._any(node.inner, "", "")
        self._alone(root is None or root[2] in (_MAP, _LIST))
        return _Document(node, msgspec.json.Decoder(kind), root)

    def _any(self, node: Node, key: str, label: str) -> tuple[Any, _Place | None]:
        """The type of what stands there, and what is to note."""
        if node.drop:
            raise _Unfit
        if node.codec:
            self._alone(node.rule is None and not node.keys and node.items is None)
            self.noted += 1
            return str | None, (key, label, _OPEN, self.document(node))
        if node.rest is node:
            self._alone(node.rule is PLAIN)
            return _TREE, (key, label, _DEEP, None)
        if node.items is not None:
            self._alone(node.rule is None and not node.keys and node.items.items is None)
            kind, below = self._any(node.items, "", "")
            return list[kind] | kind, (key, label, _LIST, below) if below else None  # type: ignore[valid-type]
        if node.rule is not None:
            self._alone(not node.keys and node.rest is None)
            return self._leaf(node.rule, key, label)
        kind, places = self._map(node)
        deep = node.rest is not None and node.rest.rest is node.rest
        # An empty string where an object with keys is expected says that there is none.
        return kind | (_NOTHING if node.keys else None), (key, label, _DEEP if deep else _MAP, places)

    def _alone(self, holds: bool) -> None:
        if not holds:
            raise _Unfit  # two kinds of things may stand at one place

    def _leaf(self, rule: Rule, key: str, label: str) -> tuple[Any, _Place | None]:
        if rule.kind in PERSONAL:
            return _NOTHING, None  # anything else is somebody's
        if rule.kind is _FREE_TEXT:
            self.noted += 1
            return str | None, (key, label, _TEXT, rule)
        if rule.kind is not Kind.PLAIN or rule.part == "attachment":
            raise _Unfit
        if not rule.part or rule.part in ADDRESS_PARTS:
            return _SCALAR, None
        self.noted += 1
        self.words[rule.part] += 1
        return _SCALAR, (key, label, _FACT, rule)

    def _map(self, node: Node) -> tuple[Any, tuple[_Place, ...]]:
        before = self.noted
        found = {key: self._any(below, key, below.label) for key, below in node.keys.items()}
        places = tuple([place for _, place in found.values() if place is not None])
        self._alone(node.switch is None or self.noted == before)  # whose a fact is may stand beside it
        if node.rest is None:
            return TypedDict("Fields", {key: kind for key, (kind, _) in found.items()}, total=False), places  # type: ignore[operator]
        return dict[str, self._rest(node.rest, list(node.keys.values()))], places  # type: ignore[misc]

    def _rest(self, rest: Node, named: list[Node]) -> Any:
        """The type of every value of a map that takes any key: plain, and what is noted by name is no more than a leaf."""
        kind, place = self._any(rest, "", "")
        self._alone((kind is _SCALAR and place is None) or (kind is _TREE and not named))
        self._alone(all(below.rule is not None and below.rule.kind not in PERSONAL for below in named))
        return kind
