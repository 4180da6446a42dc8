"""From a plain value to what is looked for."""

from __future__ import annotations

import pytest

from masking.guard import Guard
from masking.guard_needles import Needles, Where
from masking.personal import Kind


def made(kind: str, value: str, *kept: str) -> tuple[set[str], set[tuple[str, Where]]]:
    needles = Needles(list(kept))
    needles.take([(kind, value)])
    return {text.decode() for text in needles.inside}, {(one.text, one.where) for one in needles.apart}


@pytest.mark.parametrize(
    ("phone", "needles"),
    [
        ("13800138000", {"13800138000"}),
        ("138-0013-8000", {"13800138000"}),
        ("+86 138 0013 8000", {"13800138000"}),
        ("0086-13800138000", {"13800138000"}),
        ("8613800138000", {"13800138000"}),
        ("１３８００１３８０００", {"13800138000"}),
        ("010-62345678", {"1062345678"}),
        ("0755-26951234-802", {"75526951234", "75526951234802"}),
        ("0755-26951234-123456", {"75526951234", "75526951234123456"}),
        ("0755-26951234-1234567", {"755269512341234567"}),
        ("0755-26951234转802", {"75526951234", "75526951234802"}),
        ("+44 20 7946 0958", {"2079460958"}),
        ("020 7946 0958", {"2079460958"}),
        ("+1 (415) 555-0132 ext. 77", {"4155550132", "415555013277"}),
        ("+852 2345 6789", {"23456789"}),
        ("13800138000/13900139000", {"13800138000", "13900139000", "1380013800013900139000"}),
        ("13800138000\n13900139000", {"13800138000", "13900139000", "1380013800013900139000"}),
        ("62345678", {"62345678"}),
    ],
)
def test_a_phone_is_looked_for_by_what_never_changes_of_it(phone: str, needles: set[str]) -> None:
    assert made("phone", phone)[0] == needles


def test_a_short_number_is_looked_for_as_a_word_or_leaf_only() -> None:
    assert made("phone", "95338") == (set(), {("95338", Where.NUMBER)})
    assert made("phone", "110") == (set(), {("110", Where.LEAF)})
    assert made("id", "AB-123") == (set(), {("ab-123", Where.NUMBER)})
    assert made("phone", "no digits") == (set(), set())


@pytest.mark.parametrize(
    ("name", "inside", "apart"),
    [
        ("诸葛文静", {"诸葛文静"}, set()),
        ("王小明", {"王小明"}, set()),
        ("王明", set(), {("王明", Where.LEAF)}),
        ("王", set(), {("王", Where.LEAF)}),
        ("阿依古丽·买买提", {"阿依古丽买买提"}, set()),
        ("Ann", set(), {("ann", Where.WORD)}),
        ("Al", set(), {("al", Where.LEAF)}),
        ("John  Smith", set(), {("john smith", Where.WORD), ("johnsmith", Where.WORD)}),
        ("José Núñez", set(), {("josé núñez", Where.WORD), ("josénúñez", Where.WORD)}),
        ("Ng Lee", set(), {("ng lee", Where.WORD)}),
        ("王明（收）", {"王明(收)".replace("(", "").replace(")", "")}, {("王明", Where.LEAF)}),
        ("123", set(), set()),
        ("**", set(), set()),
    ],
)
def test_a_name_is_looked_for_as_far_as_its_letters_go(
    name: str, inside: set[str], apart: set[tuple[str, Where]]
) -> None:
    assert made("name", name) == (inside, apart)
    assert made("company", name) == (inside, apart)


@pytest.mark.parametrize(
    ("line", "kept", "inside", "apart"),
    [
        ("湖滨南路12号智慧楼9层906", ["湖滨南路12号智慧楼****"], {"9层906"}, set()),
        ("湖滨南路12号3栋1501", ["湖滨南路12号****"], {"3栋1501"}, set()),
        ("湖滨南路12号1501", ["湖滨南路12号****"], set(), {("1501", Where.DOOR_NUMBER)}),
        ("湖滨南路12号3栋2室", ["湖滨南路12号****"], {"3栋2室"}, set()),
        ("湖滨南路12号3室", ["湖滨南路12号****"], set(), set()),
        ("12 Main Street Apt 4B", ["12 Main Street ****"], set(), {("apt 4b", Where.WORD)}),
        ("1600 Main Street", ["**** Main Street"], set(), {("1600", Where.DOOR_NUMBER)}),
        ("湖滨南路12号9层906 西侧玻璃门", ["湖滨南路12号****"], {"9层906", "西侧玻璃门", "9层906西侧玻璃门"}, set()),
        ("Haus 12345 Hof Nr 9", ["Haus **** Hof ****"], set(), {("12345", Where.DOOR_NUMBER)}),
    ],
)
def test_a_door_is_what_the_masker_cut_out(
    line: str, kept: list[str], inside: set[str], apart: set[tuple[str, Where]]
) -> None:
    """And the whole line is, where no door of it is found wherever it stands."""
    whole = {"".join(line.lower().split())}
    assert made("address_line", line, *kept) == (inside or whole, apart)


def test_a_line_that_was_kept_whole_has_no_door() -> None:
    assert made("address_line", "湖滨南路", "something", "***") == (set(), set())


def test_without_its_mask_a_line_is_masked_again_to_find_the_door() -> None:
    assert "9层906" in made("address_line", "湖滨南路12号智慧楼9层906")[0]


@pytest.mark.parametrize("line", ["7", "12", "3室"])
def test_a_house_number_alone_is_never_looked_for(line: str) -> None:
    assert made("address_line", line, "****") == (set(), set())


@pytest.mark.parametrize("kind", ["free_text", "credential", "plain", "no such kind"])
def test_what_is_no_personal_value_of_its_own_gives_no_needle(kind: str) -> None:
    assert made(kind, "13800138000 诸葛文静") == (set(), set())


def test_each_needle_betrays_its_kind() -> None:
    needles = Needles([])
    for kind, value in (("phone", "13800138000"), ("name", "王明"), ("email", "A@Example.com"), ("id", "GB 123456789")):
        needles.take([(kind, value)])
    assert needles.inside == {b"13800138000": Kind.PHONE, b"gb123456789": Kind.ID}
    assert len(needles) == 4
    assert [(one.text, one.kind, one.cased) for one in needles.apart] == [
        ("王明", Kind.NAME, False),
        ("a@example.com", Kind.EMAIL, True),
    ]


@pytest.mark.parametrize("name", ["林徽", "Łu", "أب", "김민"])
@pytest.mark.parametrize(
    "around", ['{{"a":"{}"}}', '{{"a":"{}","b":"，（\u3000\u00b7"}}', '{{"a":"{}","b":"\u115f İ"}}']
)
def test_a_short_name_is_found_in_text_and_bytes_whatever_stands_around(name: str, around: str) -> None:
    text = around.format(name)
    assert Guard([("name", name)]).check(text) == Guard([("name", name)]).check(text.encode()) != []
    assert Guard([("name", name)]).check(around.format(f"x{name}x")) == []


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("0592-5088417-4026", "5925088417"),
        ("0592-5088417-4026", "059250884174026"),
        ("86-139-5042-7716", "13950427716"),
        ("86-139-5042-7716-12", "13950427716"),
        ("010-8888-7777", "1088887777"),
        ("0592-508-8417", "592 508 8417"),
        ("00852-2345-6789", "23456789"),
        ("955-38", "95538"),
    ],
)
def test_a_phone_of_digits_and_hyphens_is_found_without_what_comes_and_goes(phone: str, shown: str) -> None:
    assert Guard([("phone", phone)]).check(f'{{"tel":"{shown}"}}') != []
