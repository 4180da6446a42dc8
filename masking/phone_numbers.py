"""Reads the numbers that stand in a phone field, in any notation. Knows numbering shapes; hides nothing and dials nothing.

A `*` in a pre-masked number is a digit that somebody else hid: it holds its place. Where a shape is not known the number is
`OTHER`, and `phones.py` shows less of it.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from masking.text import clean

LIMIT = 256  # a dozen numbers; what stands behind is dropped, never shown


class Shape(StrEnum):
    """What kind of number it is, as far as the digits tell."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    INTERNATIONAL = "international"
    OTHER = "other"
    WORDS = "words"


class Number(NamedTuple):
    """One number. All parts are digits and stars; for WORDS `local` counts letters and digits as stars."""

    shape: Shape
    local: str
    """The subscriber's or the national part, which the mask hides."""
    prefix: str = ""
    """Area code with its 0 (LANDLINE) or country code without its + (INTERNATIONAL, and 86 where it was written)."""
    ext: str = ""
    raw: str = ""
    """Digits as they were written, trunk and country code included; for WORDS the words."""


_NUMERALS = dict(
    zip("〇零一二三四五六七八九幺么两壹贰叁肆伍陆柒捌玖貳參陸兩", "001234567891121234567892362", strict=True)
)
_NUMERAL = "".join(_NUMERALS)
# One numeral alone is rather part of a name (张三) than of a number, unless digits stand on both its sides.
_NUMERAL_RUN = re.compile(rf"[{_NUMERAL}]{{2,}}|(?<=[0-9])[{_NUMERAL}](?=[0-9])")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_COVERED = re.compile(r"[●○■□×✕✖]|(?<=[0-9*])[xX]+(?=[0-9*xX]*[0-9])(?<=[xX]{2})")

_EXT_COMMA = re.compile(r",\s*([0-9*]{1,6})(?=\s*(?:\Z|[/、;,\n|(或]))|;\s*ext=([0-9*]{1,8})")
_SPLIT = re.compile(r"[/、;,\n\r|&]|或|和|及|\b(?:or|and)\b|(?<=[0-9*])\s+(?=\+)")
_EXT = re.compile(
    r"(?:转|轉|分机|分機|内线|內線|\bext(?:ension|n)?\b|ext|(?<=[0-9)\s])x|#)[\s.::=]*([0-9*]{1,8})(?=[^0-9*]*\Z)",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"\b(?:tele?phone|tel|phone|mobile|mob|cell|fax|wechat|weixin|whatsapp|qq|vx|wx|call|no)\b|[A-Za-z]+\s*[::]"
)
_GLUED_LETTERS = re.compile(r"[0-9][-.]?[A-Za-z]|[A-Za-z][-.]?[0-9]")
_TOKEN = re.compile(r"(?:\+|\(\+?)?[0-9*](?:[-‐-―−~.·_()\s]{0,3}[0-9*])*")
_TRUNK = re.compile(r"(?<=[0-9\s])\(0\)")
_NOT_DIGIT = re.compile(r"[^0-9*]+")
_HIDDEN_EXT = "-****"  # an extension that was masked before
_HYPHEN_EXT = re.compile(r"(.*[0-9*)])\s?[-‐-―−_]\s?([0-9*]{1,6})", re.DOTALL)

_AREA3 = r"10|2[0-9]"
# The second digits that the numbering plan uses; 030, 032, 038 … start numbers of other countries.
_AREA4 = r"3[1-79][0-9]|4[1-8][0-9]|5[1-9][0-9]|6[369][0-9]|7[0-9]{2}|8[1-9][0-9]|9[0-9]{2}"
_MOBILE = re.compile(r"(?:(86|086)|0|17951|12593)?(1[3-9*][0-9*]{9})")
_LANDLINE = re.compile(rf"(?:(86)0?|0)(?:({_AREA3})([1-9*][0-9*]{{7}})|({_AREA4})([2-9*][0-9*]{{6,7}}))")
_MOBILES = re.compile(r"(?:1[3-9*][0-9*]{9}){2,20}")
_PLAIN_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_COUNTRY = re.compile(r"([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})([0-9*]+)")


def read_numbers(text: str) -> list[Number]:
    """All numbers of a phone field in their order; the list is empty where there is none."""
    text = _EXT_COMMA.sub(r"转\1\2", _spell_digits(clean(text, LIMIT)))
    numbers: list[Number] = []
    for piece in _SPLIT.split(text):
        if piece and not piece.isspace():
            numbers += _read_piece(piece)
    return numbers


def _spell_digits(text: str) -> str:
    """Write digits of every script, Chinese numerals and covered digits as 0 to 9 and `*`."""
    if not text.isascii():
        text = _FOREIGN_DIGIT.sub(lambda m: str(unicodedata.decimal(m[0])), text)
        text = _NUMERAL_RUN.sub(lambda m: "".join(_NUMERALS[ch] for ch in m[0]), text)
    return _COVERED.sub(lambda m: "*" * len(m[0]), text)


def _read_piece(piece: str) -> list[Number]:
    piece = _WORD.sub(" ", piece)
    ext = _EXT.search(piece)
    if ext:
        piece = piece[: ext.start()]
    if _GLUED_LETTERS.search(piece):
        numbers = _among_letters(piece)
    else:
        numbers = [number for token in _TOKEN.findall(_TRUNK.sub("", piece)) for number in _read_token(token)]
        if len(numbers) > 1:
            numbers = [number for number in numbers if len(number.raw) >= 5] or numbers
    if ext and numbers:
        numbers[-1] = numbers[-1]._replace(ext=ext[1])
    return numbers


def _among_letters(piece: str) -> list[Number]:
    """A whole mobile among letters is read; a number made of letters (1-800-FLOWERS) is words."""
    mobiles = _PLAIN_MOBILE.findall(piece)
    if mobiles:
        return [Number(Shape.MOBILE, mobile, raw=mobile) for mobile in mobiles]
    signs = sum(ch == "*" or (ch.isascii() and ch.isalnum()) for ch in piece)
    return [Number(Shape.WORDS, "*" * signs, raw=piece.strip())]


def _read_token(token: str) -> list[Number]:
    """Read a run of digits and separators: one number, one with an extension behind a hyphen, or several side by side."""
    digits = _NOT_DIGIT.sub("", token)
    whole = _classify(digits, "+" in token)
    hyphen = _HYPHEN_EXT.fullmatch(token)
    if whole.shape in (Shape.MOBILE, Shape.LANDLINE) or (
        whole.shape is Shape.INTERNATIONAL and not token.endswith(_HIDDEN_EXT)
    ):
        return [whole]
    if hyphen:
        base = _classify(_NOT_DIGIT.sub("", hyphen[1]), "+" in token)
        if base.shape in (Shape.MOBILE, Shape.LANDLINE) or token.endswith(_HIDDEN_EXT):
            return [base._replace(ext=hyphen[2])]
    if _MOBILES.fullmatch(digits):
        return [Number(Shape.MOBILE, digits[i : i + 11], raw=digits[i : i + 11]) for i in range(0, len(digits), 11)]
    groups = token.split()
    if len(groups) > 1 and all(len(_NOT_DIGIT.sub("", group)) >= 7 for group in groups):
        return [number for group in groups for number in _read_token(group)]
    return [whole]


def _classify(digits: str, plus: bool) -> Number:
    """Give one number's shape by its digits alone."""
    raw = digits
    if digits.startswith("00") and len(digits) > 4:
        plus, digits = True, digits[2:]
    if not plus or digits.startswith("86"):
        mobile = _MOBILE.fullmatch(digits)
        if mobile:
            return Number(Shape.MOBILE, mobile[2], "86" if mobile[1] else "", raw=raw)
        landline = _LANDLINE.fullmatch(digits)
        if landline:
            return Number(Shape.LANDLINE, landline[3] or landline[5], "0" + (landline[2] or landline[4]), raw=raw)
        return Number(Shape.OTHER, digits[2:] or digits if plus else digits, "86" if plus else "", raw=raw)
    country = _COUNTRY.fullmatch(digits)
    if country:
        return Number(Shape.INTERNATIONAL, country[2], country[1], raw=raw)
    return Number(Shape.OTHER, digits, raw=raw)
