"""One text in the forms that the guard searches: as it stands, decoded, and squeezed. Knows encodings; knows no personal value.

Nearly all texts need one form. Each decoder runs only where its sign is in the text, for the gate has ten microseconds.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import a2b_qp
from collections.abc import Iterator
from functools import cached_property
from html import unescape

from masking.text import INVISIBLE

_ROUNDS = 4  # a value that was encoded oftener than this is nobody's accident
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\+u([0-9A-Fa-f]{4})(?:\\+u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-zA-Z]{2,8});")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
# Of the full-width signs in a Chinese document most are these. Writing them narrow by hand saves normalising the whole.
_WIDE = (("，", ","), ("：", ":"), ("（", "("), ("）", ")"), ("；", ";"), ("！", "!"), ("？", "?"))
_SEPARATORS = b" \t\r\n-_.()/+\\'"
_LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
# Dashes, dots and blanks outside ASCII that stand between digits or parts of a name.
_WIDE_SEPARATORS = re.compile(
    rb"\xc2[\xa0\xb7]|\xe2\x80[\x80-\x95\xa2\xaf]|\xe2\x88\x92|\xe2\x81\x83|\xe3\x83\xbb|\xe3\x80\x80"
)


class Text:
    """A text and what is derived from it when a value first asks."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lower(self) -> str:
        """For values with letter case."""
        return self.text.lower()

    @cached_property
    def squeezed(self) -> bytes:
        """For values that separators could part."""
        return squeeze(self.text)


def squeeze(text: str) -> bytes:
    """UTF-8 in small ASCII letters, without blanks, hyphens, dots, brackets, slashes and the like."""
    data = text.encode("utf-8", "surrogatepass").translate(_LOWER, _SEPARATORS)
    return data if data.isascii() else _WIDE_SEPARATORS.sub(b"", data)


def forms(text: str) -> Iterator[tuple[str, Text]]:
    """The text normalised; then decoded, as often as there is something to decode."""
    text = _normal(text)
    yield "plain", Text(text)
    for _ in range(_ROUNDS):
        decoded = _decoded(text)
        if decoded == text:
            return
        text = _normal(decoded)
        yield "decoded", Text(text)


def _decoded(text: str) -> str:
    if "%" in text and _PERCENT.search(text):
        text = _unquoted(text)
    if "\\u" in text:
        text = _ESCAPE.sub(_character, text)
    if "&" in text and _REFERENCE.search(text):
        text = unescape(text)
    return text


def _unquoted(text: str) -> str:
    """Percent codes undone by the C-coded quoted-printable reader; what is no code stays. UTF-8, else GB 18030."""
    coded = text.replace("=", "%3D").encode("utf-8", "surrogatepass").replace(b"%", b"=")
    data = b"\n".join([a2b_qp(line) for line in coded.split(b"\n")])
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _character(found: re.Match[str]) -> str:
    first, second = found[1], found[2]
    pair = bytes.fromhex(first + (second or ""))
    return pair.decode("utf-16-be", "replace")


def _normal(text: str) -> str:
    """NFKC, and nothing invisible between the characters."""
    if text.isascii():
        return text
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    if unicodedata.is_normalized("NFKC", text):
        return text
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
