from __future__ import annotations

import pytest

from masking.labels import fonts
from masking.labels.codes import ticket_matrix, waybill_bars
from masking.labels.layout import Finding, Sheet, TextItem
from masking.labels.template import ZoneKind, builtin
from masking.labels.zones import FILL, SMALLEST, address_line, block
from masking.personal import PostalAddress


@pytest.fixture
def sheet(make_label) -> Sheet:
    label = make_label()
    return Sheet(label, builtin("100x150"), 203, waybill_bars(label.waybill), ticket_matrix(label.ticket))


def lines(sheet: Sheet) -> list[TextItem]:
    return [item for item in sheet.items if isinstance(item, TextItem)]


def test_every_kind_of_zone_can_be_filled() -> None:
    assert set(FILL) == set(ZoneKind)


def test_a_text_is_as_large_as_fits(sheet) -> None:
    block(sheet, (10, 10, 40, 6), "SHORT", "x", largest=5)
    block(sheet, (10, 20, 40, 6), "A LONGER TEXT THAN THAT", "x", largest=5)
    large, small = lines(sheet)
    assert large.size == 40 and 20 <= small.size < 40
    assert fonts.width(small.text, small.size) <= 320 and sheet.findings == {}


def test_lines_break_and_stay_within_the_box(sheet) -> None:
    used = block(sheet, (10, 10, 30, 20), "漕溪北路88号圣爱大厦 and some words in English", "x", largest=4, lines=4)
    assert 2 <= len(lines(sheet)) <= 4 and used <= 20
    assert all(fonts.width(item.text, item.size) <= 240 for item in lines(sheet))
    assert "".join(item.text for item in lines(sheet)).replace(" ", "") == "漕溪北路88号圣爱大厦andsomewordsinEnglish"


def test_what_does_not_fit_is_cut_with_a_mark(sheet) -> None:
    block(sheet, (10, 10, 20, 4), "字" * 100, "here", largest=4)
    (line,) = lines(sheet)
    assert line.text.endswith("…") and line.size == SMALLEST * 8
    assert Finding("text_cut", "here") in sheet.findings


def test_a_word_wider_than_the_box_is_broken(sheet) -> None:
    block(sheet, (10, 10, 20, 30), "Donaudampfschifffahrtsgesellschaft", "x", largest=4, lines=5)
    assert len(lines(sheet)) > 1 and sheet.findings == {}


def test_an_empty_text_takes_no_room(sheet) -> None:
    assert block(sheet, (10, 10, 20, 4), " \u200b ", "x", largest=4) == 0.0 and sheet.items == []


@pytest.mark.parametrize(
    ("address", "language", "line"),
    [
        (PostalAddress("CN", "广东省", "深圳市", "南山区", "科技园****"), "zh", "广东省深圳市南山区 科技园****"),
        (PostalAddress("CN", "北京市", "北京市", "朝阳区", "建国路****"), "zh", "北京市朝阳区 建国路****"),
        (PostalAddress("CN", "", "", "", "上海市徐汇区漕溪北路****"), "zh", "上海市徐汇区漕溪北路****"),
        (PostalAddress("CN", "上海市", "上海市", "", "上海市徐汇区漕溪北路****"), "zh", "上海市徐汇区漕溪北路****"),
        (
            PostalAddress("US", "NM", "Santa Fe", "", "2205 Agua Fria Loop, ****", "87501"),
            "en",
            "2205 Agua Fria Loop, ****, Santa Fe NM 87501, US",
        ),
        (PostalAddress("US", "NM", "Santa Fe", "", "A St\n****", ""), "zh", "A St, ****, Santa Fe NM, US"),
        (PostalAddress(), "en", ""),
    ],
)
def test_addresses_stand_in_their_countrys_order(address, language, line) -> None:
    assert address_line(address, language) == line
