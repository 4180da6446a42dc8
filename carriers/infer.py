"""What the leaves of an unknown API are: names, phones, address lines … and whose. Guesses from meaning; a profile decides.

Three witnesses speak for each leaf: the words of its key (`infer_words.py`), the shape of its value (`infer_shapes.py`), and its place: what stands
beside it and above it (`infer_place.py`). No carrier is known here. `infer_profile.py` turns findings into a draft.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carriers import infer_shapes as shape
from carriers.infer_place import ADDRESS, Surroundings, survey
from carriers.infer_words import concepts, words
from carriers.leaves import Leaf, leaves
from masking.personal import Kind, Role

PERSONAL = frozenset((Kind.NAME, Kind.PHONE, Kind.EMAIL, Kind.ADDRESS_LINE, Kind.COMPANY, Kind.ID))

_BY = ("by", "info")
_KEYS = re.compile(r"[^\W\d][\w \-]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one leaf is taken for."""

    path: str
    kind: Kind
    party: Role | None
    """None unless the kind is personal."""
    confidence: float
    """0 to 1: 0.9 and more, key and value agree; about 0.7, the key alone; below, value and place alone."""


@dataclass(frozen=True, slots=True)
class _Guess:
    kind: Kind
    confidence: float


_PLAIN = _Guess(Kind.PLAIN, 0.7)


def infer(body: bytes, fmt: str) -> list[Finding]:
    """One finding for each leaf of a sample, in document order. `fmt` as in `leaves.leaves`."""
    found = list(leaves(body, fmt))
    around = survey(found)
    guesses = [_empty(leaf) or _guess(leaf, around) for leaf in found]
    guesses = _settle_companies(found, guesses, around)
    return [
        Finding(
            leaf.path, guess.kind, around.party(leaf, guess.kind) if guess.kind in PERSONAL else None, guess.confidence
        )
        for leaf, guess in zip(found, guesses)
    ]


def judge_alone(path: str, text: str) -> tuple[Kind, Role | None]:
    """Kind and party of one leaf out of its document: what `path` and `text` say without their surroundings.

    For a field that no profile claims, met in live traffic: better masked by its meaning than passed on because no detector knows a name.
    """
    keys = tuple(key for key in _KEYS.findall(path) if key not in ("form", "part"))
    leaf = Leaf(path, keys, text, "")
    around = Surroundings()
    guess = _empty(leaf) or _guess(leaf, around)
    return guess.kind, around.party(leaf, guess.kind) if guess.kind in PERSONAL else None


def _empty(leaf: Leaf) -> _Guess | None:
    """What is not there is nobody's, whatever the key promises."""
    return _Guess(Kind.PLAIN, 0.5) if shape.is_blank(leaf.text) else None


def _guess(leaf: Leaf, around: Surroundings) -> _Guess:
    key = around.key_words(leaf)
    if shape.is_email(leaf.text) and meaning(key) != "secret":  # a login is a credential, though it be an e-mail
        return _Guess(Kind.EMAIL, 0.98)
    return _by_key(leaf, key, around) or _by_shape(leaf, key, around) or _PLAIN


def meaning(key: Sequence[str]) -> str:
    """What a key's words promise: `name`, `person`, `company`, `phone`, `street`, `identity`, `place`, `free`, `secret`, `role`, `thing`, `code`, or nothing.

    The last word rules, as in English and German compounds and in Chinese: `StreetName` is a street, `AddressType` a type, `CityName` a city.
    """
    meant = [concepts(word) for word in key]
    said = frozenset().union(*meant) if meant else frozenset()
    last = meant[-1] if meant else frozenset()
    soft = bool(key) and "soft" in last
    if key and "head_first" in concepts(key[0]):
        return "code"
    if "secret" in said and not said & {"name", "phone", "street"} and not (last & {"code"} and not soft):
        return "secret"
    if "code" in last and not soft and not last & {"identity", "phone", "place", "street", "free"}:
        return "code"
    if "phone" in said and not any("place" in concepts(word) and word != "area" for word in key):
        return "phone"
    if soft:
        return _numbered(key, said)
    for concept_set, word in zip(reversed(meant), reversed(key)):
        found = _ruling(concept_set, word, said, key)
        if found:
            return found
    whose = said & {"sender", "recipient", "third"} and set(key) - {"to", "from"}
    return "role" if whose and all(_is_party_word(word) for word in key) else ""


def _is_party_word(word: str) -> bool:
    return word in _BY or any(concept.startswith(("sender", "recipient", "third")) for concept in concepts(word))


def _numbered(key: Sequence[str], said: frozenset[str]) -> str:
    """A key that ends in number, code or id: whose number?"""
    if "parcel" in said or ("thing" in said and "street" not in said):
        return "code"
    if "identity" in said:
        return "identity"
    if "place" in said:
        return "place"
    if "street" in said and ("door" in key or key[-1] not in ("code", "id", "ids", "identifier")):
        return "street"
    return "code"


def _ruling(meant: frozenset[str], word: str, said: frozenset[str], key: Sequence[str]) -> str:
    """What one word, read from the right, decides for the whole key; empty where it leaves the decision to its left."""
    if "name" in meant:
        return _named(said, key)
    if "free" in meant and not meant & {"detail"}:
        return "free"
    for concept in ("company", "person", "identity"):
        if concept in meant and not (concept == "identity" and said & {"thing", "parcel"}):
            return concept
    if "street" in meant:
        return "street"
    if "place" in meant:
        return "place"
    if "thing" in meant and not meant & {"sender", "recipient", "third"}:
        return "thing"
    return "free" if "free" in meant and len(key) > 1 else ""


def _named(said: frozenset[str], key: Sequence[str]) -> str:
    """`…Name`: of a person, a company, a street, a town or a thing."""
    if "company" in said:
        return "company"
    if said & {"given", "person"}:
        return "given"
    if "street" in said:
        return "name" if any(word.startswith(ADDRESS) for word in key) else "street"
    if "place" in said and not said & {"sender", "recipient", "third"}:
        return "place"
    if said & {"sender", "recipient", "third"}:
        return "place" if "place" in said else "owned"
    return "thing" if "thing" in said else "name"


def _by_key(leaf: Leaf, key: Sequence[str], around: Surroundings) -> _Guess | None:
    """What the key says, where the value can be that; None leaves it to the value."""
    text, says = leaf.text, meaning(key)
    match says:
        case "secret":
            return _Guess(Kind.CREDENTIAL, 0.9) if shape.can_be_secret(text) else None
        case "phone":
            return _Guess(Kind.PHONE, 0.97 if shape.digits(text) >= 7 else 0.8) if shape.is_phone(text) else None
        case "free":
            return (
                None
                if shape.is_opaque(text) or shape.is_identifier(text) or leaf.number
                else _Guess(Kind.FREE_TEXT, 0.85)
            )
        case "identity" if shape.can_be_id(text) and (not _bare_id(key) or around.belongs_to_party(leaf)):
            return _Guess(Kind.ID, 0.85)
        case "code" if _house_number(leaf, key, around):
            return _Guess(Kind.ADDRESS_LINE, 0.7)
        case "code" if not all(map(concepts, key)) and around.is_party_block(leaf) and shape.is_divided_phone(text):
            return _Guess(Kind.PHONE, 0.5)
        case "place" | "thing" | "code":
            return _Guess(Kind.PLAIN, 0.9)
        case "street":
            return _street(leaf, key, around)
        case "company" if shape.has_letter(text) and not shape.is_opaque(text):
            return _Guess(Kind.COMPANY, 0.9)
        case "given" | "person" | "owned" | "role" | "name":
            return _name(leaf, says, around)
    return None


def _street(leaf: Leaf, key: Sequence[str], around: Surroundings) -> _Guess | None:
    text = leaf.text.strip()
    if any("coordinate" in concepts(word) for word in key):
        # A coordinate of a party's place is its door, to a few metres.
        return _Guess(Kind.ADDRESS_LINE, 0.6) if around.belongs_to_party(leaf) and shape.digits(text) >= 5 else None
    if shape.is_han_place(text):
        return _Guess(Kind.PLAIN, 0.75)
    if (shape.is_opaque(text) and not text.replace("-", "").replace("/", "").isdigit()) or (
        shape.is_identifier(text) and not any(c.isdigit() for c in text)
    ):
        return None
    strong = [word for word in key if "street" in concepts(word) and "unit" not in concepts(word)]
    if not strong and not (around.has(leaf, "street", "place") and _unit_like(key, text)):
        return None
    if any("thing" in concepts(word) and "street" not in concepts(word) for word in key) and not shape.is_street_line(
        text
    ):
        return None
    return _Guess(Kind.ADDRESS_LINE, 0.95 if strong and len(text) > 4 else 0.75)


def _unit_like(key: Sequence[str], text: str) -> bool:
    """A unit, floor or door is short; `cm` and `KG` are units of another sort and have no number."""
    numbered = any(c.isdigit() for c in text) or len(text) > 4 or "unit" not in key
    return numbered and len(text) <= 60 and not (text.isdigit() and len(text) > 6)


def _bare_id(key: Sequence[str]) -> bool:
    return all(concepts(word) & {"bare_id", "number"} for word in key)


def _house_number(leaf: Leaf, key: Sequence[str], around: Surroundings) -> bool:
    """A bare `number` beside a street: Brazilian and Spanish addresses are split so."""
    return (
        len(key) == 1
        and "number" in concepts(key[0])
        and around.has(leaf, "street")
        and 0 < shape.digits(leaf.text) <= 5 >= len(leaf.text) - 1
    )


def _name(leaf: Leaf, says: str, around: Surroundings) -> _Guess | None:
    text = leaf.text
    if leaf.number or not shape.can_be_name(text) or (says in ("name", "role") and shape.is_identifier(text)):
        return None
    if says == "name" and not around.names_a_party(leaf):
        return _Guess(Kind.PLAIN, 0.7)
    if says not in ("given", "person") and _is_role_word(text):
        return _Guess(Kind.PLAIN, 0.6)
    if says in ("given", "person"):
        return _Guess(Kind.NAME, 0.95)
    kind = Kind.COMPANY if shape.is_company(text) and not shape.is_person(text) else Kind.NAME
    return _Guess(kind, 0.9 if says == "owned" or shape.is_person(text) else 0.75)


def _is_role_word(text: str) -> bool:
    """`SENDER`, `Receiver`: a choice among parties, nobody's name."""
    said = words(text)
    return bool(said) and all(concepts(word) & {"sender", "recipient"} for word in said)


def _by_shape(leaf: Leaf, key: Sequence[str], around: Surroundings) -> _Guess | None:
    """What the value shows without help from its key, or against it."""
    text, says = leaf.text, meaning(key)
    if shape.is_opaque(text) or says == "code":
        return None
    if shape.is_certain_id(text):
        return _Guess(Kind.ID, 0.7)
    if shape.is_certain_phone(text) and not leaf.number:
        return _Guess(Kind.PHONE, 0.6)
    if shape.is_street_line(text) and (around.belongs_to_party(leaf) or shape.has_han(text)):
        return _Guess(Kind.ADDRESS_LINE, 0.6)
    if shape.is_sentence(text) and not shape.is_identifier(text):
        return _Guess(Kind.FREE_TEXT, 0.6)
    return _in_block(text) if not says and around.is_party_block(leaf) else None


def _in_block(text: str) -> _Guess | None:
    """A word that nobody knows, among a party's address and phones."""
    if shape.is_divided_phone(text):
        return _Guess(Kind.PHONE, 0.5)
    if shape.is_person(text):
        return _Guess(Kind.NAME, 0.5)
    return _Guess(Kind.COMPANY, 0.5) if shape.can_be_name(text) and shape.is_company(text) else None


def _settle_companies(found: Sequence[Leaf], guesses: Sequence[_Guess], around: Surroundings) -> list[_Guess]:
    """A bare `name` beside a contact person is the company, unless it is the same person; `name2` goes with `name1`."""
    says = [meaning(around.key_words(leaf)) for leaf in found]
    contacts: dict[str, str] = {}
    firms = {
        leaf.group for leaf, guess, said in zip(found, guesses, says) if guess.kind is Kind.COMPANY and said == "name"
    }
    split = {
        leaf.group for leaf, guess, said in zip(found, guesses, says) if guess.kind is Kind.NAME and said == "given"
    }
    for leaf, guess, said in zip(found, guesses, says):
        if guess.kind is Kind.NAME and said in ("given", "person") and shape.is_person(leaf.text):
            contacts |= dict.fromkeys(around.blocks(leaf), leaf.text)
    return [
        _Guess(Kind.COMPANY, guess.confidence)
        if guess.kind is Kind.NAME and said == "name" and _is_firm(leaf, contacts, firms, split, around)
        else guess
        for leaf, guess, said in zip(found, guesses, says)
    ]


def _is_firm(leaf: Leaf, contacts: dict[str, str], firms: set[str], split: set[str], around: Surroundings) -> bool:
    beside = [contacts[block] for block in around.blocks(leaf) if block in contacts]
    if beside and leaf.text not in beside and (leaf.group not in split or not around.belongs_to_party(leaf)):
        return True
    return leaf.group in firms and not shape.is_person(leaf.text)
