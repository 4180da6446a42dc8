"""Masks what a carrier's label says about known people, wherever it stands in a line and however it was broken.

A value is found in other letter case, without accents, with other blanks; a phone with any separators; a line that is a
piece of a value (a name or street broken over lines) is masked whole. What else looks personal is masked by its shape
(`shapes.py`), unless a kind must stay. Knows texts, no file format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence

from masking.addresses import mask_address
from masking.contacts import mask_email, mask_id
from masking.labels.shapes import mask_shapes
from masking.names import mask_company, mask_name
from masking.party import mask_party
from masking.personal import Kind, MaskedParty, Party
from masking.phones import mask_phone

STARS = "****"
PIECE = 4
"""Letters from which a part of a value (a word of a name, a part of an address) is looked for by itself."""


class Remasker:
    """A text in, the masked text out. Made once a label."""

    def __init__(
        self,
        parties: Sequence[Party] = (),
        masked: Sequence[MaskedParty] | None = None,
        *,
        keep: Collection[str] = (),
        codes: Collection[str] = (),
    ) -> None:
        """`masked` stands in for the parties, relay numbers included. `keep` names kinds that stay (a carrier that delivers
        from the label needs the address). `codes` are the barcodes' contents: a text that repeats one is no personal value.
        """
        shown = masked if masked is not None else [mask_party(party) for party in parties]
        self._keep = frozenset(keep)
        self._codes = {_squeezed(code) for code in codes}
        self._instead: dict[str, str] = {}
        self._phones: list[tuple[re.Pattern[str], str]] = []
        self._values: list[str] = []
        for party, mask in zip(parties, shown, strict=True):
            self._learn(party, mask)
        words = sorted((word for word in self._instead if word), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_spelled, words)), re.IGNORECASE) if words else None

    def __call__(self, text: str) -> str:
        squeezed = _squeezed(text)
        if not squeezed or squeezed in self._codes:
            return text
        if len(squeezed) > PIECE and any(squeezed in value and squeezed != value for value in self._values):
            return STARS
        for pattern, instead in self._phones:
            text = pattern.sub(instead, text)
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._instead[_key(match[0])], text)
        return text if self._keep else mask_shapes(text)

    def _learn(self, party: Party, mask: MaskedParty) -> None:
        for kind, value, instead in _values(party, mask):
            if kind in self._keep or not value.strip():
                continue
            if kind == Kind.PHONE:
                self._learn_phone(value, instead(value) or STARS)
                continue
            self._values.append(_squeezed(value))
            for piece in dict.fromkeys((value, *_pieces(kind, value))):
                cover = instead(piece)
                hides = cover and _squeezed(piece) not in _squeezed(cover)
                for spelling in {_key(piece), _key(_unaccented(piece))}:
                    self._instead[spelling] = cover if hides else STARS

    def _learn_phone(self, value: str, instead: str) -> None:
        digits = re.sub(r"\D", "", value)
        if len(digits) >= 6:
            spaced = r"[\s().\-–/]{0,3}".join(digits)
            self._phones.append((re.compile(rf"(?<!\d)(?:\+|00)?{spaced}(?!\d)"), instead))
            for country in (1, 2, 3):
                if value.lstrip().startswith(("+", "00")) and len(digits) - country >= 7:
                    national = r"[\s().\-–/]{0,3}".join(digits[country:])
                    self._phones.append((re.compile(rf"(?<!\d)0?{national}(?!\d)"), instead))


Instead = Callable[[str], str]


def _values(party: Party, mask: MaskedParty) -> Iterator[tuple[str, str, Instead]]:
    """Kind, value, and what stands in for a piece of it."""
    yield Kind.NAME, party.name, lambda piece: mask_name(piece).text
    yield Kind.COMPANY, party.company, lambda piece: mask_company(piece).text
    yield Kind.EMAIL, party.email, lambda piece: mask_email(piece).text
    for number in party.phone.split("\n"):
        yield Kind.PHONE, number, lambda piece: mask.phone if mask.relay else mask_phone(piece).text
    for line in party.address.street.split("\n"):
        yield Kind.ADDRESS_LINE, line, lambda piece: mask_address(piece, party.address.country).text
    for number in party.ids:
        yield Kind.ID, number, lambda piece: mask_id(piece).text


def _pieces(kind: str, value: str) -> Iterator[str]:
    """What a label may print of a value by itself: words of a name, parts of an address."""
    if kind == Kind.ADDRESS_LINE:
        yield from (part.strip() for part in re.split(r"[,，;；\n]", value) if len(part.strip()) >= PIECE)
    elif kind == Kind.NAME:
        yield from (
            word
            for word in re.split(r"[\s·•・,]+", value)
            if len(word) >= PIECE or (len(word) > 1 and not word.isascii())
        )


def _spelled(word: str) -> str:
    """A pattern for a word with any blanks; one of Latin letters does not match inside another word."""
    blanks = r"\s+".join(re.escape(part) for part in word.split())
    start = r"(?<!\w)" if word[:1].isascii() and word[:1].isalnum() else ""
    end = r"(?!\w)" if word[-1:].isascii() and word[-1:].isalnum() else ""
    return f"{start}{blanks}{end}"


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _unaccented(text: str) -> str:
    return "".join(ch for ch in unicodedata.normalize("NFKD", text) if not unicodedata.combining(ch))


def _squeezed(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text).casefold()
    return "".join(ch for ch in flat if ch.isalnum())
