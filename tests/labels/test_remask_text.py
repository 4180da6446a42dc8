from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.labels.remask_text import Remasker
from masking.party import mask_party
from masking.personal import Kind, Party, PostalAddress
from tests.labels.conftest import LATIN, RECIPIENT, RELAY, SENDER

MASK = Remasker([SENDER, RECIPIENT, LATIN])
PINON = Party(
    "Mme Vandecasteele",
    "+32 2 425 17 36",
    company="Piñon Ridge Studio",
    address=PostalAddress("BE", street="41 Quai aux Tonneliers, 2\n6e étage, Tour Zinnia"),
)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("欧阳娜娜", "娜"),
        ("收: 欧阳娜娜 先生", "娜"),
        ("TEL 138-1234-5678", "1234"),
        ("+86 138 1234 5678", "1234"),
        ("(0755) 2680 6888", "2680"),
        ("MARISOL QUINTANILLA", "QUINTANILLA"),
        ("Quintanilla, Marisol", "Quintanilla"),
        ("Marisol   Quintanilla", "Quintanilla"),
        ("2205 AGUA FRIA LOOP, APT 14", "14"),
        ("漕溪北路88号圣爱大厦12楼1203室", "1203"),
        ("圣爱大厦12楼1203室", "1203"),  # the second line of a broken address
        ("Tel 415.555.2671", "555"),
    ],
)
def test_known_values_are_masked_however_they_are_written(text: str, gone: str) -> None:
    assert gone not in MASK(text) and MASK(text) != text


@pytest.mark.parametrize(
    "text", ["PINON RIDGE STUDIO", "Piñon Ridge Studio", "Tour Zinnia", "6E ETAGE", "32-2-4251736", "MME VANDECASTEELE"]
)
def test_accents_case_and_parts_do_not_hide_a_value(text: str) -> None:
    assert Remasker([PINON])(text) != text


def test_a_value_without_a_masked_form_becomes_stars() -> None:
    assert Remasker([PINON])("Tour Zinnia") == "****"


def test_a_name_inside_another_word_is_left_alone() -> None:
    assert Remasker([Party("Mari Holm")])("MARITIME HOLMES") == "MARITIME HOLMES"


def test_what_a_barcode_says_is_no_personal_value() -> None:
    assert Remasker([RECIPIENT], codes=["13812345678"])("138 1234 5678") == "138 1234 5678"


def test_the_relay_number_stands_in_where_there_is_one() -> None:
    replace = Remasker([RECIPIENT], [mask_party(RECIPIENT, relay=RELAY)], keep=[Kind.COMPANY])
    assert replace("13812345678") == "17012345678-8812"


def test_a_kind_that_must_stay_stays() -> None:
    replace = Remasker([LATIN], keep=[Kind.ADDRESS_LINE])
    assert replace("2205 Agua Fria Loop, Apt 14") == "2205 Agua Fria Loop, Apt 14"
    assert replace("Marisol Quintanilla") == "M**"


@settings(max_examples=60)
@given(
    st.text(max_size=30),
    st.sampled_from(["欧阳娜娜", "13812345678", "Marisol Quintanilla", "圣爱大厦12楼1203室"]),
    st.text(max_size=30),
)
def test_a_known_value_is_gone_whatever_stands_around_it(before: str, value: str, after: str) -> None:
    if not (before[-1:].isalnum() or after[:1].isalnum()):
        assert value not in MASK(f"{before}{value}{after}")
