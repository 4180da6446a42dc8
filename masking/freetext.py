"""Finds what is personal in a text that may say anything: phones, e-mails, identity numbers and the parts of a door.

Knows shapes and the words before them, not whose they are; names are found by the guard, which knows the order's own.
Looks only where a cheap look saw something, so that a clean remark costs next to nothing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from masking.contacts import mask_email, mask_id
from masking.personal import Kind, Masked, masked
from masking.phones import mask_phone
from masking.text import INVISIBLE, STARS

CROWD = 64  # no remark names so many people; a list of them is hidden whole

ROUNDS = 4  # stars beside digits may look like one more number, which then goes too


class Span(NamedTuple):
    """Where something personal stands: `text[start:end]`, and what kind it is."""

    start: int
    end: int
    kind: Kind


_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_NUMERALS = "〇零一二三四五六七八九十幺两"
_DOOR_WORD = "号楼|號樓|单元|單元|[幢栋棟座]|[楼樓](?!下|上|道|梯|盘|主|房)|室(?!内|外|温)"

# --- the cheap looks ----------------------------------------------------------------------------------------------------
# Each opens with a class of characters, so that the search passes by all others without trying, and goes on by the second character.


def _by_second(words: str, end: str) -> str:
    """The words in any case, with what ends them, told apart by the second letter once the first has been read."""
    groups: dict[str, dict[str, list[str]]] = {}
    for word in words.split():
        groups.setdefault(word[1], {}).setdefault(word[0], []).append(word[2:])
    branches = []
    for second, firsts in groups.items():
        told = [f"(?<=[{first}{first.upper()}].)(?i:{'|'.join(rests)})" for first, rests in firsts.items()]
        branches.append(f"[{second}{second.upper()}](?:{'|'.join(told)}){end}")
    return "|".join(branches)


_PLACES = _by_second(
    "flat apt apartment unit room rm suite ste floor fl bldg building block st street rd road ave avenue lane ln drive dr way blvd",
    r"\b",
)
_SIGN = re.compile(r"[@＠\d]")
_TELLING = re.compile(
    rf"[A-Za-z{_NUMERALS}](?:{_DOOR_WORD}|[{_NUMERALS}](?<=[{_NUMERALS}].)[{_NUMERALS}]{{5}}"
    rf"|{_by_second('flat apt unit room floor', ' ')}|(?<=[Ssſ][Uu])(?i:ite) )",
    re.DOTALL,
)
_SEVEN_DIGITS = re.compile(
    rf"[0-9*A-Z{_NUMERALS}](?:[{_NUMERALS}](?<=[{_NUMERALS}].)[{_NUMERALS}]{{5}}|(?<=[0-9*])(?:[ ().*/-]{{0,3}}[0-9*]){{6}}|(?<=[A-Z])[0-9]{{6}})"
)
_DOORISH = re.compile(rf"[0-9A-Za-z{_NUMERALS}](?:{_DOOR_WORD}|-(?<=[0-9].)[0-9]{{1,2}}-[0-9]|{_PLACES})", re.DOTALL)

# --- what is looked for -------------------------------------------------------------------------------------------------
_LOCAL = r"A-Za-z0-9\u00c0-\u024f._%+'-"
_EMAIL = re.compile(rf"(?:(?<![{_LOCAL}])[{_LOCAL}]+|(?<!\w)\w*[^\W\x00-\x7f])@[\w-]+(?:\.[\w-]+)+")
_ID = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}(?:[Xx]|[0-9](?![0-9A-Za-z]))"  # GB 11643
    r"|[A-Z]{1,2}[0-9]{6}\([0-9A]\)"  # Hong Kong
    r"|[EGDSPHM][0-9]{8}"  # passports and travel permits of China
    r"|[0-9]{3}-[0-9]{2}-[0-9]{4}"  # US social security
    r")(?:(?<=[Xx])|(?![0-9A-Za-z]))"
)
_EXT = r"(?:\s?(?:转|轉|分机|ext\.?|x|[-,#])\s?[0-9]{1,6}(?![0-9]))?"
_PHONE = re.compile(
    r"(?=[0-9(+])(?:(?<![0-9A-Za-z*.+-])|(?<=[A-Za-z][:.])|(?<=[a-z*])(?=1[3-9][0-9]{9}(?![0-9A-Za-z]))"
    r"|(?<=\*)(?=0[0-9]{2,3}-?[1-9][0-9]{6,7}(?![0-9])))(?:"  # stars of a name may stand right before a number
    r"(?:\+?86[- ]?|0086[- ]?|0)?1[- ]?[3-9](?:[- .]?[0-9*]){9}(?![0-9])" + _EXT + "|"  # mobiles of China
    r"\(?0(?:10|2[0-9]|[3-9][0-9]{2})\)?[- ]?[1-9][0-9]{6,7}(?![0-9])" + _EXT + "|"  # landlines of China
    r"[48]00[- ][0-9]{3,4}[- ]?[0-9]{3,4}(?![0-9])|"
    r"\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])" + _EXT + "|"
    r"(?:1[-. ])?\(?[2-9][0-9]{2}\)?[-. ]{1,2}[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9])" + _EXT + "|"  # North America
    r"0[1-9](?:\.[0-9]{2}){4}(?![0-9.])|"  # France
    r"\(?0[1-9](?:[ ()/-]{0,2}[0-9]){7,11}(?![\w:])"  # national forms of Europe, Australia, Japan
    rf")|[{_NUMERALS}]{{7,}}"
)
_SAID = re.compile(  # a number of any shape behind a word that announces one
    r"(?=[电手微扣Qq拨致联TtPpMmCcRrWw])(?:电话|手机|微信|[扣Qq][扣Qq]|拨打|致电|联系|(?i:\b(?:tel|phone|mobile|mob|cell|call|ring|text|whatsapp|wechat)\b))[^0-9+]{0,8}"
    r"(?P<said>\+?[0-9](?:[ ()-]{0,2}[0-9]){4,14})(?![0-9])"
)
_NUMBER = rf"(?:[0-9]{{1,5}}[A-Za-z]?|(?<![A-Za-z])[A-Za-z][0-9]{{0,4}}|[{_NUMERALS}]{{1,4}})"
_DOOR = re.compile(
    rf"(?=[0-9A-Za-z{_NUMERALS}])(?<![0-9*]){_NUMBER}(?:{_DOOR_WORD})(?:[-\s]?{_NUMBER}(?:{_DOOR_WORD}|[层層房户戶号號])?)*"
    r"|(?<![\w.*-])[0-9]{1,3}-[0-9]{1,2}-(?!19|20)[0-9]{3,4}(?![\w.-])"
    r"|(?=[AaUuSsFfRrBb])\b(?i:apartment|apt|unit|suite|ste|flat|room|rm|bldg|building|block|floor)\.?[ ]{0,2}(?:no\.?[ ]?)?#?[ ]?(?:[A-Za-z]?-?[0-9][\w-]{0,7}|[A-Z](?!\w))"
    r"|\b[0-9]{1,2}(?i:st|nd|rd|th) (?i:floor|fl)\b"
    r"|(?<![\w.,*-])(?P<house>[0-9]{1,5}[A-Za-z]?)(?=\s(?:[A-Z][\w'.]{0,20}\s){1,4}(?i:street|st|road|rd|avenue|ave|lane|ln|drive|dr|way|boulevard|blvd|court|ct|close)\b)"
)


def find_personal(text: str) -> list[Span]:
    """Every personal span of a text, in order, none overlapping. Positions are those of the text as given."""
    if not _SIGN.search(text) and not _TELLING.search(text):
        return []
    if text.isascii():
        return _find(text)
    if not _INVISIBLE.search(text):
        return _find(_fold(text))
    seen = [i for i, ch in enumerate(text) if not _INVISIBLE.match(ch)]
    spans = _find(_fold("".join([text[i] for i in seen])))
    return [Span(seen[start], seen[end - 1] + 1, kind) for start, end, kind in spans]


def _fold(text: str) -> str:
    """Half-width digits and signs in the place of all others, one for one."""
    return text.translate(_FOLD) if _FOLDABLE.search(text) else text


class _Folding(dict[int, int]):
    """Learns a character when it first meets it: importing the whole of Unicode would take a third of a second."""

    def __missing__(self, point: int) -> int:
        ch = chr(point)
        plain = unicodedata.normalize("NFKC", ch) if not "\u4e00" <= ch <= "\u9fff" else ch
        digit = unicodedata.decimal(ch, None)
        folded = ord(str(digit)) if digit is not None else ord(plain) if len(plain) == 1 and plain.isascii() else point
        self[point] = folded
        return folded


_FOLD = _Folding()
_FOLDABLE = re.compile("[^\x00-\x7f\u4e00-\u9fff]")


def _find(text: str) -> list[Span]:
    spans: list[Span] = []
    if "@" in text:
        spans += [Span(m.start(), m.end(), Kind.EMAIL) for m in _EMAIL.finditer(text)]
    if _SEVEN_DIGITS.search(text) or "QQ" in text.upper():
        spans += [Span(m.start(), m.end(), Kind.ID) for m in _ID.finditer(text)]
        spans += [Span(m.start(), m.end(), Kind.PHONE) for m in _PHONE.finditer(text)]
        spans += [Span(*m.span("said"), Kind.PHONE) for m in _SAID.finditer(text)]
    if _DOORISH.search(text):
        spans += [Span(*m.span(m.lastgroup or 0), Kind.ADDRESS_LINE) for m in _DOOR.finditer(text)]
    return _apart(spans) if len(spans) > 1 else spans


def _apart(spans: list[Span]) -> list[Span]:
    """Sort, and where two overlap keep the one found first: it has the narrower shape."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start):
        if kept and span.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            kept.append(span)
    return kept


def mask_text(text: str) -> Masked:
    """Mask the personal spans of a text and keep the rest as it is."""
    if not text:
        return Masked("", "empty")
    spans = find_personal(text)
    if not spans:
        return masked((text, "text_clean"))
    for _ in range(ROUNDS):
        if len(spans) > CROWD:
            break
        text = _covered(text, spans)
        spans = find_personal(text)
        if not spans:
            return Masked(text, "text_scrubbed")
    return Masked(STARS, "text_crowded")


def _covered(text: str, spans: list[Span]) -> str:
    out: list[str] = []
    at = 0
    for start, end, kind in spans:
        out += (text[at:start], _mask_span(text[start:end], kind))
        at = end
    out.append(text[at:])
    return "".join(out)


def _mask_span(value: str, kind: Kind) -> str:
    match kind:
        case Kind.EMAIL:
            return mask_email(value).text
        case Kind.ID:
            return mask_id(value).text
        case Kind.PHONE:
            return mask_phone(value).text
        case _:
            return STARS
