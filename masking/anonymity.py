"""How many Chinese mobile numbers still match a masked one, once its city is known: the figure that says what a mask is worth.

A label prints the city beside the phone, and carriers assign mobile numbers to cities in segments of ten thousand. Counts
segments per city and operator prefix (`data/mobile_prefixes.tsv`, from libphonenumber); knows no number's owner.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from masking.phones import mask_phone

DIGITS = 11
OPERATOR = 3  # the digits that name the operator
SEGMENT = 7  # the digits that a city has segments of


_PROVINCE = re.compile(r"\A(?:\w+?省|内蒙古|广西|西藏|宁夏|新疆)(?:\w+自治区)?")
_PEOPLES = re.compile(
    "(?:(?:土家|布依|哈尼|景颇|傈僳|朝鲜|蒙古|哈萨克|柯尔克孜|苗|藏|羌|彝|回|傣|白|壮|侗)族?)+自治州|(?:蒙古|哈萨克|柯尔克孜)自治州|(?<=..)州\\Z"
)


class City(NamedTuple):
    """A city's segments by operator prefix (`138` -> how many)."""

    zh: str
    en: str
    segments: dict[str, int]


def count_matches(masked: str, city: str = "") -> int | None:
    """How many numbers of a city (of the whole country without one) match a masked mobile; None where that cannot be told.

    The city may stand within its province or an address, in Chinese or in English. Visible digits between the operator's
    and the last four divide the count by ten each: that is an expectation, never below one.
    """
    number = masked.partition("-")[0].partition("/")[0]
    if len(number) != DIGITS or number[0] != "1" or not set(number) <= set("0123456789*"):
        return None
    places = _cities() if not city else [found for found in (_find(city),) if found]
    if not places:
        return None
    segments = sum(n for place in places for operator, n in place.segments.items() if _fits(number, operator))
    visible = sum(sign != "*" for sign in number[OPERATOR:SEGMENT])
    hidden = number[SEGMENT:].count("*")
    return max(1, segments * 10**hidden // 10**visible) if segments else 0


def _fits(number: str, operator: str) -> bool:
    return all(sign in ("*", digit) for sign, digit in zip(number, operator))


def _find(city: str) -> City | None:
    """The city whose name stands in the text: the exact one, else the longest name; of namesakes the one that hides less."""
    wanted = _PROVINCE.sub("", city.casefold())
    exact = [place for place in _cities() if place.en.casefold() == wanted]
    found = exact or [place for place in _cities() if any(name in wanted for name in _names(place))]
    return min(found, key=lambda place: (-_longest(place, wanted), sum(place.segments.values())), default=None)


def _longest(place: City, wanted: str) -> int:
    return max((len(name) for name in _names(place) if name in wanted), default=0)


def _names(place: City) -> set[str]:
    """广东省深圳市 and Shenzhen, Guangdong are looked up as 深圳 and shenzhen, 云南省大理白族自治州 as 大理."""
    zh = _PEOPLES.sub("", _PROVINCE.sub("", place.zh)).removesuffix("市").removesuffix("地区")
    return {zh, place.en.partition(",")[0].casefold()} - {""}


@lru_cache(maxsize=1)
def _cities() -> tuple[City, ...]:
    """Read once, and only where the figure is asked for: the service starts without it."""
    text = files("masking").joinpath("data/mobile_prefixes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    operators = rows[0][2:]
    return tuple(
        City(zh, en, {operator: int(n) for operator, n in zip(operators, counts) if n}) for zh, en, *counts in rows[1:]
    )


def explain_phone(phone: str, city: str = "", policy: str = "gb-last4") -> tuple[str, int | None]:
    """A phone masked, and how many numbers still match."""
    masked = mask_phone(phone, policy).text
    return masked, count_matches(masked, city)
