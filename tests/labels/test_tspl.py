from __future__ import annotations

import re

import pytest
from PIL import Image, ImageChops

from masking.labels.layout import layout
from masking.labels.raster import raster
from masking.labels.template import SIZES, builtin
from masking.labels.tspl import tspl


def interpret(data: bytes, width: int, height: int) -> Image.Image:
    """A small TSPL printer: SIZE, GAP, DIRECTION, REFERENCE, CLS, BITMAP in mode 0, PRINT. Anything else is a fault."""
    page, printed = None, None
    while data:
        if match := re.match(rb"BITMAP (\d+),(\d+),(\d+),(\d+),0,", data):
            x, y, row_bytes, rows = map(int, match.groups())
            assert page is not None and x + row_bytes * 8 <= page.width and y + rows <= page.height
            end = match.end() + row_bytes * rows
            page.paste(Image.frombytes("1", (row_bytes * 8, rows), data[match.end() : end]), (x, y))
            assert data[end : end + 2] == b"\r\n"
            data = data[end + 2 :]
            continue
        line, data = data.split(b"\r\n", 1)
        if line == b"CLS":
            page = Image.new("1", (width, height), 255)
        elif line == b"PRINT 1,1":
            printed = page
        else:
            assert re.fullmatch(rb"(SIZE [\d.]+ mm,[\d.]+ mm|GAP 2 mm,0 mm|DIRECTION 1,0|REFERENCE 0,0)", line), line
    assert printed is not None
    return printed


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", SIZES)
def test_the_printer_prints_the_picture_to_the_dot(make_label, size, dpi) -> None:
    placed = layout(make_label(), builtin(size), dpi)
    page = raster(placed)
    # The head is wider than the label by up to seven dots: bytes are whole.
    shown = interpret(tspl(placed, page), placed.width + 7, placed.height).crop((0, 0, placed.width, placed.height))
    assert ImageChops.difference(shown.convert("L"), page.convert("L")).getbbox() is None


def test_white_is_not_sent(make_label) -> None:
    placed = layout(make_label(), builtin("100x180"))
    assert len(tspl(placed, raster(placed))) < 0.6 * placed.width * placed.height / 8
