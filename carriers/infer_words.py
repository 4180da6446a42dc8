"""A key cut into words, and the concepts of each word (`infer_words.toml`). Knows language; knows no document, no carrier and no rule."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CUT = re.compile(r"[^\w]+|_+|(?<=\D)(?=\d)|(?<=\d)(?=\D)")
_E_MAIL = re.compile(r"(?i)\be[-_ ]?mail|(?<=[a-z])E[-_ ]?Mail")
_SHORTEST_RUN_ON = 5  # shorter unknown words ("pono", "tono") fall apart into accidents


def fold(text: str) -> str:
    """Lower case, without accents and width variants: `Straße` is `strasse`, `Prénom` is `prenom`."""
    flat = unicodedata.normalize("NFKD", text.casefold()).replace("ł", "l").replace("ø", "o").replace("ı", "i")
    return unicodedata.normalize("NFC", "".join(c for c in flat if not unicodedata.combining(c) or c in "\u3099\u309a"))


def _vocabulary() -> dict[str, frozenset[str]]:
    table = tomllib.loads(files("carriers").joinpath("infer_words.toml").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for concept, languages in table.items():
        for text in languages.values():
            for word in text.split():
                found.setdefault(fold(word), set()).add(concept)
    return {word: frozenset(concepts) for word, concepts in found.items()}


CONCEPTS = _vocabulary()
_LONGEST = max(map(len, CONCEPTS))
LONGEST_KEY = 200  # letters; no key of any format says more in more
_NONE: frozenset[str] = frozenset()


def concepts(word: str) -> frozenset[str]:
    """What a word may stand for; empty for one that says nothing."""
    return CONCEPTS.get(word, _NONE)


@contextmanager
def forgetting(some: Iterable[str]) -> Iterator[None]:
    """As if the vocabulary had never held these words: how `infer_score` asks what a carrier that nobody knew would have met. Not for threads."""
    lost = {word: CONCEPTS.pop(word) for word in {fold(word) for word in some} & set(CONCEPTS)}
    _words.cache_clear()
    try:
        yield
    finally:
        CONCEPTS.update(lost)
        _words.cache_clear()


def words(key: str) -> tuple[str, ...]:
    """`shipToPostalCode`, `ship_to_postal_code` and `SHIPTOPOSTALCODE` are (ship, to, postal, code); digits fall away."""
    return _words(key[:LONGEST_KEY])


@lru_cache(4096)  # a format's keys are few; live traffic's strangers must not grow memory
def _words(key: str) -> tuple[str, ...]:
    key = _E_MAIL.sub(" email ", key)
    parts: list[str] = []
    for chunk in _CUT.split(key):
        for part in _HUMP.split(chunk) if not chunk.isupper() else [chunk]:
            parts += _known_words(fold(part)) if part and not part.isdigit() else []
    return tuple(_joined(parts))


def _joined(parts: list[str]) -> list[str]:
    """`user name`, `api key`, `id card`: two words that have a name of their own together."""
    out: list[str] = []
    for part in parts:
        if out and out[-1] + part in CONCEPTS and not any(c > "\u3000" for c in part):
            out[-1] += part
        else:
            out.append(part)
    return out


def _known_words(word: str) -> list[str]:
    """The word, or the known words it is run together from."""
    if word in CONCEPTS:
        return [word]
    script = any("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in word)
    if not script and len(word) < _SHORTEST_RUN_ON:
        return [word]
    return _segment(word, shortest=1 if script else 2) or [word]


def _segment(word: str, *, shortest: int) -> list[str] | None:
    """The cut into fewest known words, all of the word used; a two-letter piece only as its end (`orderid`, `phoneno`)."""
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST), end):
            head, piece = best[start], word[start:end]
            if head is None or not _usable(piece, shortest, last=end == len(word)):
                continue
            known = best[end]
            if known is None or len(head) + 1 < len(known):
                best[end] = [*head, piece]
    return best[len(word)]


_FILLERS = frozenset(("ship", "order", "the", "of", "by", "and", "user", "home", "的", "人", "号", "码"))


def _usable(piece: str, shortest: int, *, last: bool) -> bool:
    if piece not in CONCEPTS and piece not in _FILLERS:
        return False
    return shortest == 1 or len(piece) > 2 or last or piece in ("to", "of", "by")
