from __future__ import annotations

from dataclasses import replace

import pytest

from masking.labels.codes import ticket_matrix, waybill_bars
from masking.labels.errors import LabelRefused
from masking.labels.layout import BarsItem, MatrixItem, RuleItem, layout
from masking.labels.raster import raster
from masking.labels.readback import read_back
from masking.labels.template import builtin


@pytest.fixture
def placed(make_label):
    return layout(make_label(), builtin("100x150"))


def test_a_good_label_reads_back(placed) -> None:
    read_back(raster(placed), placed)


@pytest.mark.parametrize("kind", [BarsItem, MatrixItem])
def test_ink_across_a_code_stops_the_label(placed, kind) -> None:
    code = next(item for item in placed.codes if isinstance(item, kind))
    left, top, right, bottom = code.box()
    blot = RuleItem(left + 40, top, (right - left) // 2, bottom - top)
    spoiled = replace(placed, items=(*placed.items, blot))
    with pytest.raises(LabelRefused) as refusal:
        read_back(raster(spoiled), spoiled)
    assert refusal.value.code == "code_unreadable"
    assert refusal.value.path == ("waybill" if kind is BarsItem else "ticket")


def test_a_code_that_says_something_else_stops_the_label(placed) -> None:
    page = raster(placed)
    for item in placed.codes:
        if isinstance(item, BarsItem):
            other = replace(item, bars=replace(waybill_bars("SF0000000000000"), modules=item.bars.modules))
        else:
            other = replace(item, matrix=replace(ticket_matrix("HTTPS://X.EXAMPLE/Q/A"), rows=item.matrix.rows))
        swapped = replace(placed, items=tuple(other if old is item else old for old in placed.items))
        with pytest.raises(LabelRefused):
            read_back(page, swapped)


def test_an_inverted_label_does_not_pass(placed) -> None:
    from PIL import ImageChops

    with pytest.raises(LabelRefused):
        read_back(ImageChops.invert(raster(placed)), placed)
