"""One text in the forms that the guard searches: as it stands, decoded, and squeezed. Knows encodings; knows no personal value.

Nearly all texts need one form. Each decoder runs only where its sign is in the text, for the gate has ten microseconds.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from html import unescape
from unicodedata import is_normalized, normalize

from masking.text import INVISIBLE

_ROUNDS = 4  # a value that was encoded oftener than this is nobody's accident
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})(?:\\{1,2}u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?|\\([bfnrt])")
_PERCENT_SIGN, _BACKSLASH, _AMPERSAND = b"%\\&"
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-zA-Z]{2,8});")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
# Of the wide signs in a Chinese document most are these. Writing them narrow by hand saves normalising the whole.
_WIDE = tuple((wide.encode(), narrow.encode()) for wide, narrow in zip("，：（）；！？、。", ",:();!?,."))
# Blanks, controls, and what people put between digits or parts of a name.
_SEPARATORS = bytes(range(0x21)) + b"-_.()/+\\'\x7f"
_SPACED = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))
_LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
# Dashes, dots and blanks outside ASCII that stand in the same places.
_WIDE_SEPARATORS = re.compile(
    rb"\xc2[\xa0\xb7]|\xe2\x80[\x80-\x95\xa2\xaf]|\xe2\x88\x92|\xe2\x81\x83|\xe3\x83\xbb|\xe3\x80\x80"
)
# ASCII, the Latin letters of U+00C0 to U+00FF, Cyrillic, and the Han and hangul that need no second look: a text that begins no sign with
# another byte is in its normal spelling.
_USUAL = bytes([*range(0xC0), 0xC3, 0xD0, 0xD1, *range(0xE4, 0xEE)])
_ODD = 0xFF  # no byte of UTF-8
# Small letters, and one mark for whatever is not usual: the pass that squeezes tells at once whether anything odd can be in the text.
_FOLD = bytes(byte if byte in _USUAL else _ODD for byte in _LOWER)
_DOTTED = "\u0130".encode()  # the one sign of a normal spelling whose small letter begins with one of ASCII


class Text:
    """A text and its other spellings. Takes its UTF-8, too: most texts are searched as bytes alone, and never decoded."""

    __slots__ = ("_data", "_lower", "_text", "_words", "squeezed")

    def __init__(self, text: str | bytes) -> None:
        data = text if type(text) is bytes else text.encode("utf-8", "surrogatepass")  # type: ignore[union-attr]
        squeezed = data.translate(_FOLD, _SEPARATORS)
        self._text: str | None = None
        if _ODD in squeezed:
            data = _narrow(data)
            squeezed = data.translate(_FOLD, _SEPARATORS)
        if _ODD in squeezed:
            self._text = _normal(data.decode("utf-8", "surrogatepass"))
            data = _parted(self._text.encode("utf-8", "surrogatepass"), b"-")
            squeezed = data.translate(_LOWER, _SEPARATORS)
        self._data, self._lower, self._words = data, "", ""
        self.squeezed = squeezed
        """For values that separators could part."""

    @property
    def text(self) -> str:
        """In normal spelling."""
        if self._text is None:
            self._text = self._data.decode("utf-8", "surrogatepass")
        return self._text

    def lower(self) -> str:
        """In small letters, for e-mails, numbers and short names."""
        if not self._lower:
            self._lower = self.text.lower()
        return self._lower

    def words(self) -> str:
        """In small letters with one blank for whatever parts words, for names and doors of several words."""
        if not self._words:
            spaced = self._data.translate(_SPACED)
            if b"  " in spaced:
                spaced = b" ".join(spaced.split())
            self._words = spaced.decode("utf-8", "surrogatepass").lower()
        return self._words

    def folds(self) -> bool:
        """Whether `squeezed` shows every small ASCII letter that `lower` and `words` show."""
        return self._data.find(_DOTTED) < 0

    def decoded(self) -> str | None:
        """The text with one layer of codes undone; None where it has none."""
        data = self._data
        if not (_PERCENT_SIGN in data or _BACKSLASH in data or _AMPERSAND in data):
            return None
        text = whole = self.text
        if "%" in whole and _PERCENT.search(text):
            text = _unquoted(text)
        if "\\" in whole:
            text = _ESCAPE.sub(_character, text)
        if "&" in whole and _REFERENCE.search(text):
            text = unescape(text)
        return text if text != whole else None


def squeeze(text: str) -> bytes:
    """UTF-8 in small ASCII letters, without blanks, hyphens, dots, brackets, slashes and the like. `text` is in normal spelling."""
    if text.isalnum():
        return text.encode().lower()  # of bytes, ASCII alone
    data = text.encode("utf-8", "surrogatepass")
    squeezed = data.translate(_FOLD, _SEPARATORS)
    if _ODD in squeezed:
        squeezed = _parted(_narrow(data), b"").translate(_LOWER, _SEPARATORS)
    return squeezed


def usual(text: str) -> bool:
    """Whether no part of the text is read in another spelling than it stands in, whatever stands around it."""
    return _ODD not in text.encode("utf-8", "surrogatepass").translate(_FOLD)


def words(text: str) -> str:
    """The text as `Text.words` spells it."""
    if text.replace(" ", "").isalnum():
        return " ".join(text.split()).lower()
    data = _parted(_narrow(text.encode("utf-8", "surrogatepass")), b"-")
    return b" ".join(data.translate(_SPACED).split()).decode("utf-8", "surrogatepass").lower()


def forms(text: str | bytes) -> list[tuple[str, Text]]:
    """The text normalised; then decoded, as often as there is something to decode."""
    form = Text(text)
    found = [("plain", form)]
    while len(found) <= _ROUNDS:
        decoded = form.decoded()
        if decoded is None:
            break
        form = Text(decoded)
        found.append(("decoded", form))
    return found


def _unquoted(text: str) -> str:
    """Percent codes undone by the C-coded quoted-printable reader; a percent sign that begins no code stays."""
    coded = _NO_CODE.sub("%25", text).replace("=", "%3D").encode("utf-8", "surrogatepass")
    data = a2b_qp(coded.replace(b"%", b"="))
    try:
        return data.decode()
    except UnicodeDecodeError:
        # Codes of GB 18030. Only in plain ASCII around them may a second byte stand uncoded.
        return data.decode("gb18030", "replace") if text.isascii() else _RUN.sub(_run, text)


def _run(found: re.Match[str]) -> str:
    data = bytes.fromhex(found[0].replace("%", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _character(found: re.Match[str]) -> str:
    first, second, control = found.groups()
    if control:
        return _CONTROLS[control]
    pair = bytes.fromhex(first + (second or ""))
    return pair.decode("utf-16-be", "replace")


def _narrow(data: bytes) -> bytes:
    if 0xEF in data or 0xE3 in data:  # the first bytes of all of them
        for wide, narrow in _WIDE:
            data = data.replace(wide, narrow)
    return data


def _parted(data: bytes, mark: bytes) -> bytes:
    """With a mark for each separator outside ASCII."""
    if 0xC2 in data or 0xE2 in data or 0xE3 in data:
        data = _WIDE_SEPARATORS.sub(mark, data)
    return data


def _normal(text: str) -> str:
    """NFKC, and nothing invisible between the characters."""
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return text if is_normalized("NFKC", text) else normalize("NFKC", text)
