"""Addresses in Chinese characters, of the mainland, Hong Kong, Taiwan and Japan: the route stays, the door goes.

Reads a line from the left and cuts where the door begins; all that follows is dropped, because behind a door stand notes,
names and phones. GB/T 41833-2022 asks that unit, household and room number be hidden; the building goes with them. The
words are in `addresses_words.py`.
"""

from __future__ import annotations

import re
import string

from masking import addresses_words as words
from masking.personal import Masked, masked
from masking.text import STARS, first_of

ROUTE, NAME = "", None  # what a number may be besides a door: part of the route, or of a name

_NUMERALS = "〇零一二三四五六七八九十百两"
_PREFIXES = "附负第笫甲乙丙"
# What a token can begin with. The pattern opens with it, so that the search passes by all other characters without trying.
_FIRST = f"0-9A-Za-z*{_NUMERALS}{_PREFIXES}自{words.ALONE_FIRST}"
_LOOSE = " _,、/(#-"  # what does not stay at the end of a route
_DIGITS = "[0-9oOlI]*[A-Za-z]{0,2}(?![A-Za-z])"  # behind the first
_ARABIC = rf"(?:(?<![A-Za-z])[A-Za-z]{{1,2}}(?=[0-9]))?[0-9]{_DIGITS}"
_LETTER = "(?<![A-Za-z])[A-Za-z](?![A-Za-z])"
_DASHES = r"-‐-―−_/\\~·.、,#+ "
# 一 between digits is a dash that an input method turned into the numeral.
_DASH = rf"(?:[{_DASHES}]{{1,3}}|[一之](?=[0-9A-Za-z]))"


def _entries(*tables: str) -> list[str]:
    return "|".join(tables).split("|")


def _letters(entries: list[str]) -> str:
    """What these begin with."""
    return "".join(dict.fromkeys([entry[0] for entry in entries]))


def _behind(entries: list[str], letters: str) -> str:
    """What goes on from one of these letters."""
    return _letters([entry[1:] for entry in entries if entry[0] in letters])


_DOOR, _NAMED = _entries(words.DOOR), _entries(words.KEEP)
_NO_NAME = _DOOR + _entries(words.PART, words.GATE, words.ENTRANCE)
_SHORT = [f"{entry}(?<![0-9]{{3}}.)" for entry in _entries(words.KEEP_SHORT)]
_ROADS = _entries(*words.ROADS.values())
_TOKEN = re.compile(
    # A number, in digits or numerals, and the word behind it. The groups begin behind the number's first character.
    rf"[{_FIRST}](?:(?:(?<=[0-9A-Za-z{_NUMERALS}])|(?:(?<=[{_PREFIXES}])|(?<=自)编)[0-9A-Za-z{_NUMERALS}])"
    rf"(?:(?P<number>(?:(?<=[0-9]){_DIGITS}|(?<=[A-Za-z])(?<![A-Za-z]{{2}})(?:[A-Za-z]?[0-9]{_DIGITS}|(?![A-Za-z])))"
    rf"(?:(?=[{_DASHES}一之])(?P<more>(?:{_DASH}(?:{_ARABIC}|{_LETTER}))+)|))|(?<=[{_NUMERALS}])(?P<numerals>[{_NUMERALS}]{{0,7}}))"
    rf"(?:(?P<shop>(?<=[0-9]S)(?!{first_of(_NO_NAME + _NAMED)})店?(?![0-9A-Za-z]))"
    rf"|{first_of(_NO_NAME + _NAMED + _SHORT + _ROADS)}|(?(numerals)(?!)))"
    rf"|(?=[{words.ALONE_SECOND}])(?P<alone>{words.ALONE})|(?P<stars>(?<=\*)\**))",
    re.DOTALL,
).search

# Most lines are told at one look, which costs a third of reading them token by token (`_read`). It knows the commonest tokens alone
# and takes a line only where nothing else stands before the door. Possessive, so that other lines fail fast.
_OTHER = rf"[^{_FIRST}(\[【<《]*+"
_QUIET = (
    rf"{_OTHER}(?:(?:[{_PREFIXES}自{words.ALONE_FIRST}](?![0-9A-Za-z{_NUMERALS}编{words.ALONE_SECOND}])"
    rf"|[{_NUMERALS}](?![{_NUMERALS}{_letters(_NO_NAME + _NAMED + _SHORT + _ROADS)}])){_OTHER})*+"
)
_NUMBER = rf"(?:[0-9]+|[{_NUMERALS}]{{1,8}}|[A-Za-z](?<![A-Za-z]{{2}}))"  # a word in Han stands right behind
_ORDINARY = re.compile(
    rf"(?![〒0-9]){_QUIET}(?:(?:(?<=[{''.join(words.ROAD_ENDS)}]){_NUMBER}[号號](?![{_behind(_NO_NAME + _NAMED, '号號')}])(?P<road>)"
    rf"|{_NUMBER}(?!{first_of(_NO_NAME)})(?:{first_of(_NAMED + _SHORT)})){_QUIET})*+"
    rf"(?:(?<![{_LOOSE}])(?<![{''.join(words.PLACE_ENDS)}][{''.join(words.SIDES)}])(?P<door>{_NUMBER})(?:{first_of(_DOOR)})(?![(\[【<《])|\Z)"
).match
_NUMBER_SIGNS = string.ascii_letters + string.digits + _NUMERALS
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
    return masked(han_pair(text))


def han_pair(text: str) -> tuple[str, str]:
    """What `mask_han` gives, as a plain pair."""
    line = _ORDINARY(text)
    if line is None:
        return _read_noted(text)
    door = line.start("door")
    if door >= 0:
        return text[:door] + STARS, "door_word"
    road = line.end("road")
    if road >= 0:
        return text[: road - 1].rstrip(_NUMBER_SIGNS) + STARS, "road_number"
    return _without_addressee(text)


def _read_noted(text: str) -> tuple[str, str]:
    """Read any line: without its notes, behind its postcode."""
    if "(" in text or "【" in text or "[" in text:
        text = _NOTE.sub(lambda note: "" if _NOTE_WORDS.search(note[0]) else note[0], text).strip()
        if not text:
            return STARS, "addressee"
    prefix = _POSTCODE.match(text) if text[:1] in "〒0123456789" else None
    return _read(text, prefix.end() if prefix else 0)


def _read(text: str, at: int) -> tuple[str, str]:
    """Read a line from there token by token."""
    number_at, lane_end = -1, -1
    while token := _TOKEN(text, at):
        start, at = token.span()
        kind = _kind(text, token)
        if kind == "lane":
            lane_end = at
            continue
        reason = _door(text, token, kind, lane_end)
        if reason is NAME:
            continue
        if reason != ROUTE:
            if at - start >= _LONG_NUMBER and text[start:at].isdigit():
                return han_pair(_PHONE.sub("", text).strip() or STARS)  # a phone is no door, and may stand before one
            return _cut(text, start, reason)
        number_at = start
        if token["more"]:
            number_at = token.start("more")
            if not _is_one_number(_number(text, token), kind):
                break
    if number_at >= 0:
        return _cut(text, number_at, "road_number")
    return _without_addressee(text)


def _kind(text: str, token: re.Match[str]) -> str:
    """What a number is by the word behind it (`bare` without one); or that it is no number."""
    group = token.lastgroup
    if group == "number" or group == "numerals":
        return words.KIND_OF[text[token.end(group) : token.end()]]
    return "keep" if group == "shop" else group or ""


def _number(text: str, token: re.Match[str]) -> str:
    """The number's digits, empty where it is made of numerals."""
    start, end = token.span("number")
    return text[start - 1 : end] if start > 0 else ""


def _door(text: str, token: re.Match[str], kind: str, lane_end: int) -> str | None:
    """Why the number is a door; or ROUTE for a road number, NAME for a number that belongs to a name."""
    start, chain = token.start(), token["more"]
    if not chain:
        match kind:
            case "door" | "alone":
                return "door_word"
            case "stars":
                return "door_premasked"
            case "keep" | "alley" | "street" | "group":
                return _narrow_street(text, token, kind)
            case "bare" if _number(text, token).isalpha():
                return "door_letter" if _MORE_OF_A_DOOR.match(text, token.end()) else NAME
    if _stands_on_road(text, start) or (kind == "hao" and not chain and text[start - 2 : start] in words.SQUARES):
        return _on_road(text, token, kind, lane_end)
    if not chain and kind == "gate":
        return NAME
    if not chain and kind == "entrance":
        return "door_entrance" if _MORE_OF_A_DOOR.match(text, token.end()) else NAME
    return ROUTE if _is_village_section(text, token, kind) else "door_number"


def _narrow_street(text: str, token: re.Match[str], kind: str) -> str | None:
    """Numbered streets of a market and groups of a village begin a door; other numbered roads and parts are names."""
    if kind == "street" and text[token.start() - 1 : token.start()] in words.ESTATE_ENDS:
        return "door_market_street"
    if kind == "group" and text[token.end() : token.end() + 1].isdigit():
        return "door_village_group"
    return NAME


def _on_road(text: str, token: re.Match[str], kind: str, lane_end: int) -> str:
    """A number behind a road is a road number, but in a numbered lane (1288弄23号602室) it is the building."""
    start, chain = token.start(), token["more"]
    if 0 <= start - lane_end <= 1 and (chain or _ROOM_IN_LANE.match(text, token.end())):
        return "door_in_lane"
    if chain and (len(_LINK.findall(chain)) == 2 or _number(text, token)[0].isalpha()):
        return "door_chain"  # 12-3-1001: building, unit, room
    if kind == "bare" and _number(text, token)[0].isalpha():
        return "door_number"
    return ROUTE


def _is_village_section(text: str, token: re.Match[str], kind: str) -> bool:
    """村3-126号: the first number is a section of the village, the second the house. It stays when masked again."""
    start, chain = token.start(), token["more"]
    if text[start - 1 : start] not in words.VILLAGE_ENDS or text[start - 2 : start - 1] == "新":
        return False
    if chain:
        return kind == "hao" and len(_LINK.findall(chain)) == 1
    return kind == "bare" and text.startswith(STARS, token.end())


def _is_one_number(number: str, kind: str) -> bool:
    """Tell a range (233-239号) and a supplement (188-1号) from a road number with a door behind it (82-11号)."""
    numbers = [int(digits) for digits in re.findall(r"[0-9]+", number)]
    if kind == "door" or len(numbers) != 2:
        return False
    first, last = numbers
    return 0 < last - first <= 50 or last <= 9


def _stands_on_road(text: str, at: int) -> bool:
    if at > 0 and text[at - 1] in words.ROAD_ENDS:  # as nearly always
        return True
    at -= 1
    while at > 0 and text[at] in " _-,":
        at -= 1
    if at > 0 and text[at] in words.SIDES_OF_ROAD:
        at -= 1
    return at >= 0 and text[at] in words.ROAD_ENDS


def _cut(text: str, at: int, reason: str) -> tuple[str, str]:
    if at >= 2 and text[at - 1] in words.SIDES and text[at - 2] in words.PLACE_ENDS:
        at -= 1  # 翠园东14幢: the side belongs to the building
    return text[:at].rstrip(_LOOSE) + STARS, reason


def _without_addressee(text: str) -> tuple[str, str]:
    """Nothing to cut but a name at the end: 深圳大学张三收."""
    if text[-1:] in "收生士姐" and (addressee := _ADDRESSEE.search(text)):
        return _cut(text, addressee.start(), "addressee")
    return text, "no_unit"
