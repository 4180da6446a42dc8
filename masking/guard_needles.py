"""What to look for: a plain value as the needles that find it in a text. Knows how each kind of value is written; searches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from masking.addresses import mask_address
from masking.guard_text import squeeze
from masking.personal import Kind
from masking.text import clean

WHOLE_NAME = 3
"""Letters from which a name is looked for anywhere; a shorter one only as a whole leaf."""
DOOR = 4
"""Characters from which a door part is looked for."""
_WHOLE_DIGITS = 7  # digits from which a number is looked for inside others; fewer stand in quantities and times
_UNSPACED = 8  # letters from which a name of several words is also looked for with its blanks taken out
_NO_WORDS = "\u2e80"  # from here on lie the scripts that write without blanks: Han, kana, hangul
_LIMIT = 2000
_STARS = re.compile(r"\*+")
_BRACKETS = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_COUNTRY = re.compile(r"(?:\+|00)(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d\d)", re.ASCII)
_EXTENSION = re.compile(r"转|分机|ext\.?|[#xX;]|-(?=\d{1,6}$)", re.IGNORECASE | re.ASCII)
_SEVERAL = re.compile(r"[\n/、;；|,，]|或")
_EDGES = " \t\n,，;；。()（）"
_PIECES = re.compile(r"[\s,，;；。()（）]+")


class Where(Enum):
    """How a needle has to stand to be a hit."""

    INSIDE = auto()
    """Anywhere in the squeezed text."""
    WORD = auto()
    """Not beside a letter or digit."""
    LEAF = auto()
    """Alone between the punctuation of JSON, XML or a form."""
    DOOR_NUMBER = auto()
    """A number of its own beside other text: "1501" in an address, not the quantity or the time of day."""


class Needle(NamedTuple):
    """A text to find, and the kind it betrays."""

    where: Where
    text: str
    kind: Kind


def needles(kind: str, value: str, kept: Sequence[str]) -> Iterator[Needle]:
    """The needles of one plain value. `kept` holds what the masker left of it: what was cut out of an address is its door."""
    if kind == Kind.PHONE:
        if len(value) == 11 and value.isascii() and value.isdigit() and value[0] == "1":
            yield Needle(Where.INSIDE, value, Kind.PHONE)
        else:
            yield from _phone(clean(value, _LIMIT))
    elif kind in (Kind.NAME, Kind.COMPANY):
        yield from _name(Kind(kind), value if value.isalpha() else clean(value, _LIMIT))
    elif kind == Kind.ADDRESS_LINE:
        yield from _address(clean(value, _LIMIT), kept)
    elif kind == Kind.EMAIL:
        yield Needle(Where.WORD, clean(value, _LIMIT).lower(), Kind.EMAIL)
    elif kind == Kind.ID:
        yield _number(clean(value, _LIMIT), Kind.ID)
    # Free text is masked by what stands in it; credentials and plain values are nobody's personal data.


def _phone(value: str) -> Iterator[Needle]:
    for number in {value, *_SEVERAL.split(value)}:
        # The country code and the trunk zero come and go, and so does an extension: the needle is what never changes.
        national = _COUNTRY.sub("", number.strip(), count=1)
        for text in {national, _EXTENSION.split(national)[0]}:
            digits = "".join([ch for ch in text if ch in "0123456789"])
            if len(digits) == 13 and digits.startswith("86"):
                digits = digits[2:]
            bare = digits.lstrip("0")
            if digits:
                yield _number(bare if len(bare) >= _WHOLE_DIGITS else digits, Kind.PHONE)


def _number(text: str, kind: Kind) -> Needle:
    squeezed = squeeze(text).decode("utf-8", "surrogatepass")
    if len(squeezed) >= _WHOLE_DIGITS:
        return Needle(Where.INSIDE, squeezed, kind)
    return Needle(Where.WORD if len(squeezed) >= DOOR else Where.LEAF, text.lower(), kind)


def _name(kind: Kind, value: str) -> Iterator[Needle]:
    bare = value if value.isalpha() else _BRACKETS.sub(" ", value).strip()
    for name in {value, bare}:
        letters = sum(map(str.isalpha, name))
        if not name or not letters:
            continue
        if letters < WHOLE_NAME:
            yield Needle(Where.LEAF, name.lower(), kind)
        elif max(name) >= _NO_WORDS:
            yield Needle(Where.INSIDE, squeeze(name).decode("utf-8", "surrogatepass"), kind)
        else:
            words = name.lower().split()
            yield Needle(Where.WORD, " ".join(words), kind)
            if len(words) > 1 and letters >= _UNSPACED:
                yield Needle(Where.INSIDE, squeeze(name.lower()).decode("utf-8", "surrogatepass"), kind)


def _address(value: str, kept: Sequence[str]) -> Iterator[Needle]:
    masked = next((text for text in kept if "*" in text and _begins(value, text)), None)
    if masked is None:
        masked = mask_address(value).text
    if "*" not in masked:
        return  # nothing was cut: the whole line is kept
    found = False
    for gap in _gaps(value, masked):
        for part in {gap, *_PIECES.split(gap)}:
            needle = _door(part)
            if needle:
                found = True
                yield needle
    if not found:
        # The door is too short to be told from anything else; the line as a whole is not.
        yield _number(value, Kind.ADDRESS_LINE)


def _begins(value: str, masked: str) -> bool:
    head = masked[: masked.index("*")]
    return bool(head) and value.startswith(head)


def _gaps(value: str, masked: str) -> Iterator[str]:
    """What lies between the kept pieces of a masked value."""
    at = 0
    for piece in _STARS.split(masked):
        found = value.find(piece, at)
        if found < 0:
            break
        yield value[at:found].strip(_EDGES)
        at = found + len(piece)
    yield value[at:].strip(_EDGES)


def _door(part: str) -> Needle | None:
    squeezed = squeeze(part).decode("utf-8", "surrogatepass")
    if len(squeezed) < DOOR:
        return None
    if not squeezed.isascii():
        return Needle(Where.INSIDE, squeezed, Kind.ADDRESS_LINE)
    if squeezed.isdigit() and part.isdigit():
        return Needle(Where.DOOR_NUMBER, part, Kind.ADDRESS_LINE)
    if any(map(str.isdigit, part)):
        return Needle(Where.WORD, " ".join(part.lower().split()), Kind.ADDRESS_LINE)
    return None  # a word alone ("Apartment") is no door
