"""What of a label nobody can read without eyes: pictures that are no code, pages without text; and what is taken at its word."""

from __future__ import annotations

import io

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from masking.labels.render import render
from masking.labels.sinks import read
from masking.labels.unread import unread


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def code() -> Image.Image:
    barcode = zxingcpp.create_barcode("SF1234567890123 " * 6, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(barcode.to_image(scale=8))


def as_pdf(*pages: Image.Image) -> bytes:
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=list(pages[1:]))
    return out.getvalue()


def with_text(data: bytes, *lines: str) -> bytes:
    """The PDF with a line of text on each of its first pages."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        font = document.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        )
        for page, line in zip(document.pages, lines):
            page.Resources["/Font"] = pikepdf.Dictionary(F1=font)
            page.contents_add(f"BT /F1 12 Tf 20 20 Td ({line}) Tj ET".encode())
        document.save(out)
    return out.getvalue()


def test_a_picture_is_unread_unless_it_is_one_code(make_label) -> None:
    assert unread(read(render(make_label()).data)) == ("frame 0",)
    assert unread(read(png(code()))) == ()


def test_a_page_is_unread_where_its_text_layer_says_nothing(make_label) -> None:
    drawn = as_pdf(*[Image.open(io.BytesIO(render(make_label()).data)).convert("L")] * 2)
    assert unread(read(drawn)) == ("page 1", "page 2")
    assert unread(read(with_text(drawn, "Waybill SF1234567890123"))) == ("page 2",)
    assert unread(read(with_text(drawn, "1/2", "Waybill SF1234567890123"))) == ("page 1",)


def test_the_text_of_the_tenth_page_is_not_the_first_s(make_label) -> None:
    page = Image.linear_gradient("L")
    drawn = with_text(as_pdf(*[page] * 10), *[""] * 9, "Waybill SF1234567890123")
    assert "page 1" in unread(read(drawn)) and "page 10" not in unread(read(drawn))


def test_a_blank_page_shows_nothing() -> None:
    assert unread(read(as_pdf(Image.new("L", (100, 100), 255)))) == ()


@pytest.mark.parametrize(
    ("field", "dark"),
    [("^FDWaybill SF1234567890123^FS", False), ("^FD1/1^FS", True), ("", True)],
)
def test_a_zpl_label_that_is_one_drawing_is_unread(field: str, dark: bool) -> None:
    drawing = "^FO0,0^GFA,200,200,5," + "F0" * 200 + "^FS"
    text = f"^FO10,10^A0N,30{field}" if field else ""
    assert bool(unread(read(f"^XA{drawing}{text}^FX Waybill SF1234567890123^FS^XZ".encode()))) is dark
