"""The last gate: the final text against the order's own plain values, one pass. Knows the values; knows no format and no rule of masking.

It does not guess what is personal: it knows what must not be there. Phones, ids and e-mails are looked for whole; door parts from
four characters; names from three letters, shorter ones as a whole leaf only ("王" stands in a thousand words). Separators, letter
case, full width, percent codes, `\\u` escapes and character references do not hide a value. A value that lies inside something the
masker chose to keep (a street that must be printed) is no hit. A hit says what kind, never what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple, TypeVar

from masking.guard_kept import may_show
from masking.guard_needles import NO_WORDS as _NO_WORDS
from masking.guard_needles import Needles, Where
from masking.guard_text import Text, forms
from masking.personal import Kind

_LEAF_ENDS = frozenset("\"'<>&=,:;[]{}\\|^\t\r\n") - {",", ";"}
"""What parts the leaves of JSON, XML and forms, also of JSON within a string, and of a printer language."""
_IN_NUMBER = frozenset("0123456789.:-/")
_IN_EMAIL = frozenset("._%+-")
_NEAR = 64  # how far blanks around a leaf are looked through
_FIELD_DATA = ("^FD", "^FV")  # where a field begins in ZPL

_S = TypeVar("_S", str, bytes)
_TEXT: Callable[[Text], str] = attrgetter("text")
_SQUEEZED: Callable[[Text], bytes] = attrgetter("squeezed")
_WORD = Where.WORD


class Hit(NamedTuple):
    """A plain value where none may be. Never holds the value."""

    kind: Kind
    where: str
    """`plain`, or `decoded` where it stood behind another encoding."""


class Guard:
    """What must not be in a text, made ready once an order."""

    __slots__ = ("_exempt", "_needles", "_read")

    def __init__(self, plain: Iterable[tuple[str, str]], exempt: Iterable[str] = ()) -> None:
        """`plain`: kind and value of every personal leaf, whole. `exempt`: what the masker kept, masked texts included."""
        self._exempt = list(exempt)
        self._read: list[Text] | None = None
        self._needles = Needles(self._exempt)
        self._needles.take(plain)

    def check(self, text: str | bytes) -> list[Hit]:
        """Every kind of value that the text holds and may not hold; empty where it may go. Bytes have to be UTF-8."""
        return list(dict.fromkeys([Hit(kind, where) for where, form in forms(text) for kind in self._found(form)]))

    def check_bytes(self, data: bytes) -> list[Hit]:
        """The same for bytes that are text in UTF-8 or GB 18030: a printer language, a stored page."""
        try:
            data.decode()
        except UnicodeDecodeError:
            both = self.check(data.decode("gb18030", "replace")) + self.check(data.decode("utf-8", "replace"))
            return list(dict.fromkeys(both))
        return self.check(data)

    def _found(self, form: Text) -> Iterator[Kind]:
        needles, squeezed = self._needles, form.squeezed
        if needles.lines:
            needles.look_closer([kept for kept in needles.lines if may_show(kept, form)])
        for held, kind in needles.inside.items():
            if squeezed.find(held) >= 0 and self._stands(held, squeezed, _anywhere, _SQUEEZED):
                yield kind
        for needle, where, kind, cased, bare in needles.apart:
            if bare and squeezed.find(bare) < 0 and form.folds():
                continue
            spelling = Text.words if where is _WORD else Text.lower if cased else _TEXT
            text = spelling(form)
            if needle in text and self._stands(needle, text, _RULES[where], spelling):
                yield kind

    def _stands(
        self, needle: _S, text: _S, rule: Callable[[_S, int, int], bool], spelling: Callable[[Text], _S]
    ) -> bool:
        """Whether the needle stands somewhere as its rule asks, outside everything that was kept."""
        if self._read is None:
            # What was kept has to be read as the text is read, codes undone, or it would spare nothing.
            self._read = [form for kept in dict.fromkeys(self._exempt) for _, form in forms(kept)]
        keepers = [keeper for keeper in map(spelling, self._read) if keeper.find(needle) >= 0]
        spared = sorted((at, at + len(keeper)) for keeper in keepers for at in _places(keeper, text))
        reach, turn = -1, 0
        for start in _places(needle, text):
            end = start + len(needle)
            # Both run forward, so a text of nothing but one value costs no more than its length.
            while turn < len(spared) and spared[turn][0] <= start:
                reach, turn = max(reach, spared[turn][1]), turn + 1
            if end > reach and rule(text, start, end):
                return True
        return False

    def __repr__(self) -> str:
        return f"<Guard of {len(self._needles)} needles>"


def _places(needle: _S, text: _S) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _anywhere(_text: bytes, _start: int, _end: int) -> bool:
    return True


def _as_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    # Scripts that write without blanks may stand beside it: 给Ana的.
    return (
        not _as_key(text, start, end)
        and not (before.isalnum() and before < _NO_WORDS)
        and not (after.isalnum() and after < _NO_WORDS)
    )


def _as_email(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before in _IN_EMAIL or before.isalnum() or (after.isalnum() and after < _NO_WORDS))


def _as_leaf(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _NEAR) : start].rstrip(" "), text[end : end + _NEAR].lstrip(" ")[:1]
    opens = not before or before[-1] in _LEAF_ENDS or before[-3:].upper() in _FIELD_DATA
    return opens and (not after or after in _LEAF_ENDS) and not _as_key(text, start, end)


def _as_key(text: str, start: int, end: int) -> bool:
    """Whether a field's name stands here: someone may be called Shipper or To, and the document's own words are no leak."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before == after == '"':
        return text[end + 1 : end + _NEAR].lstrip()[:1] == ":"
    if after == "=":
        return before in ("", "&", "?", " ")
    return after in (">", " ", "/") and text[max(0, start - 3) : start].rstrip("/ ")[-1:] == "<"


def _as_number(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before in _IN_NUMBER or after.isdigit():
        return False
    return not (after in _IN_NUMBER and text[end + 1 : end + 2].isdigit())


def _as_door_number(text: str, start: int, end: int) -> bool:
    return _as_number(text, start, end) and not _as_leaf(text, start, end)


_RULES: dict[Where, Callable[[str, int, int], bool]] = {
    Where.WORD: _as_word,
    Where.EMAIL: _as_email,
    Where.NUMBER: _as_number,
    Where.LEAF: _as_leaf,
    Where.DOOR_NUMBER: _as_door_number,
}
