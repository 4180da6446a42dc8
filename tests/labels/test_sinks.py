from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from masking.labels.errors import LabelRefused
from masking.labels.render import render
from masking.labels.sinks import format_of, read


def png(**text: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for key, value in text.items():
        notes.add_itxt(key, value)
    out = io.BytesIO()
    Image.new("L", (50, 50), 255).save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def said(data: bytes) -> list[str]:
    return [item.text for item in read(data).said]


@pytest.mark.parametrize("format", ["png", "pdf", "zpl", "tspl"])
def test_our_own_formats_are_known(make_label, format) -> None:
    data = render(make_label(), format=format).data
    assert format_of(data) == format == read(data).format


def test_a_pngs_text_chunks_and_what_follows_it_are_read() -> None:
    assert "张三" in said(png(Author="张三"))
    assert "hidden" in said(png() + b"hidden")


def test_exif_is_read() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "for 13812345678"
    Image.new("L", (50, 50), 255).save(out, "JPEG", exif=exif)
    assert "for 13812345678" in said(out.getvalue())


def test_every_frame_and_what_transparency_hides_are_looked_at() -> None:
    out = io.BytesIO()
    frames = [Image.new("L", (40, 40), level) for level in (255, 0)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert len(read(out.getvalue()).pictures) == 2
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    out = io.BytesIO()
    clear.save(out, "PNG")
    shown, hidden = read(out.getvalue()).pictures
    assert shown.image.getextrema() == (255, 255) and hidden.image.getextrema() == (0, 0)


def test_zpl_fields_comments_and_what_stands_before_are_read() -> None:
    texts = said("note for 张三 ^XA^FXcomment^FS^FO1,1^A0^FDtext^FS^FO1,9^BCN^FDSF12345^FS^XZ".encode())
    assert texts[:2] == ["comment", "text"] and "SF12345" in texts
    assert any("note for" in text for text in texts)


def test_tspl_texts_and_codes_are_read() -> None:
    reading = read(
        b'SIZE 76 mm,130 mm\r\nCLS\r\nTEXT 10,10,"TSS24.BF2",0,1,1,"13812345678"\r\nQRCODE 1,1,M,4,A,0,"hello"\r\nPRINT 1\r\n'
    )
    assert [(item.text, item.code) for item in reading.said] == [("13812345678", False), ("hello", True)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\nrubbish",
        b"%PDF-1.4 rubbish",
        b"^XA~DGR:LOGO.GRF,10,1,00000000000000000000^XZ",
        b"SIZE 10 mm,10 mm\r\nCLS\r\nBITMAP 0,0,100,100,0,short\r\nPRINT 1\r\n",
        b"SIZE 10 mm,10 mm\r\nCLS\r\nBITMAP 0,0,99999,99999,0,x\r\nPRINT 1\r\n",
    ],
)
def test_what_cannot_be_read_completely_is_refused(data: bytes) -> None:
    with pytest.raises(LabelRefused):
        read(data)


def test_what_a_file_says_is_not_in_the_repr() -> None:
    assert "张三" not in repr(read(png(Author="张三")))


def refused(data: bytes, **more: int) -> str:
    with pytest.raises(LabelRefused) as refusal:
        read(data, **more)
    return refusal.value.code


def test_a_small_file_that_asks_for_gigabytes_is_refused(make_label) -> None:
    out = io.BytesIO()
    Image.new("1", (40_001, 1000), 1).save(out, "PNG")
    assert refused(out.getvalue()) == "file_unreadable"
    pages = render(make_label(), format="pdf").data
    assert read(pages, pixels=10_000_000).pictures and refused(pages, pixels=1_000_000) == "file_unreadable"
    many = io.BytesIO()
    Image.new("1", (100, 100), 1).save(
        many, "GIF", save_all=True, append_images=[Image.new("1", (100, 100), n % 2) for n in range(50)]
    )
    assert refused(many.getvalue(), pixels=100_000) == "file_unreadable"


@pytest.mark.filterwarnings("ignore")
def test_a_broken_picture_is_refused_whatever_its_decoder_stumbles_over() -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "TIFF")
    for at in range(4, 400, 3):
        data = bytearray(out.getvalue()[-400:] if at % 2 else out.getvalue())
        data[:4] = b"II*\0"
        data[at] ^= 0xFF
        try:
            read(bytes(data))
        except LabelRefused:
            continue
