"""Addresses in letters (Latin, Cyrillic, Greek, Hangul …): the unit goes; without a unit, the house number.

A unit is a word like apartment, étage or Whg. with its number, an ordinal floor, a `#`, or a number behind a street's type. Street, town
and what the post sorts by stay. Where nothing is known of a number it is taken for the house's and hidden.
"""

from __future__ import annotations

import re

from masking.personal import Masked
from masking.postcodes import cover_postcodes
from masking.text import STARS, any_of

PERSON_STARS = "***"  # a name or a contact; the four stars of a door tell that the door is covered

_UNIT_WORDS = any_of(
    # English
    "apartment apt unit suite ste flat floor flr room rm building bldg block blk tower twr wing level lvl penthouse ph "
    "basement bsmt shop stall kiosk door department dept space spc trailer trlr lot slip hangar office ofc studio villa shed casita "
    "stair stairs staircase "
    # French
    "appartement appt app bâtiment batiment bât bat étage etage escalier esc porte chambre hall entrée cage logement bureau salle local "
    # German, Dutch
    "wohnung whg stock stockwerk og zimmer zi aufgang treppe stiege top tür haus kamer verdieping "
    # Spanish, Portuguese, Italian
    "piso puerta pta escalera planta depto departamento dpto interior int andar apto bloco sala fração interno scala piano "
    "palazzina "
    # Polish, Scandinavian, Russian, Ukrainian
    "mieszkanie lokal lok lgh leil кв квартира корп корпус подъезд под этаж эт офис оф комната комн пом під'їзд поверх"
)
_ID = r"(?:(?:no|nr|n)?[.°#]?\s?)?(?:[A-Za-zА-Яа-я]{0,2}-?\d[\w-]*|\b[A-Za-zА-Яа-я]\b(?:-?\d[\w-]*)?)"
_ORDINAL = r"\d{1,3}(?:st|nd|rd|th|e|er|ère|ème|eme|º|ª|o|a|\.|°)?"
_FLOORS = any_of("floor flr fl étage etage og stock stockwerk verdieping piso planta andar piano поверх этаж эт")
_END = r"(?=\s*(?:,|\n|\Z))"
_UNIT = re.compile(
    r"(?=\w)(?<![\w*])(?:"
    rf"(?:{_UNIT_WORDS}|fl(?!\.?\s*\d{{5}}(?!\d)))\b[.:]?\s*{_ID}"  # FL 33101 is Florida
    rf"|{_ORDINAL}\s*(?:{_FLOORS})\b\.?(?:\s*(?:links|rechts|mitte|li|re|izq|dcha))?"
    r"|(?:\d{1,3}|[GBL]\d?)/F\b"  # Hong Kong
    r"|(?:ground|first|second|third|fourth|fifth|top|lower|upper|garden|basement|rear|front) (?:floor|flat|level|unit)\b(?:\s+flat\b)?"
    r"|(?:penthouse|basement|erdgeschoss|dachgeschoss|hinterhaus|vorderhaus|souterrain|rez-de-chaussée|rdc|EG|DG|HH|VH|bajo|ático)"
    r"(?!\w)(?!\s+\w+\s+(?:st|street|rd|road|ave)\b)"
    rf"|\d{{1,2}}[oaºª°]\s?(?:izquierda|derecha|izda|izq|dcha|dto|esq|[A-H]\b)?{_END}"  # Spain: 3º B
    rf"|\d{{1,4}}\.?\s?(?:tv|th|mf|bis|hs)\b\.?{_END}"  # Denmark, the Netherlands
    r"|(?<=\d\s)m\.?\s?\d{1,3}(?!\w)"  # Poland
    r"|(?:apt|unit|ste|suite|fl|rm|ph|whg)-?\d+\w*"
    # Korea: building, floor, flat. The number of an administrative dong (역삼1동) follows a letter, a building's does not.
    r"|(?:지하\s*)?[A-Za-z]?\d+(?:동|층|호|호실)(?!\w)(?:\s*(?:지하\s*)?\d+(?:동|층|호|호실)(?!\w))*|[가-힣A-Za-z]동\s*\d+호"
    r")|#\s*\w[\w-]*",
    re.IGNORECASE,
)
_STREET_TYPES = any_of(
    "avenue ave street st road rd boulevard blvd drive dr lane ln court ct way place pl terrace ter circle cir parkway pkwy "
    "trail trl square sq close crescent cres broadway row walk alley loop plaza plz point pt run path pike"
)
_BARE_UNIT = re.compile(  # 1159 Highland Ave 9B
    rf"(?<=[^\W\d]\s)(?<!county )(?<!state )(?<!ranch )((?:{_STREET_TYPES})\b\.?(?:\s+(?:N|S|E|W|NE|NW|SE|SW)\b)?\s+)"
    r"(?:\d+[A-Za-z]?(?:-\d+)?|[A-Z]\d*)(?=\s*(?:[,\n]|\Z))",
    re.IGNORECASE,
)
_ANY_DIGIT = re.compile(r"\d")
_BREAK = re.compile(r"[,\n]")
_SEGMENT = r"(?:\A|(?<=[,\n]))(?P<blank>\s*)"
_UNIT_AND_HOUSE = re.compile(_SEGMENT + r"(\d+)[A-Za-z]?([-/])(\d+)(?=[A-Za-z]?\s+(?P<street>[^\W\d]))")
_UNIT_SEGMENT = re.compile(_SEGMENT + r"[A-Za-z]?-?\d{1,5}(?:-\d{1,5})?[A-Za-z]?(?=\s*[,\n]\s*\d+[A-Za-z]?\s+[^\W\d])")
_LAST_NUMBER = re.compile(r"(?<=[^\W\d])(\s*[,\n]\s*)\d{1,3}[A-Za-z]?\Z")  # 41 Quai aux Tonneliers, 2
_PERSON = re.compile(
    r"(?<!\w)(c/o|attn|attention|z\.\s?hd\.?|zu händen|a/c|à l'attention de|chez|t\.a\.v\.?)([.:]?\s+)[^,\n]+",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"(?<!\w)(p\.?\s?o\.?\s?box|postfach|boîte postale|postbus|apartado(?: de correos)?|casilla|gpo box|private bag|locked bag|"
    r"packstation|postfiliale|paketbox|bp|а/я)(\s*)(?:no\.?\s*)?\d[\d -]*\d?",
    re.IGNORECASE,
)
_GERMAN_BOX = re.compile("packstation|postfiliale|paketbox", re.IGNORECASE)
_POST_NUMBER = re.compile(r"(?<![\w*])\d{6,10}(?!\w)")  # names the holder of the box
_LEADING = re.compile(
    _SEGMENT
    + r"(?:(?:no|nr|n)[.°o]*\s*)?(?!\d+(?:st|nd|rd|th)\b)(?P<digits>\d+)[A-Za-z]?(?:\s(?:bis|ter|quater)\b)?(?:\s?[-/–&]\s?\d+[A-Za-z]?)*"
    r"(?=[\s,]*(?:[^\W\d]|\d+(?:st|nd|rd|th)\b)|\s*(?:\n|\Z))",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?<![\w*/.-])(?P<digits>\d+)(?:\s?[A-Za-zА-Яа-я]\b)?(?:\s?[-/–]\s?\d*[A-Za-z]?)*(?=\s*(?:[,;\n]|\Z)|\s+\d{4,6}\s+[^\W\d])"
)
_AFTER_DOT = re.compile(r"(?<=[^\W\d]\.)(?P<digits>\d+)(?:[A-Za-zА-Яа-я]\b)?(?=\s*(?:[,;\n]|\Z))")
_ANY_NUMBER = re.compile(r"(?<![\w*])(?P<digits>\d{1,4})[A-Za-z]?(?![\w*])")
_NAMES_A_ROAD = re.compile(
    r"(?:route|rte|hwy|highway|road|rd|state|county|interstate|sector|ward|phase|district|zone|km)[\s.-]*\Z",
    re.IGNORECASE,
)
_HAS_STREET_TYPE = re.compile(rf"(?<!\w)(?:{_STREET_TYPES}|rue|quai|allée|chemin|place)(?!\w)", re.IGNORECASE)
_CONTACT = re.compile(r"\+\d(?:[ ()-]{0,2}\d){7,}|(?<!\d)\d(?:[ -]?\d){9,}")
_JOIN = re.compile(r"\*{4}(?:[\s,]*\*{4})+")
_CODE_AND_TOWN = re.compile(r"\s*(?:[A-Z]{1,3}-)?(?:\d{4,7}|\d{2,3}[- ]\d{2,4})\s+[^\W\d]")
_STATE_AND_CODE = re.compile(r"\b[A-Z]{2,3}\s+\d{4,5}\s*\Z")
_KOREAN_CODE = re.compile(r"\s*\(?\d{5}\)?\s*[가-힣]")
_CODE_FIRST = frozenset(
    (
        "DE",
        "AT",
        "CH",
        "FR",
        "IT",
        "ES",
        "BE",
        "DK",
        "NO",
        "SE",
        "FI",
        "NL",
        "LU",
        "PL",
        "CZ",
        "SK",
        "HU",
        "RO",
        "HR",
        "SI",
        "TR",
    )
)
"""Countries that write the postcode before the town."""
_POSTCODE_DIGITS = 4  # house numbers behind the first line are shorter, unless a street's type stands beside them


def mask_latin(text: str, country: str) -> Masked:
    """Hide the units of an address, else its house number; cover the part of a postcode that names a door."""
    had_stars = STARS in text
    text, postcodes = cover_postcodes(text, country)
    text, contacts = _CONTACT.subn(PERSON_STARS, text)
    text, people = _PERSON.subn(rf"\1\2{PERSON_STARS}", text)
    text, boxes = _BOX.subn(rf"\1\2{STARS}", text)
    if boxes and _GERMAN_BOX.search(text):
        text = _POST_NUMBER.sub(STARS, text)
    covered = _cover_units(text, country)
    if covered != text or boxes:
        reason = "unit" if covered != text else "postbox"
        text = covered
    elif had_stars:
        reason = "door_premasked"
    else:
        text, reason = _cover_house(text, country)
    if reason == "no_unit" and (people or contacts or postcodes):
        reason = "addressee" if people or contacts else "postcode_covered"
    return Masked(_JOIN.sub(STARS, text), reason)


def _cover_units(text: str, country: str) -> str:
    text = _UNIT.sub(STARS, text)
    text = _BARE_UNIT.sub(rf"\1{STARS}", text)
    text = _UNIT_SEGMENT.sub(rf"\1{STARS}", text)
    last = _LAST_NUMBER.search(text)
    if last and _ANY_DIGIT.search(text, 0, last.start()):
        text = text[: last.end(1)] + STARS
    return _UNIT_AND_HOUSE.sub(lambda m: _unit_and_house(m, country), text)


def _unit_and_house(pair: re.Match[str], country: str) -> str:
    """5/12 and 1503-88 are unit and house; 10-12 is two houses, and no part of it may stay."""
    blank, unit, mark, house, _ = pair.groups()
    if mark == "/":  # Thailand writes a house as 99/1
        is_unit = pair["street"] < "\u0250"  # a street in Latin letters
    else:
        is_unit = country.upper() == "CA" or int(unit) > int(house)
    if is_unit:
        return f"{blank}{STARS}{mark}{house}"
    return pair[0]


def _cover_house(text: str, country: str) -> tuple[str, str]:
    """Cover the first number that may be a house's: leading its segment, else ending it, else any."""
    for shape in (_LEADING, _TRAILING, _AFTER_DOT, _ANY_NUMBER):
        for number in shape.finditer(text):
            if not _is_routing(text, *number.span("digits"), country):
                blank = number["blank"] if shape is _LEADING else ""
                return text[: number.start()] + blank + STARS + text[number.end() :], "house_number"
    return text, "no_unit"


def _is_routing(text: str, start: int, end: int, country: str) -> bool:
    """Tell a postcode and a numbered road from a house number."""
    before, behind = _BREAK.split(text[:start]), _BREAK.split(text[start:])
    if _NAMES_A_ROAD.search(before[-1]):
        return True
    segment = before[-1] + behind[0]
    if _HAS_STREET_TYPE.search(segment):
        return False
    if len(before) > 1:
        return end - start >= _POSTCODE_DIGITS or _CODE_AND_TOWN.match(segment) is not None
    if _STATE_AND_CODE.search(segment) or _KOREAN_CODE.match(segment):
        return True
    return country.upper() in _CODE_FIRST and _CODE_AND_TOWN.match(segment) is not None
