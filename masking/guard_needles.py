"""What to look for: a plain value as the needles that find it in a text. Knows how each kind of value is written; searches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from functools import partial
from typing import ClassVar, NamedTuple
from unicodedata import is_normalized

from masking.addresses import mask_address
from masking.guard_kept import DOOR, KeptLine, kept_line
from masking.guard_text import squeeze, words
from masking.personal import Kind
from masking.text import STARS, clean

WHOLE_NAME = 3
"""Letters from which a name is looked for anywhere; a shorter one only as a whole leaf."""
_WHOLE_DIGITS = 7  # digits from which a number is looked for inside others; fewer stand in quantities and times
_WITH_CHINA = 13  # digits of a Chinese mobile number with its country code
_WHOLE_NUMBER, _EXTENSION_DIGITS = 10, 6
_WHOLE_LINE = 6  # bytes from which an address line is looked for whole
_UNSPACED = 8  # letters from which a name of several words is also looked for as one word
_SILENT = 0xE1  # begins, in UTF-8, the letters that are drawn as nothing: no spelling of a name
NO_WORDS = "\u2e80"
"""From here on lie the scripts that write without blanks: Han, kana, hangul."""
_LIMIT = 2000
_LONGEST_NAME = 200  # looking for brackets takes the square of the length
_STARS = re.compile(r"\*+")
_ONE_CUT = STARS[1:]
_WORDLESS = re.compile(f"[{NO_WORDS}-\U0010ffff]")
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
    bare: bytes
    """Squeezed, where it is in ASCII, or of letters without case: a text that is squeezed and lacks this lacks the needle. Else empty."""


_new_apart = partial(tuple.__new__, Apart)  # a third of the cost of calling the class


class Needles:
    """All that must not be found, by how it is searched."""

    __slots__ = ("_kept", "apart", "inside", "lines")
    _ADD: ClassVar[dict[str, tuple[Kind, Callable[[Needles, Kind, str], None]]]]

    def __init__(self, kept: list[str]) -> None:
        """`kept` holds what the masker left of the values: what it cut out of an address is the door."""
        self._kept = kept
        self.inside: dict[bytes, Kind] = {}
        """Squeezed, with the kind each betrays."""
        self.apart: list[Apart] = []
        self.lines: list[KeptLine] = []
        """Address lines that were kept whole, whose doors are worked out when one may stand elsewhere."""

    def __len__(self) -> int:
        return len(self.inside) + len(self.apart)

    def take(self, plain: Iterable[tuple[str, str]]) -> None:
        """Take in plain values, whole, each after its kind."""
        # Free text is masked by what stands in it; credentials and plain values are nobody's personal data.
        adding = self._ADD.get
        for told, value in dict.fromkeys(plain):
            how = adding(told)
            if how is not None and value:
                kind, add = how
                add(self, kind, value)

    def look_closer(self, lines: Iterable[KeptLine]) -> None:
        """Work out the doors of lines that were kept whole."""
        for kept in lines:
            self.lines.remove(kept)
            self._doors(Kind.ADDRESS_LINE, kept.line)

    def _stand_apart(self, where: Where, kind: Kind, text: str) -> None:
        if text:
            cased = text.upper() != text
            bare = squeeze(text) if text.isascii() or not (cased or not text.isalnum()) else b""
            self.apart.append(_new_apart((text, where, kind, cased, bare)))

    def _email(self, kind: Kind, value: str) -> None:
        self._stand_apart(_EMAIL, kind, clean(value, _LIMIT).lower())

    def _id(self, kind: Kind, value: str) -> None:
        self._number(kind, clean(value, _LIMIT))

    def _phone(self, kind: Kind, value: str) -> None:
        if _WHOLE_DIGITS <= len(value) < _WITH_CHINA and value[0] != "0" and value.isascii() and value.isdigit():
            self.inside[value.encode()] = kind
            return
        bare = value.replace("-", "")
        if bare.isdigit() and bare.isascii() and len(value) <= _LIMIT and not value.startswith("00"):
            # Digits and hyphens, as most are written: nothing to clean, to part or to take out.
            extension = len(value) - 1 - value.rfind("-")
            self._dialled(kind, bare)
            if 0 < extension <= _EXTENSION_DIGITS and len(bare) - extension >= _WHOLE_NUMBER:
                self._dialled(kind, bare[:-extension])
            return
        value = clean(value, _LIMIT)
        for number in {value, *_SEVERAL.split(value)}:
            # The country code and the trunk zero come and go, and so does an extension: the needle is what never changes.
            national = number.strip()
            if national.startswith(("+", "00")):
                national = _COUNTRY.sub("", national, count=1)
            for text in {national, _without_extension(national)}:
                self._dialled(kind, _digits(text).decode())

    def _dialled(self, kind: Kind, digits: str) -> None:
        if len(digits) == _WITH_CHINA and digits.startswith("86"):
            digits = digits[2:]
        bare = digits.lstrip("0")
        if len(bare) >= _WHOLE_DIGITS:
            self.inside[bare.encode()] = kind
        elif digits:
            self._number(kind, digits)

    def _number(self, kind: Kind, text: str) -> None:
        squeezed = squeeze(text)
        if len(squeezed) >= _WHOLE_DIGITS:
            self.inside[squeezed] = kind
        elif squeezed:
            self._stand_apart(_NUMBER if len(squeezed) >= DOOR else _LEAF, kind, text.lower())

    def _name(self, kind: Kind, value: str) -> None:
        if value.isalpha() and is_normalized("NFKC", value) and _SILENT not in (data := value.encode()):
            if value[0] >= NO_WORDS and len(value) >= WHOLE_NAME:
                self.inside[data.lower()] = kind
            else:
                self._letters(kind, value, len(value))
            return
        value = clean(value, _LIMIT)
        unspaced = value.replace(" ", "")
        if unspaced.isalpha():
            self._letters(kind, value, len(unspaced))
            return
        bare = _BRACKETS.sub(" ", value).strip() if len(value) <= _LONGEST_NAME else value
        for name in {value, bare}:
            letters = sum(map(str.isalpha, name))
            if letters:
                self._letters(kind, name, letters)

    def _letters(self, kind: Kind, name: str, letters: int) -> None:
        if letters < WHOLE_NAME:
            self._stand_apart(_LEAF, kind, name.lower())
        elif name[0] >= NO_WORDS or (not name.isascii() and _WORDLESS.search(name)):
            self.inside[squeeze(name)] = kind
        else:
            spelt = words(name)
            self._stand_apart(_WORD, kind, spelt)
            if " " in spelt and letters >= _UNSPACED:
                self._stand_apart(_WORD, kind, spelt.replace(" ", ""))

    def _address(self, kind: Kind, value: str) -> None:
        kept = kept_line(value) if value in self._kept else None
        if kept is not None:
            self.lines.append(kept)
        else:
            self._doors(kind, value)

    def _doors(self, kind: Kind, value: str) -> None:
        value = clean(value, _LIMIT)
        found = False
        cut = self._cut(value) if value else []
        if not cut:
            return  # the whole line is kept
        for gap in cut:
            found = self._door(kind, gap) or found
            if not gap.isalnum() and _PARTED.search(gap):
                for part in _PIECES.split(gap):
                    self._door(kind, part)
        # Else the line as a whole: a door may be too short to be told from anything else ("3室"), or one of a range.
        whole = b"" if found else squeeze(value)
        if len(whole) >= _WHOLE_LINE:
            self.inside[whole] = kind

    def _cut(self, value: str) -> list[str]:
        """What the masker cut out of an address line, by what went out for it."""
        first = value[0]
        for text in self._kept:
            if text and text[0] == first:
                head, star, tail = text.partition("*")
                if head and star and value[: len(head)] == head:
                    # Nearly all have one cut, up to the end.
                    return [value[len(head) :].strip(_EDGES)] if tail == _ONE_CUT else _gaps(value, text)
        masked = mask_address(value).text
        return _gaps(value, masked) if "*" in masked else []

    def _door(self, kind: Kind, part: str) -> bool:
        """Take in one door part, unless it is too short, or a word alone ("Apartment"). Tells whether it is found wherever it stands."""
        squeezed = squeeze(part)
        if not squeezed.isascii():
            if len(squeezed) < 4 * DOOR and len(squeezed.decode("utf-8", "surrogatepass")) < DOOR:
                return False
            self.inside[squeezed] = kind
            return True
        if len(squeezed) < DOOR or not any(map(str.isdigit, part)):
            return False
        self._stand_apart(_DOOR_NUMBER if part.isdigit() else _WORD, kind, words(part))
        return False


Needles._ADD = {
    "phone": (Kind.PHONE, Needles._phone),
    "name": (Kind.NAME, Needles._name),
    "company": (Kind.COMPANY, Needles._name),
    "address_line": (Kind.ADDRESS_LINE, Needles._address),
    "email": (Kind.EMAIL, Needles._email),
    "id": (Kind.ID, Needles._id),
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
    head, _, tail = masked.partition(STARS)
    if not tail and value.startswith(head):
        return [value[len(head) :].strip(_EDGES)]
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
