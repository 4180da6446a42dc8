"""Addresses in Chinese characters, of the mainland, Hong Kong, Taiwan and Japan: the route stays, the door goes.

Reads a line from the left and cuts where the door begins; all that follows is dropped, because behind a door stand notes,
names and phones. GB/T 41833-2022 asks that unit, household and room number be hidden; the building goes with them. The
words are in `addresses_words.py`.
"""

from __future__ import annotations

import re

from masking import addresses_words as words
from masking.personal import Masked
from masking.text import STARS

ROUTE, NAME = "", None  # what a number may be besides a door: part of the route, or of a name

_ARABIC = r"(?:(?<![A-Za-z])[A-Za-z]{1,2}(?=[0-9]))?[0-9][0-9oOlI]*[A-Za-z]{0,2}(?![A-Za-z])"
_LETTER = r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])"
# 一 between digits is a dash that an input method turned into the numeral.
_DASH = r"(?:[-‐-―−_/\\~·.、,#+ ]{1,3}|[一之](?=[0-9A-Za-z]))"
# What a token can begin with: most characters of an address fail here at once.
_FIRST = "0-9A-Za-z附负第笫自甲乙丙〇零一二三四五六七八九十百两首底顶地架夹阁东南西北中前后左右主副裙*"
_TOKEN = re.compile(
    rf"(?=[{_FIRST}])(?:(?:附|负|第|笫|自编|甲|乙|丙)?(?:(?P<number>(?:{_ARABIC}|{_LETTER})(?P<more>(?:{_DASH}(?:{_ARABIC}|{_LETTER}))+)?)"
    r"|(?P<numerals>[〇零一二三四五六七八九十百两]{1,8}))"
    rf"(?:(?P<door>{words.DOOR})|(?P<part>{words.PART})|(?P<gate>{words.GATE})|(?P<entrance>{words.ENTRANCE})|(?P<keep>{words.KEEP})"
    r"|(?P<street>街(?!道))|(?P<lane>弄)|(?P<alley>巷)|(?P<group>组|組)|(?P<hao>[号號好])|(?P<bare>(?(numerals)(?!)|(?=.|\Z))))"
    rf"|(?P<alone>{words.ALONE})|(?P<stars>\*+))",
    re.DOTALL,
)
_LINK = re.compile(_DASH)
_MORE_OF_A_DOOR = re.compile(r"[-_ ]?[东南西北]?[0-9〇零一二三四五六七八九十]|\Z")
_ROOM_IN_LANE = re.compile(r"[-_ ]?[0-9A-Za-z]+(?!号楼|幢|栋|棟|座|楼|樓|[0-9A-Za-z])")
_POSTCODE = re.compile(r"〒?\s*[0-9]{3}-[0-9]{4}\s*|[0-9]{6}(?=[\s,]*[㐀-鿿])")
_PHONE = re.compile(r"(?:电话|手机|tel|phone)?[\s::]*\+?[0-9](?:[- ]?[0-9]){6,}", re.IGNORECASE)
_LONG_NUMBER = 7  # no house and no room has so many digits
_NOTE = re.compile(r"[(\[【<《][^()\[\]【】<>《》]*(?:[)\]】>》]|\Z|(?=[(\[【<《]))")
_NOTE_WORDS = re.compile(r"电|話|话|手机|收|请|放|近|旁|面|快递|丰巢|驿站|先生|女士|小姐|备注|勿|联系|[0-9]{7}")
_ADDRESSEE = re.compile(r"[0-9A-Za-z]*[^\W\d_]{2,3}(?:亲收|签收|敬收|收|先生|女士|小姐)\Z")


def mask_han(text: str) -> Masked:
    """Cut a line where its door begins; without a door, at its last road number."""
    if "(" in text or "【" in text or "[" in text:
        text = _NOTE.sub(lambda note: "" if _NOTE_WORDS.search(note[0]) else note[0], text).strip()
        if not text:
            return Masked(STARS, "addressee")
    prefix = _POSTCODE.match(text) if text[:1] in "〒0123456789" else None
    number_at, lane_end = -1, -1
    for token in _TOKEN.finditer(text, prefix.end() if prefix else 0):
        if token.lastgroup == "lane":
            lane_end = token.end()
            continue
        reason = _door(text, token, lane_end)
        if reason is NAME:
            continue
        start = token.start()
        if reason != ROUTE:
            if len(token[0]) >= _LONG_NUMBER and token[0].isdigit():
                return mask_han(_PHONE.sub("", text).strip() or STARS)  # a phone is no door, and may stand before one
            return _cut(text, start, reason)
        number_at = start
        if token["more"]:
            number_at = token.start("more")
            if not _is_one_number(token):
                break
    if number_at >= 0:
        return _cut(text, number_at, "road_number")
    return _without_addressee(text)


def _door(text: str, token: re.Match[str], lane_end: int) -> str | None:
    """Why the number is a door; or ROUTE for a road number, NAME for a number that belongs to a name."""
    kind, start, chain = token.lastgroup, token.start(), token["more"]
    match kind:
        case "alone" | "stars":
            return "door_word" if kind == "alone" else "door_premasked"
        case "keep" | "alley" | "street" | "group" if not chain:
            return _narrow_street(text, token)
        case "bare" if not chain and token["number"].isalpha():
            return "door_letter" if _MORE_OF_A_DOOR.match(text, token.end()) else NAME
        case "door" if not chain:
            return "door_word"
    if _stands_on_road(text, start) or (kind == "hao" and not chain and text[start - 2 : start] in words.SQUARES):
        return _on_road(text, token, lane_end)
    if not chain and kind == "gate":
        return NAME
    if not chain and kind == "entrance":
        return "door_entrance" if _MORE_OF_A_DOOR.match(text, token.end()) else NAME
    return ROUTE if _is_village_section(text, token) else "door_number"


def _narrow_street(text: str, token: re.Match[str]) -> str | None:
    """Numbered streets of a market and groups of a village begin a door; other numbered roads and parts are names."""
    if token.lastgroup == "street" and text[token.start() - 1 : token.start()] in words.ESTATE_ENDS:
        return "door_market_street"
    if token.lastgroup == "group" and text[token.end() : token.end() + 1].isdigit():
        return "door_village_group"
    return NAME


def _on_road(text: str, token: re.Match[str], lane_end: int) -> str:
    """A number behind a road is a road number, but in a numbered lane (1288弄23号602室) it is the building."""
    start, chain = token.start(), token["more"]
    if 0 <= start - lane_end <= 1 and (chain or _ROOM_IN_LANE.match(text, token.end())):
        return "door_in_lane"
    number = token["number"] or ""
    if chain and (len(_LINK.findall(chain)) == 2 or number[0].isalpha()):
        return "door_chain"  # 12-3-1001: building, unit, room
    if token.lastgroup == "bare" and number[0].isalpha():
        return "door_number"
    return ROUTE


def _is_village_section(text: str, token: re.Match[str]) -> bool:
    """村3-126号: the first number is a section of the village, the second the house. It stays when masked again."""
    start, chain = token.start(), token["more"]
    if text[start - 1 : start] not in words.VILLAGE_ENDS or text[start - 2 : start - 1] == "新":
        return False
    if chain:
        return token.lastgroup == "hao" and len(_LINK.findall(chain)) == 1
    return token.lastgroup == "bare" and text.startswith(STARS, token.end())


def _is_one_number(token: re.Match[str]) -> bool:
    """Tell a range (233-239号) and a supplement (188-1号) from a road number with a door behind it (82-11号)."""
    numbers = [int(digits) for digits in re.findall(r"[0-9]+", token["number"])]
    if token.lastgroup == "door" or len(numbers) != 2:
        return False
    first, last = numbers
    return 0 < last - first <= 50 or last <= 9


def _stands_on_road(text: str, at: int) -> bool:
    at -= 1
    while at > 0 and text[at] in " _-,":
        at -= 1
    if at > 0 and text[at] in words.SIDES_OF_ROAD:
        at -= 1
    return at >= 0 and text[at] in words.ROAD_ENDS


def _cut(text: str, at: int, reason: str) -> Masked:
    if at >= 2 and text[at - 1] in words.SIDES and text[at - 2] in words.PLACE_ENDS:
        at -= 1  # 翠园东14幢: the side belongs to the building
    return Masked(text[:at].rstrip(" -_,、/(#") + STARS, reason)


def _without_addressee(text: str) -> Masked:
    """Nothing to cut but a name at the end: 深圳大学张三收."""
    if text[-1:] in "收生士姐" and _ADDRESSEE.search(text):
        return Masked(_ADDRESSEE.sub(STARS, text), "addressee")
    return Masked(text, "no_unit")
