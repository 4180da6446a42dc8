"""One spelling for every way to write the same value: NFKC, no invisible characters, no blanks around.

Every masker reads its value through `clean`, so that full-width, half-width and zero-width variants meet one rule. Knows
characters and widths; knows no name, phone or address.
"""

from __future__ import annotations

import re
import unicodedata

STARS = "****"
"""A fixed run: it does not tell how long the hidden part is."""

INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, but no blank and no line end
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Controls and Unicode's Default_Ignorable_Code_Point, as the inside of a character class: drawn as nothing, they part nothing."""

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
# A text of printable ASCII and of the Han of U+4000 to U+9FFF is in its normal spelling; finding nothing makes no match object.
_UNUSUAL = re.compile("[^ -~\u4000-\u9fff]")


def clean(text: str, limit: int) -> str:
    """The normal spelling of the first `limit` characters of a value; what is longer is no value of its kind.

    The limit also bounds the time: putting marks in canonical order is quadratic in their number.
    """
    if len(text) <= limit and not _UNUSUAL.search(text):
        return text.strip()
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    text = text.strip()[: 4 * limit]  # a decomposed spelling is up to four times as long
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.strip()[:limit]


def words(text: str) -> frozenset[str]:
    """The words of a list that is easier to read as one text."""
    return frozenset(text.split())


def any_of(text: str) -> str:
    """A pattern for any of the words of a list, longer ones first, grouped by first letter so that most fail at once."""
    groups: dict[str, list[str]] = {}
    for word in sorted(text.split(), key=len, reverse=True):
        groups.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join([f"{first}(?:{'|'.join(rest)})" for first, rest in groups.items()])


def first_of(entries: list[str]) -> str:
    """A pattern for the first that fits of some words, each of which may end in a condition; grouped letter by letter, so that most fail at once."""
    if entries == [""] or "" in entries[:-1] or any(entry.startswith("(") for entry in entries):
        return "|".join(entries)  # nothing to group by
    rests: dict[str, list[str]] = {}
    for entry in entries:
        rests.setdefault(entry[:1], []).append(entry[1:])
    letters: dict[str, str] = {}
    for letter, rest in rests.items():
        behind = first_of(rest)
        letters[behind] = letters.get(behind, "") + letter
    branches = [f"[{letter}](?:{behind})" if behind else f"[{letter}]" for behind, letter in letters.items() if letter]
    return "|".join(branches + [""] * ("" in rests))
