"""What to look for: a plain value as the needles that find it in a text. Knows how each kind of value is written; searches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import ClassVar, NamedTuple
from unicodedata import is_normalized

from masking.addresses import mask_address
from masking.guard_text import squeeze, words
from masking.personal import Kind
from masking.text import clean

WHOLE_NAME = 3
"""Letters from which a name is looked for anywhere; a shorter one only as a whole leaf."""
DOOR = 4
"""Characters from which a door part is looked for."""
_WHOLE_DIGITS = 7  # digits from which a number is looked for inside others; fewer stand in quantities and times
_WHOLE_NUMBER, _EXTENSION_DIGITS = 10, 6
_WHOLE_LINE = 6  # bytes from which an address line is looked for whole
_UNSPACED = 8  # letters from which a name of several words is also looked for as one word
NO_WORDS = "\u2e80"
"""From here on lie the scripts that write without blanks: Han, kana, hangul."""
_LIMIT = 2000
_LONGEST_NAME = 200  # looking for brackets takes the square of the length
_STARS = re.compile(r"\*+")
_BRACKETS = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_NO_DIGIT = bytes(byte for byte in range(256) if byte not in b"0123456789")
_COUNTRY = re.compile(r"^(?:\+|00)(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d\d)", re.ASCII)
_EXTENSION = re.compile(r"转|分机|ext\.?|[#xX;]", re.IGNORECASE | re.ASCII)
_SEVERAL = re.compile(r"[\n/、;；|,，]|或")
_EDGES = " \t\n,，;；。()（）"
_PARTED = re.compile(r"[\s,，;；。()（）]")
_PIECES = re.compile(r"[\s,，;；。()（）]+")


class Where(Enum):
    """How a needle has to stand to be a hit."""

    INSIDE = auto()
    """Anywhere in the squeezed text."""
    WORD = auto()
    """Not beside a letter or digit; whatever parts words counts as a blank."""
    EMAIL = auto()
    """Not as the end of another address."""
    NUMBER = auto()
    """A number of its own, not a piece of another, of a date or of a sum."""
    LEAF = auto()
    """Alone between the punctuation of JSON, XML or a form."""
    DOOR_NUMBER = auto()
    """The same, and beside other text: "1501" in an address, not the quantity or the time of day."""


# Members of an enumeration are looked up once: each look is a call.
_WORD, _EMAIL, _NUMBER, _LEAF, _DOOR_NUMBER = Where.WORD, Where.EMAIL, Where.NUMBER, Where.LEAF, Where.DOOR_NUMBER


class Apart(NamedTuple):
    """A needle that is a hit only where it stands as `where` asks."""

    text: str
    """In small letters."""
    where: Where
    kind: Kind
    cased: bool
    """Whether letter case can hide it. Most needles have none, and lowering a whole text is dear."""


class Needles:
    """All that must not be found, by how it is searched."""

    __slots__ = ("_kept", "apart", "digits", "inside")
    _ADD: ClassVar[dict[str, Callable[[Needles, Kind, str], None]]]

    def __init__(self, kept: Iterable[str]) -> None:
        """`kept` holds what the masker left of the values: what it cut out of an address is the door."""
        self._kept = [(text.partition("*")[0], text) for text in kept if "*" in text]
        self.inside: dict[bytes, Kind] = {}
        """Squeezed, with the kind each betrays."""
        self.digits: dict[bytes, Kind] = {}
        """Those of them that are nothing but digits."""
        self.apart: list[Apart] = []

    def __len__(self) -> int:
        return len(self.inside) + len(self.digits) + len(self.apart)

    def add(self, kind: str, value: str) -> None:
        """Take in one plain value, whole."""
        # Free text is masked by what stands in it; credentials and plain values are nobody's personal data.
        adding = self._ADD.get(kind)
        if adding is not None:
            adding(self, Kind._value2member_map_[kind], value)  # type: ignore[arg-type]

    def _stand_apart(self, where: Where, kind: Kind, text: str) -> None:
        if text:
            self.apart.append(Apart(text, where, kind, text.upper() != text))

    def _email(self, kind: Kind, value: str) -> None:
        self._stand_apart(_EMAIL, kind, clean(value, _LIMIT).lower())

    def _id(self, kind: Kind, value: str) -> None:
        self._number(kind, clean(value, _LIMIT))

    def _phone(self, kind: Kind, value: str) -> None:
        if len(value) == 11 and value.isascii() and value.isdigit() and value[0] == "1":
            self.digits[value.encode()] = kind
            return
        value = clean(value, _LIMIT)
        for number in {value, *_SEVERAL.split(value)}:
            # The country code and the trunk zero come and go, and so does an extension: the needle is what never changes.
            national = number.strip()
            if national.startswith(("+", "00")):
                national = _COUNTRY.sub("", national, count=1)
            for text in {national, _without_extension(national)}:
                digits = _digits(text)
                if len(digits) == 13 and digits.startswith(b"86"):
                    digits = digits[2:]
                bare = digits.lstrip(b"0")
                if len(bare) >= _WHOLE_DIGITS:
                    self.digits[bare] = kind
                elif digits:
                    self._number(kind, digits.decode())

    def _number(self, kind: Kind, text: str) -> None:
        squeezed = squeeze(text)
        if len(squeezed) >= _WHOLE_DIGITS:
            (self.digits if squeezed.isdigit() else self.inside)[squeezed] = kind
        elif squeezed:
            self._stand_apart(_NUMBER if len(squeezed) >= DOOR else _LEAF, kind, text.lower())

    def _name(self, kind: Kind, value: str) -> None:
        if value.isalpha() and is_normalized("NFKC", value):
            self._letters(kind, value, len(value))
            return
        value = clean(value, _LIMIT)
        bare = _BRACKETS.sub(" ", value).strip() if len(value) <= _LONGEST_NAME else value
        for name in {value, bare}:
            letters = sum(map(str.isalpha, name))
            if letters:
                self._letters(kind, name, letters)

    def _letters(self, kind: Kind, name: str, letters: int) -> None:
        if letters < WHOLE_NAME:
            self._stand_apart(_LEAF, kind, name.lower())
        elif max(name) >= NO_WORDS:
            self.inside[squeeze(name)] = kind
        else:
            spelt = words(name)
            self._stand_apart(_WORD, kind, spelt)
            if " " in spelt and letters >= _UNSPACED:
                self._stand_apart(_WORD, kind, spelt.replace(" ", ""))

    def _address(self, kind: Kind, value: str) -> None:
        value = clean(value, _LIMIT)
        masked = self._masked(value)
        if "*" not in masked:
            return  # nothing was cut: the whole line is kept
        found = False
        for gap in _gaps(value, masked):
            found = self._door(kind, gap) or found
            if _PARTED.search(gap):
                for part in _PIECES.split(gap):
                    self._door(kind, part)
        # Else the line as a whole: a door may be too short to be told from anything else ("3室"), or one of a range.
        whole = b"" if found else squeeze(value)
        if len(whole) >= _WHOLE_LINE:
            self.inside[whole] = kind

    def _masked(self, value: str) -> str:
        """What went out for an address line."""
        for head, masked in self._kept:
            if head and value.startswith(head):
                return masked
        return mask_address(value).text

    def _door(self, kind: Kind, part: str) -> bool:
        """Take in one door part, unless it is too short, or a word alone ("Apartment"). Tells whether it is found wherever it stands."""
        squeezed = squeeze(part)
        if not squeezed.isascii():
            if len(squeezed.decode("utf-8", "surrogatepass")) < DOOR:
                return False
            self.inside[squeezed] = kind
            return True
        if len(squeezed) < DOOR or not any(map(str.isdigit, part)):
            return False
        self._stand_apart(_DOOR_NUMBER if part.isdigit() else _WORD, kind, words(part))
        return False


Needles._ADD = {
    "phone": Needles._phone,
    "name": Needles._name,
    "company": Needles._name,
    "address_line": Needles._address,
    "email": Needles._email,
    "id": Needles._id,
}


def _digits(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").translate(None, _NO_DIGIT)


def _without_extension(number: str) -> str:
    head, _, tail = number.rpartition("-")
    # Behind a hyphen, few digits after a whole number are an extension; after fewer they are its last group.
    if tail.isdigit() and len(tail) <= _EXTENSION_DIGITS and len(_digits(head)) >= _WHOLE_NUMBER:
        return head
    return _EXTENSION.split(number)[0]


def _gaps(value: str, masked: str) -> list[str]:
    """What lies between the kept pieces of a masked value."""
    head, _, tail = masked.partition("****")
    if not tail and value.startswith(head):
        return [value[len(head) :].strip(_EDGES)]  # nearly all: one cut, up to the end
    at, gaps = 0, []
    for piece in _STARS.split(masked):
        found = value.find(piece, at)
        if found < 0:
            break
        if found > at:
            gaps.append(value[at:found].strip(_EDGES))
        at = found + len(piece)
    gaps.append(value[at:].strip(_EDGES))
    return gaps
