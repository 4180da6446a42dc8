"""Postcodes: the part that sorting needs stays, the part that names a street side or a door is covered.

Knows the shapes of the countries whose codes reach that deep; other codes (mainland China, Germany, France, Japan …) name a
town or a quarter and stay whole.
"""

from __future__ import annotations

import re

from masking.personal import Masked
from masking.text import STARS, clean

LIMIT = 32
_LONG_CODE = 7  # no code that names only a town is longer

_US = re.compile(r"(?<![\w*-])([0-9]{5})-[0-9]{4}(?![\w-])")
_GB = re.compile(r"(?<![\w*])([A-Z]{1,2}[0-9][A-Z0-9]?)(?: ?[0-9][A-Z]{2}| \*{3})(?![\w*])")
_CA = re.compile(r"(?<![\w*])([ABCEGHJ-NPRSTVXY][0-9][A-Z])(?:[ -]?[0-9][A-Z][0-9]| \*{3})(?![\w*])")
_NL = re.compile(r"(?<![\w*])([1-9][0-9]{3})(?: ?[A-Z]{2}| \*{2})(?![\w*])")
_IE = re.compile(r"(?<![\w*])([AC-FHKNPRTV-Y][0-9][0-9W])(?: ?[0-9AC-FHKNPRTV-Y]{4}| \*{4})(?![\w*])")
_BR = re.compile(r"(?<![\w*-])([0-9]{5})-?(?:[0-9]{3}|\*{3})(?![\w*-])")
_PT = re.compile(r"(?<![\w*-])([0-9]{4})-(?:[0-9]{3}|\*{3})(?![\w*-])")
_SG = re.compile(r"(?<![\w*])([0-9]{2})(?:[0-9]{4}|\*{4})(?![\w*])")
_AR = re.compile(r"(?<![\w*])([A-Z][0-9]{4})(?:[A-Z]{3}|\*{3})(?![\w*])")

_RULES: dict[str, tuple[re.Pattern[str], str]] = {
    "US": (_US, r"\1"),
    "GB": (_GB, r"\1 ***"),
    "CA": (_CA, r"\1 ***"),
    "NL": (_NL, r"\1 **"),
    "IE": (_IE, r"\1 ****"),
    "BR": (_BR, r"\1-***"),
    "PT": (_PT, r"\1-***"),
    "SG": (_SG, r"\1****"),
    "AR": (_AR, r"\1***"),
}
"""By country: the code, and what of it stays. A Singapore code is one building, a Dutch one with the number one door."""

_ALIASES = {"UK": "GB", "JE": "GB", "GG": "GB", "IM": "GB", "PR": "US"}
# Codes that no other country's can be taken for; they are covered in a line whose country nobody told.
_UNMISTAKABLE = ("US", "CA", "GB")
_NL_LINE = re.compile(r"(?<=[,\n])(\s*[1-9][0-9]{3}) ?(?!NE|NW|SE|SW|SA|SD|SS)(?:[A-Z]{2}|\*{2})(?=\s+[^\W\d])")
_ZIP = re.compile(r"[0-9]{5}")
_TOWN_CODE = re.compile(r"[A-Z]{0,3}-?[0-9]{3,7}|[0-9]{3}[- ][0-9]{2,4}|[0-9]{2}-[0-9]{3}")


def mask_postcode(text: str, country: str = "") -> Masked:
    """Mask a postcode of its own; `country` is ISO 3166-1 alpha-2 where known. An unknown long shape keeps its first three."""
    code = clean(text, LIMIT).upper()
    if not code:
        return Masked("", "empty")
    country = _ALIASES.get(country.upper(), country.upper())
    if code.isascii() and code.isdigit() and len(code) < _LONG_CODE and country not in _RULES:
        return Masked(code, "postcode_routing")
    for name in (country,) if country in _RULES else (*_UNMISTAKABLE, "NL"):
        shape, kept = _RULES[name]
        if shape.fullmatch(code):
            return Masked(shape.sub(kept, code), "postcode_covered")
    town = _ZIP if country == "US" else _TOWN_CODE
    if town.fullmatch(code) and (country == "US" or country not in _RULES):
        return Masked(code, "postcode_routing")
    return _unknown(code)


def _unknown(code: str) -> Masked:
    """Keep the first three letters or digits, which no country needs to reach a door with."""
    if "*" in code:
        code = code[: code.index("*")]
    kept = "".join(ch for ch in code if ch.isalnum())[:3]
    return Masked(kept + STARS, "postcode_unknown")


def cover_postcodes(text: str, country: str) -> tuple[str, bool]:
    """Cover the deep part of the postcodes that stand in an address line; tell whether there was one."""
    country = _ALIASES.get(country.upper(), country.upper())
    covered = text
    if country in _RULES:
        shape, kept = _RULES[country]
        covered = shape.sub(kept, covered)
    else:
        for name in _UNMISTAKABLE:
            shape, kept = _RULES[name]
            covered = shape.sub(kept, covered)
        covered = _NL_LINE.sub(r"\1 **", covered)
    return covered, covered != text
