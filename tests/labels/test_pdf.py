from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from PIL import ImageChops

from masking.labels.layout import layout
from masking.labels.pdf import joined, pdf
from masking.labels.raster import raster
from masking.labels.sinks import read
from masking.labels.template import SIZES, builtin


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_has_the_papers_size_and_the_pictures_dots(make_label, size, dpi) -> None:
    placed = layout(make_label(), builtin(size), dpi)
    page = raster(placed)
    data = pdf(page, dpi, placed.label.printed_at)
    width, height = pypdfium2.PdfDocument(data)[0].get_size()
    assert abs(width / 72 * 25.4 - SIZES[size][0]) < 0.15 and abs(height / 72 * 25.4 - SIZES[size][1]) < 0.15
    assert ImageChops.difference(read(data).pictures[0].image, page.convert("L")).getbbox() is None


def test_a_page_has_no_text_and_names_no_program(make_label) -> None:
    placed = layout(make_label(), builtin("100x150"))
    data = pdf(raster(placed), 203, placed.label.printed_at)
    assert pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range() == ""
    with pikepdf.open(io.BytesIO(data)) as document:
        assert set(document.docinfo) == {"/CreationDate", "/ModDate"}
        assert "/Metadata" not in document.Root
    assert len(data) < 30_000


def test_joined_pages_keep_their_order_and_dots(make_label) -> None:
    pages = [layout(make_label(waybill=f"SF000000000000{n}"), builtin("76x130")) for n in range(3)]
    data = joined(pdf(raster(placed), 203, placed.label.printed_at) for placed in pages)
    pictures = read(data).pictures
    assert len(pictures) == 3
    for placed, picture in zip(pages, pictures, strict=True):
        assert ImageChops.difference(picture.image, raster(placed).convert("L")).getbbox() is None
