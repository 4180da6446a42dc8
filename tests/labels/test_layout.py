from __future__ import annotations

from dataclasses import replace

import pytest

from masking.labels import fonts
from masking.labels.errors import LabelRefused
from masking.labels.layout import BarsItem, Finding, Layout, MatrixItem, TextItem, layout
from masking.labels.template import builtin
from masking.personal import MaskedParty, Party, PostalAddress, RelayNumber

PAPERS = [("76x130", 1), ("100x150", 1), ("100x150", 2), ("100x180", 1), ("100x180", 2), ("4x6", 1), ("a6", 1)]


def texts(placed: Layout) -> str:
    return "\n".join(item.text for item in placed.items if isinstance(item, TextItem))


def boxes(placed: Layout) -> list[tuple[int, int, int, int]]:
    out = []
    for item in placed.items:
        if isinstance(item, TextItem):
            wide = fonts.width(item.text, item.size, faces=placed.template.faces)
            out.append((item.x, item.y, item.x + wide, item.y + item.size))
    return out


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("size", "parts"), PAPERS)
@pytest.mark.parametrize("who", ["han", "latin", "hangul", "mixed"])
def test_everything_stands_on_the_paper_and_clear_of_the_codes(make_label, people, size, parts, dpi, who) -> None:
    label = make_label(
        people[who],
        language="en" if who == "latin" else "zh",
        goods=("棉衬衫", "shirt"),
        product="标准快递",
        batch="B-7",
    )
    placed = layout(label, builtin(size, parts), dpi)
    codes = [item.box() for item in placed.codes]
    for left, top, right, bottom in boxes(placed):
        assert left >= 0 and top >= 0 and right <= placed.width and bottom <= placed.height
        assert not any(left < c[2] and c[0] < right and top < c[3] and c[1] < bottom for c in codes)
    for left, top, right, bottom in codes:
        assert left >= 0 and top >= 0 and right <= placed.width and bottom <= placed.height


@pytest.mark.parametrize(("size", "parts"), PAPERS)
def test_at_203_dpi_a_ticket_with_a_short_host_has_four_dots_a_module_within_25_mm(make_label, size, parts) -> None:
    placed = layout(make_label(), builtin(size, parts), 203)
    matrix = next(item for item in placed.items if isinstance(item, MatrixItem))
    left, _, right, _ = matrix.box()
    assert matrix.module == 4 and (right - left) / 8 <= 25
    assert Finding("ticket_dense", "ticket") not in placed.findings


def test_a_long_host_still_prints_and_says_that_its_code_is_denser(make_label) -> None:
    placed = layout(make_label(host="tickets.logistics.example.com"), builtin("76x130"), 203)
    assert next(item for item in placed.items if isinstance(item, MatrixItem)).module == 3
    assert Finding("ticket_dense", "ticket") in placed.findings


@pytest.mark.parametrize("dpi", [203, 300])
def test_the_main_barcode_has_wide_modules_and_tall_bars(make_label, dpi) -> None:
    for size in ("76x130", "100x150", "100x180", "4x6", "a6"):
        placed = layout(make_label(), builtin(size), dpi)
        bars = next(item for item in placed.items if isinstance(item, BarsItem))
        per_mm = placed.width / placed.template.paper[0]
        assert bars.module / per_mm >= 0.33 and bars.height / per_mm >= 12


def test_a_waybill_too_long_for_the_paper_is_refused(make_label) -> None:
    with pytest.raises(LabelRefused) as refusal:
        layout(make_label(waybill="ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO"), builtin("76x130"))
    assert refusal.value.code == "waybill_too_long"


def test_what_the_standard_asks_for_is_on_the_label(make_label) -> None:
    said = texts(layout(make_label(relay=RelayNumber("17012345678", "8812")), builtin("100x150")))
    for wanted in (
        "SF1234567890123",
        "755A-021-33",
        "1/2",
        "代收货款",
        "保价",
        "欧阳**",
        "17012345678-8812",
        "李**",
        "2026-11-25 12:30",
        "签收人",
    ):
        assert wanted in said


def test_goods_are_printed_only_where_a_shop_opted_in(make_label) -> None:
    assert "棉衬衫" not in texts(layout(make_label(), builtin("100x150")))
    assert "棉衬衫" in texts(layout(make_label(goods=("棉衬衫",)), builtin("100x150")))


def test_a_return_label_flips_the_roles_and_says_so(make_label) -> None:
    label = make_label()
    back = label.returned()
    assert (back.sender, back.recipient) == (label.recipient, label.sender)
    assert "退件" in texts(layout(back, builtin("100x150")))
    assert back.returned().flags.count("return") == 1


def test_english_words_on_an_english_label(make_label, people) -> None:
    said = texts(layout(make_label(people["latin"], language="en"), builtin("4x6")))
    assert all(word in said for word in ("TO", "FROM", "COD", "INSURED", "Received by"))


def test_a_text_that_does_not_fit_is_cut_and_told(make_label) -> None:
    long = Party(
        "王五",
        "13812345678",
        address=PostalAddress("CN", "新疆维吾尔自治区", "巴音郭楞蒙古自治州", "库尔勒市", "某某街道" * 60),
    )
    placed = layout(make_label(long), builtin("76x130"))
    assert Finding("text_cut", "recipient.address") in placed.findings
    assert all(right <= placed.width for _, _, right, _ in boxes(placed))


def test_unknown_flags_are_left_out_and_told(make_label) -> None:
    placed = layout(make_label(flags=("cod", "call 13812345678")), builtin("100x150"))
    assert Finding("flag_unknown", "flags") in placed.findings and "13812345678" not in texts(placed)


def test_names_without_glyphs_are_told_and_do_not_stop(make_label) -> None:
    thai = MaskedParty("ส**", "1******5678", address=PostalAddress("TH", "", "กรุงเทพ", "", "**** ถนนสุขุมวิท"))
    placed = layout(replace(make_label(), recipient=thai), builtin("100x150"))
    assert Finding("glyph_missing", "recipient") in placed.findings
    assert fonts.MISSING in texts(placed)


def test_unknown_resolutions_are_refused(make_label) -> None:
    with pytest.raises(LabelRefused) as refusal:
        layout(make_label(), builtin("100x150"), 200)
    assert refusal.value.code == "dpi_unknown"
