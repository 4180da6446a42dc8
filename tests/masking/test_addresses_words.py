"""Every word of the tables does what its table says, behind a number and behind a numeral."""

from __future__ import annotations

import re

import pytest

from masking import addresses_words as words
from masking.addresses_han import mask_han


def plain(table: str) -> list[str]:
    """The words of an alternation without their conditions."""
    bare = re.sub(r"\(\?[^()]*\)", "", table)
    return [word for word in bare.split("|") if word and re.fullmatch(r"[\u4e00-\u9fff]+", word)]


@pytest.mark.parametrize("word", plain(words.DOOR))
def test_a_door_word_cuts(word: str) -> None:
    for number in ("5", "十五"):
        assert mask_han(f"景田路9号翠园{number}{word}") == ("景田路9号翠园****", "door_word")


@pytest.mark.parametrize("word", plain(words.PART))
def test_a_part_is_a_door_but_behind_a_road(word: str) -> None:
    assert mask_han(f"翠园5{word}") == ("翠园****", "door_number")
    assert mask_han(f"景田路5{word}A座").text == f"景田路5{word}****"


@pytest.mark.parametrize("word", plain(words.GATE))
def test_a_gate_stays(word: str) -> None:
    assert mask_han(f"翠园5{word}A座").text == f"翠园5{word}****"


@pytest.mark.parametrize("word", [word for word in plain(words.ENTRANCE) if word.startswith("号")])
def test_an_entrance_stays_until_a_door_follows(word: str) -> None:
    assert mask_han(f"翠园5{word}等候").text == f"翠园5{word}等候"
    assert mask_han(f"翠园5{word}302") == ("翠园****", "door_entrance")


@pytest.mark.parametrize("word", plain(words.KEEP))
def test_a_number_in_a_name_stays(word: str) -> None:
    assert mask_han(f"明远5{word}翠园3栋").text == f"明远5{word}翠园****"


@pytest.mark.parametrize("word", ["首层", "顶楼", "地下室", "架空层", "负二", "南座", "后幢", "西单元"])
def test_a_door_without_a_number_cuts(word: str) -> None:
    assert mask_han(f"景田路9号翠园{word}") == ("景田路9号翠园****", "door_word")


@pytest.mark.parametrize("end", sorted(words.ROAD_ENDS))
def test_a_number_behind_a_road_is_a_road_number(end: str) -> None:
    assert mask_han(f"望梅{end}9号翠园3栋").text == f"望梅{end}9号翠园****"


@pytest.mark.parametrize("end", sorted(words.VILLAGE_ENDS))
def test_a_village_has_sections(end: str) -> None:
    assert mask_han(f"双溪{end}3-126号").text == f"双溪{end}3****"


@pytest.mark.parametrize("end", sorted(words.ESTATE_ENDS))
def test_a_market_has_aisles(end: str) -> None:
    assert mask_han(f"双溪{end}3街126").reason in ("door_market_street", "door_word")


@pytest.mark.parametrize("side", sorted(words.SIDES))
@pytest.mark.parametrize("end", sorted(words.PLACE_ENDS))
def test_a_side_behind_a_place_belongs_to_the_building(end: str, side: str) -> None:
    assert mask_han(f"双溪{end}{side}14幢").text == f"双溪{end}****"
