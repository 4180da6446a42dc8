"""Addresses: the score on labelled delivery addresses, the choice of rules by script, and the shapes of unseen places."""

from __future__ import annotations

import json
import unicodedata

import pytest

from masking.addresses import mask_address, mask_postcode
from tests.masking.maskers import corpus

UNIT = {"cellno", "floorno", "roomno"}
DOOR = UNIT | {"houseno"}
ROUTE = {"prov", "city", "district", "town", "community", "devZone", "road", "subRoad", "roadno", "subroadno"}
PLACE = {"poi", "subpoi"}
CEILING = {"any": 1.0, "room": 0.3, "lost": 2.0, "compound": 6.0, "blunt": 3.0}
"""Percent of the addresses with a door (blunt: without one)."""


def shown(plain: str, masked: str) -> list[bool]:
    """For each character, whether it still stands before the first star or behind the last."""
    head, star, rest = masked.partition("*")
    tail = rest.rpartition("*")[2] if star else ""
    n = next((i for i, (a, b) in enumerate(zip(plain, head)) if a != b), min(len(plain), len(head)))
    m = next((i for i, (a, b) in enumerate(zip(plain[::-1], tail[::-1])) if a != b), min(len(plain), len(tail)))
    return [i < n or i >= len(plain) - m for i in range(len(plain))]


def faults(spans: list[tuple[str, str]], masked: str) -> set[str]:
    """What a masked address shows of its door, and what it lost of its route."""
    visible = shown("".join(text for _, text in spans), masked)
    has_door = any(label in DOOR for label, _ in spans)
    found, at, past_door, past_number = set(), 0, False, False
    for label, text in spans:
        part = visible[at : at + len(text)]
        at += len(text)
        past_door |= label in DOOR
        past_number |= label in {"roadno", "subroadno"}
        if label in DOOR and any(part):
            found |= {"any"} | ({"room"} if label in UNIT else set())
        if has_door and not past_door and not all(part):
            found |= {"lost"} if label in ROUTE else {"compound"} if label in PLACE else set()
        if not has_door and not past_number and label in ROUTE | PLACE and not all(part):
            found.add("blunt")
    return found


@pytest.mark.parametrize("name", ["addresses-train.jsonl", "addresses-dev.jsonl"])
def test_the_leak_and_the_loss_on_labelled_addresses_stay_under_their_ceilings(name: str) -> None:
    count, doors, total = dict.fromkeys(CEILING, 0), 0, 0
    for line in corpus(name):
        row = json.loads(line)
        spans = [(label, unicodedata.normalize("NFKC", text)) for label, text in row["spans"]]
        total += 1
        doors += any(label in DOOR for label, _ in spans)
        for fault in faults(spans, unicodedata.normalize("NFKC", mask_address(row["text"]).text)):
            count[fault] += 1
    percent = {fault: 100 * n / ((total - doors) if fault == "blunt" else doors) for fault, n in count.items()}
    assert {fault: p for fault, p in percent.items() if p > CEILING[fault]} == {}


PROVINCES = ["青州省明远市", "", "海原市", "云岭省鹤台市北丘区"]
ROUTES = ["丹桥路18号", "望梅大道6号", "听松街", "雁归巷3号", ""]
ESTATES = ["枫晚花园", "栖霞苑", "云栖大厦", "鹤鸣小区", "双溪村"]
DOORS = [
    "3栋",
    "12幢2单元301室",
    "A座1201",
    "五号楼二单元",
    "7-2-1203",
    "18楼",
    "负一楼",
    "402室",
    "B3栋6层",
    "1203",
    "东楼5层",
    "3单元",
    "第5栋",
    "附5号",
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("estate", ESTATES)
@pytest.mark.parametrize("route", ROUTES)
def test_places_that_nobody_made_a_rule_for_keep_their_route_and_lose_their_door(
    route: str, estate: str, door: str
) -> None:
    for province in PROVINCES:
        place = f"{province}{route}{estate}"
        assert mask_address(place + door).text == place + "****"
        assert mask_address(f"{place}{door}李四收 13812345678").text == place + "****"


@pytest.mark.parametrize("text", ["", "  ", "\u200b\n"])
def test_nothing_is_empty(text: str) -> None:
    assert mask_address(text) == ("", "empty")
    assert mask_postcode(text) == ("", "empty")


def test_the_script_chooses_the_rules() -> None:
    assert mask_address("景田路7号翠园3栋501").reason == "door_word"
    assert mask_address("12 Main St").reason == "house_number"
    assert mask_address("タワー5階").text == "タワー****"
    assert mask_address("𠮷野町5号楼").text == "𠮷野町****"


def test_an_email_in_an_address_is_dropped() -> None:
    assert mask_address("景田路7号翠园zhang@example.com").text == "景田路****"
    assert mask_address("zhang@example.com 深圳大学").text == "深圳大学"
    assert mask_address("zhang@example.com").text == "****"


def test_what_stands_behind_the_limit_is_dropped() -> None:
    masked = mask_address("深" * 5000 + "3栋501")
    assert "501" not in masked.text and len(masked.text) <= 600
