"""Where a leaf stands: what is beside it, what is above it, and whose block that makes it. Knows keys' concepts; judges no value but the roles' own words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from carriers import infer_shapes as shape
from carriers.infer_words import concepts, words
from carriers.leaves import Leaf
from masking.personal import Kind, Role

_KEYED_BY = frozenset(("name", "key", "code", "field", "attr", "attribute", "property", "param", "id", "label"))
_KEYED = frozenset(("value", "val", "text", "content", "data"))
_TELLS_ROLE = frozenset(("type", "role", "kind", "party", "qualifier", "function"))
_TELLS_PARTY = frozenset(("party", "role", "qualifier", "function", "contact", "address", "person"))
_ROLE_CODES = {
    "s": Role.SENDER, "sf": Role.SENDER, "sh": Role.SENDER, "cz": Role.SENDER, "pw": Role.SENDER, "seller": Role.SENDER,
    "r": Role.RECIPIENT, "st": Role.RECIPIENT, "cn": Role.RECIPIENT, "dp": Role.RECIPIENT, "c": Role.RECIPIENT, "buyer": Role.RECIPIENT,
    "by": Role.THIRD_PARTY, "bt": Role.THIRD_PARTY, "iv": Role.THIRD_PARTY,
}  # fmt: skip
_NUMBERED_ROLES = {"1": Role.SENDER, "2": Role.RECIPIENT}  # believed only where both stand side by side
ADDRESS = ("addr", "adr", "anschrift", "direccion", "endereco", "indirizzo", "alamat", "地址", "住所", "dizhi")
"""Openings of the words for an address as a whole, as against a street or a house."""
_INDEX = re.compile(r"\[\d+\]")
_LETTERS = (
    {"j": Role.SENDER, "d": Role.RECIPIENT},
    {"s": Role.SENDER, "r": Role.RECIPIENT},
    {"f": Role.SENDER, "t": Role.RECIPIENT},
)
_NEAR = 4  # a hint further above than an address in a contact in a stop speaks of the whole request
_STRONG = {"sender": Role.SENDER, "recipient": Role.RECIPIENT, "third": Role.THIRD_PARTY}
_WEAK = {"sender_side": Role.SENDER, "recipient_side": Role.RECIPIENT, "third_side": Role.THIRD_PARTY}


@dataclass(slots=True)
class Surroundings:
    """Everything that can be said of a leaf's place in one document."""

    beside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Group -> concepts of the filled leaves in it."""
    roles: dict[str, Role] = field(default_factory=dict)
    """Group -> the role that a leaf in it tells (`contactType`: 2)."""
    letters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Group -> first words of one letter of the keys in it."""
    named: dict[str, str] = field(default_factory=dict)
    """Group -> the key that a `name` beside a `value` holds."""

    typed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Group -> the words of a `type` that says what the value beside it is (`type`: PHONE)."""

    def key_words(self, leaf: Leaf) -> tuple[str, ...]:
        """The words of the leaf's key; of its parent's too where its own say nothing (`Phone.Number`, `address.line1`); of the `name` beside a `value`."""
        own = words(leaf.keys[-1]) if leaf.keys else ()
        if set(own) <= _KEYED and (name := self.named.get(leaf.group) or self.named.get(leaf.path)):
            return words(name)
        if own and not all("detail" in concepts(word) for word in own):
            return own
        if said := self.typed.get(leaf.group):
            return said
        above = words(leaf.keys[-2]) if len(leaf.keys) > 1 else ()
        meant = frozenset().union(*(concepts(word) for word in above)) if above else frozenset()
        return (*above, *own) if meant & {"phone", "street", "name", "identity", "company", "free"} else own

    def has(self, leaf: Leaf, *wanted: str) -> bool:
        """A leaf beside this one is of a wanted concept."""
        return bool(self.beside[leaf.group] & set(wanted))

    def blocks(self, leaf: Leaf) -> tuple[str, ...]:
        """The group of the leaf and the object above it, in which a contact stands beside an address."""
        above = (
            leaf.group.rpartition(".")[0] if leaf.group.startswith(("$", "form:")) else leaf.group.rpartition("/")[0]
        )
        return (leaf.group, above) if _role_of(leaf.keys[-3:-2]) or _role_of(leaf.keys[-3:-2], _WEAK) else (leaf.group,)

    def names_a_party(self, leaf: Leaf) -> bool:
        """A bare `name` here is somebody's: the nearest key above that says anything speaks of a party, an address or a person."""
        for above, key in enumerate(reversed(leaf.keys[:-1])):
            for word in reversed(words(key)):
                meant = concepts(word)
                if meant & {*_STRONG, "person", "company"} or word.startswith(ADDRESS):
                    return True
                if "thing" in meant:
                    return above > 0 and self._looks_like_a_party(leaf)
                if meant & {*_WEAK}:
                    return True
        return self._looks_like_a_party(leaf)

    def _looks_like_a_party(self, leaf: Leaf) -> bool:
        return len(self.beside[leaf.group] & {"street", "place", "phone", "person", "identity"}) >= 2

    def belongs_to_party(self, leaf: Leaf) -> bool:
        """A key above names a party, before any that names an event or a thing."""
        for key in reversed(leaf.keys[:-1]):
            for word in reversed(words(key)):
                meant = concepts(word)
                if "thing" in meant:
                    return False
                if meant & {*_STRONG, "sender_side", "recipient_side", "person"}:
                    return True
        return leaf.group in self.roles

    def is_party_block(self, leaf: Leaf) -> bool:
        """Stands among a party's address or phones."""
        return self.belongs_to_party(leaf) and bool(self.beside[leaf.group] & {"street", "place", "phone"})

    def party(self, leaf: Leaf, kind: Kind) -> Role:
        """Whose the leaf is. The nearest key decides, a clear word (`consignee`) before a hint (`delivery`); who is nobody else is the recipient."""
        told = next((role for group, role in self.roles.items() if self._within(leaf.group, group)), None)
        named = self.named.get(leaf.group)
        keys = (*leaf.keys, named) if named else leaf.keys
        fallback = Role.SENDER if kind is Kind.ID else Role.RECIPIENT
        hint = _role_of(keys[-_NEAR:], _WEAK)
        if hint is Role.THIRD_PARTY and _role_of(keys[-2:], _WEAK) is not hint:
            hint = None  # a store or an agent far above owns the API, not the leaf
        return _role_of(keys) or told or self._paired(leaf) or hint or fallback

    def _paired(self, leaf: Leaf) -> Role | None:
        """`j_name` beside `d_name`, `s_name` beside `r_name`: one letter tells the parties apart."""
        own = words(leaf.keys[-1]) if leaf.keys else ()
        for pair in _LETTERS:
            if len(own) > 1 and own[0] in pair and self.letters[leaf.group] >= set(pair):
                return pair[own[0]]
        return None

    def _within(self, group: str, block: str) -> bool:
        """`group` is the block or inside it, and the block is a party's, not a label's or a payment's."""
        inside = group == block or group.startswith((block + ".", block + "/", block + "["))
        return inside and bool(self.beside[block] & {"name", "person", "street", "phone", "place"} or group != block)


def _role_of(keys: Sequence[str], hints: dict[str, Role] = _STRONG) -> Role | None:
    for key in reversed(keys):
        own = words(key)
        if any("errand" in concepts(left) and "staff" in concepts(right) for left, right in pairwise(own)):
            return Role.THIRD_PARTY
        told = [role for word in reversed(own) for concept, role in hints.items() if concept in concepts(word)]
        if told:
            # Bill-to and courier outweigh the party word that stands with them.
            return Role.THIRD_PARTY if Role.THIRD_PARTY in told else told[0]
    return None


def survey(found: Sequence[Leaf]) -> Surroundings:
    """Read a document's leaves once, before any is judged."""
    around = Surroundings()
    numbered: dict[str, dict[str, str]] = defaultdict(dict)
    for leaf in found:
        own = words(leaf.keys[-1]) if leaf.keys else ()
        text = leaf.text.strip()
        if text:
            around.beside[leaf.group] |= _concepts_of(own, text)
        if len(own) > 1 and len(own[0]) == 1:
            around.letters[leaf.group].add(own[0])
        if len(own) == 1 and own[0] in _KEYED_BY and shape.is_identifier(text):
            around.named[leaf.group] = text
        if own and own[-1] in _TELLS_ROLE and any(concepts(word) & {"phone", "email"} for word in words(text[:24])):
            around.typed[leaf.group] = words(text[:24])
        elif own and own[-1] in _TELLS_ROLE:
            _read_role(around, numbered, leaf, text)
    for groups in numbered.values():
        if set(groups.values()) >= set(_NUMBERED_ROLES):
            around.roles |= {
                group: _NUMBERED_ROLES[value] for group, value in groups.items() if value in _NUMBERED_ROLES
            }
    return around


def _concepts_of(own: Sequence[str], text: str) -> set[str]:
    said = {concept for word in own for concept in concepts(word)}
    if "phone" in said and not shape.is_phone(text):
        said.discard("phone")
    if "street" in said and all("unit" in concepts(word) for word in own if "street" in concepts(word)):
        said.discard("street")
    return said


def _read_role(around: Surroundings, numbered: dict[str, dict[str, str]], leaf: Leaf, text: str) -> None:
    coded = _ROLE_CODES.get(text.lower()) if _TELLS_PARTY & set(words(leaf.keys[-1])) else None
    if text in _NUMBERED_ROLES:
        numbered[_INDEX.sub("[]", leaf.path)][leaf.group] = text
    elif role := coded or _role_of((text,) if len(text) < 24 else ()):
        around.roles.setdefault(leaf.group, role)
