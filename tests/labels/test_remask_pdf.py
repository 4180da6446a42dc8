from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from masking.labels.codes import waybill_bars
from masking.labels.errors import LabelRefused
from masking.labels.remask import Box, Cover, code_contents, remask
from masking.labels.sinks import read
from tests.labels.conftest import LATIN, RECIPIENT

LINES = b"""BT /F1 12 Tf 20 400 Td (Ship to: Marisol Quintanilla) Tj 0 -20 Td [(Mari) -30 (sol Quint) 10 (anilla)] TJ
0 -20 Td (2205 Agua Fria Loop, Apt 14) Tj T* (415 555 2671) ' ET BT /F1 12 Tf 20 300 Td (PRIORITY) Tj ET
"""


def bars(waybill: str, x: float = 30, y: float = 60, module: float = 1.2, height: float = 60) -> bytes:
    """Vector bars, as carriers draw them."""
    modules = waybill_bars(waybill).modules
    return b"0 g " + b"".join(
        f"{x + at * module:.3f} {y} {module:.3f} {height} re f ".encode()
        for at, bit in enumerate(modules)
        if bit == "1"
    )


def document(content: bytes, font: pikepdf.Object | None = None) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(288, 432))
    simple = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    pdf.pages[0].obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font or simple)))
    pdf.pages[0].obj.Contents = pdf.make_stream(content)
    pdf.docinfo["/Author"] = "Marisol Quintanilla"
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def said(data: bytes) -> str:
    return "\n".join(item.text for item in read(data).said)


def test_text_operators_are_rewritten_and_vector_bars_stay_vectors() -> None:
    raw = document(LINES + bars("SF1234567890123"))
    done = remask(raw, [LATIN])
    text = said(done.data)
    for gone in ("Quintanilla", "Marisol", "Apt 14", "555"):
        assert gone in said(raw) and gone not in text
    assert "PRIORITY" in text and "M**" in text and "2205 Agua Fria Loop, ****" in text
    assert code_contents(read(done.data)) == code_contents(read(raw)) == {"SF1234567890123": 1}
    with pikepdf.open(io.BytesIO(done.data)) as pdf:
        assert pdf.pages[0].obj.Contents.read_bytes().count(b" re") == raw_bars(raw)
        assert "/Author" not in pdf.docinfo and "/Metadata" not in pdf.Root


def raw_bars(raw: bytes) -> int:
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        return pdf.pages[0].obj.Contents.read_bytes().count(b" re")


def test_a_font_that_cannot_be_written_is_drawn_and_covered() -> None:
    """A composite font: the page becomes a picture, without any text layer, and the bars still say the same."""
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=pikepdf.Name("/STSong-Light"),
        Flags=4,
        Ascent=880,
        Descent=-120,
        CapHeight=700,
        ItalicAngle=0,
        StemV=80,
        FontBBox=[0, -120, 1000, 880],
    )
    child = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType0,
        BaseFont=pikepdf.Name("/STSong-Light"),
        CIDSystemInfo=pikepdf.Dictionary(Registry=b"Adobe", Ordering=b"GB1", Supplement=2),
        FontDescriptor=descriptor,
        DW=1000,
    )
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type0,
        BaseFont=pikepdf.Name("/STSong-Light"),
        Encoding=pikepdf.Name("/UniGB-UCS2-H"),
        DescendantFonts=pikepdf.Array([child]),
    )
    show = f"BT /F1 14 Tf 20 380 Td <{'欧阳娜娜'.encode('utf-16-be').hex()}> Tj 0 -30 Td <{'13812345678'.encode('utf-16-be').hex()}> Tj ET\n".encode()
    raw = document(show + bars("SF1234567890123"), font)
    assert "欧阳娜娜" in said(raw)
    done = remask(raw, [RECIPIENT])
    assert "娜" not in said(done.data) and "138" not in said(done.data)
    assert code_contents(read(done.data)) == {"SF1234567890123": 1}


def test_a_box_covers_a_part_of_every_page() -> None:
    raw = document(LINES + bars("SF1234567890123"))
    done = remask(raw, [LATIN], cover=Cover(boxes=(Box(0, 5, 101, 60),)))
    page = read(done.data).pictures[0].image
    assert page.crop((0, int(6 * page.width / 101.6), page.width, int(60 * page.width / 101.6))).getextrema() == (
        255,
        255,
    )


def test_a_picture_inside_a_pdf_is_refused_unless_trusted_or_a_code() -> None:
    out = io.BytesIO()
    Image.new("L", (300, 200), 90).save(out, "PDF")
    with pytest.raises(LabelRefused) as refusal:
        remask(out.getvalue(), [LATIN])
    assert refusal.value.code == "picture_unreadable"


def test_a_kind_that_must_stay_stays() -> None:
    text = said(remask(document(LINES), [LATIN], keep=["address_line"]).data)
    assert "2205 Agua Fria Loop, Apt 14" in text and "Quintanilla" not in text
