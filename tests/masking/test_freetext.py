"""Free text gives up what is personal and keeps the rest, at the positions of the text as given."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.freetext import CROWD, find_personal, mask_text
from masking.personal import Kind
from tests.masking.maskers import PIECES


def found(text: str) -> list[tuple[str, Kind]]:
    return [(text[start:end], kind) for start, end, kind in find_personal(text)]


PHONES = [
    "13812345678", "138 1234 5678", "138-1234-5678", "138.1234.5678", "+86 138 1234 5678", "8613812345678", "0086 13812345678",
    "1 3 8 1 2 3 4 5 6 7 8", "138****5678", "13812345678-1234", "13812345678转1234", "13812345678 ext 12", "0755-26806888",
    "02187654321", "(0755)26806888", "0755-26806888转801", "400-820-8820", "+44 7911 123456", "+1 (415) 555-2671", "(415) 555-2671",
    "415-555-2671", "1-415-555-2671", "07911 123456", "06.12.34.56.78", "06 12 34 56 78", "030 12345678", "0412 345 678",
    "03-1234-5678", "幺三八一二三四五六七八", "１３８１２３４５６７８", "138\u200b1234\u200b5678", "١٣٨١٢٣٤٥٦٧٨",
]  # fmt: skip


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_is_found_in_any_notation(phone: str) -> None:
    for text in (phone, f"请先打 {phone} ", f"call {phone}, please", f"电话:{phone}。"):
        assert (phone, Kind.PHONE) in found(text), text


@pytest.mark.parametrize(
    "value", ["a.b@example.com", "zhang_san+1@mail.example.co.uk", "o'neill@example.com", "用户@例子.中国"]
)
def test_a_mail_is_found(value: str) -> None:
    assert found(f"mail {value}!") == [(value, Kind.EMAIL)]


def test_the_word_before_a_mail_is_no_part_of_it() -> None:
    assert found("邮箱zhang@qq.com") == [("zhang@qq.com", Kind.EMAIL)]


@pytest.mark.parametrize(
    "value", ["11010519491231002X", "110105194912310020", "A123456(3)", "E12345678", "123-45-6789"]
)
def test_an_id_is_found(value: str) -> None:
    assert found(f"证件 {value}。") == [(value, Kind.ID)]


@pytest.mark.parametrize(
    "door",
    [
        "3号楼",
        "3栋2单元1201室",
        "A座",
        "十二幢",
        "B3栋",
        "5楼",
        "三单元",
        "1201室",
        "3-2-1201",
        "Apt 5B",
        "Unit 7",
        "flat A",
        "Room 12",
        "2nd floor",
        "Suite #300",
    ],
)
def test_a_part_of_a_door_is_found(door: str) -> None:
    assert found(f"送到 {door}，谢谢") == [(door, Kind.ADDRESS_LINE)]
    assert mask_text(f"送到 {door}，谢谢") == ("送到 ****，谢谢", "text_scrubbed")


def test_a_house_number_before_its_street_is_found() -> None:
    assert found("at 12 Old Main Street please") == [("12", Kind.ADDRESS_LINE)]


@pytest.mark.parametrize(
    "text",
    [
        "请放在门口丰巢柜，谢谢", "Leave at the door please", "2026-11-25 12:53:00", "2026-11-25T12:53:00+08:00", "01.02.2026 12:30", "05-12-2026 12:00",
        "SF1234567890123", "JD0123456789012", "1Z999AA10123456784", "9400111899223197428490", "订单2026112500012345", "1.5kg 30x20x10", "¥1999.00",
        "20261125", "order #12345", "三层蛋糕 2个", "室内使用", "楼下超市", "https://example.com/a/13?b=2", "12-11-2026", "E1234567", "room for two", "",
    ],
)  # fmt: skip
def test_what_is_nobodys_stays(text: str) -> None:
    assert find_personal(text) == []
    assert mask_text(text) == (text, "text_clean" if text else "empty")


def test_several_are_found_in_order_and_apart() -> None:
    text = "找张三 13812345678 或 a@qq.com，3号楼2单元，身份证11010519491231002X"
    assert [kind for _, kind in found(text)] == [Kind.PHONE, Kind.EMAIL, Kind.ADDRESS_LINE, Kind.ID]
    assert mask_text(text).text == "找张三 1******5678 或 ***@qq.com，****，身份证1****************X"


def test_positions_are_those_of_the_text_with_its_invisible_characters() -> None:
    text = "\u200b\u200b电话1\u200b3812345678\u200b找"
    (span,) = find_personal(text)
    assert text[span.start : span.end] == "1\u200b3812345678"


def test_stars_beside_digits_make_no_new_number() -> None:
    assert mask_text("130 0栋*000").text == "1*******000"


@pytest.mark.parametrize("number", ["13918842760", "0571-85778586", "02159778586"])
def test_a_number_right_behind_the_stars_of_a_name_is_masked(number: str) -> None:
    assert number not in mask_text(f"派件员苗**{number}").text


def test_a_crowd_is_hidden_whole() -> None:
    assert mask_text("a@qq.com " * (CROWD + 1)) == ("****", "text_crowded")
    assert mask_text("a@qq.com " * CROWD).reason == "text_scrubbed"


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_spans_are_sorted_apart_and_inside(text: str) -> None:
    at = 0
    for start, end, _ in find_personal(text):
        assert at <= start < end <= len(text)
        at = end


def test_a_short_clean_remark_costs_microseconds() -> None:
    spent = []
    for _ in range(50):
        start = time.perf_counter()
        for _ in range(20):
            find_personal("请放在门口丰巢柜，谢谢")
        spent.append((time.perf_counter() - start) / 20)
    assert min(spent) * 1e6 < 5
