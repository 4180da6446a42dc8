"""Rewrites the text of a PDF label. Where the fonts are simple the text operators themselves are rewritten, so that bars drawn
as vectors stay vectors; otherwise the page becomes a picture at 600 dpi with the personal lines covered and written anew.

The result is a fresh document of pages alone: no metadata, attachments, annotations, layers or earlier revisions.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from masking.labels.errors import LabelRefused
from masking.labels.fonts import DEFAULT_FACES, printable
from masking.labels.grid import codes_in
from masking.labels.remask import Cover, Remasked
from masking.labels.remask_text import Remasker

DPI = 600
_BROKEN = (TypeError, ValueError, RuntimeError, LookupError, AttributeError, OSError)
"""What the PDF libraries raise on objects that are not what their place promises."""
_SHOW = {"Tj", "TJ", "'", '"'}
_NEW_LINE = {"Td", "TD", "T*", "Tm", "'", '"', "BT", "ET"}
_PAGE_PARTS = ("/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents")
_CODECS = {"/WinAnsiEncoding": "cp1252", "/MacRomanEncoding": "mac_roman", None: "cp1252"}


def remask_pdf(data: bytes, replace: Remasker, cover: Cover) -> Remasked:
    """Page by page; a document with one page that must be drawn is drawn whole, as one kind of document.

    Raises `LabelRefused` (`file_unreadable`) on a document that its libraries cannot take apart.
    """
    try:
        return _remasked(data, replace, cover)
    except (pikepdf.PdfError, pypdfium2.PdfiumError, *_BROKEN) as error:
        # Not chained: a library's message may quote the document.
        where = type(error).__name__
        raise LabelRefused("The PDF cannot be taken apart.", code="file_unreadable", path=where) from None


def _remasked(data: bytes, replace: Remasker, cover: Cover) -> Remasked:
    with pikepdf.open(io.BytesIO(data)) as source:
        pictures = _pictures(source)
        for name, raw, is_code in pictures:
            cover.refuse_unknown(raw, is_code, name)
        for page in source.pages:
            for item in pikepdf.parse_content_stream(page, operators="BI"):
                cover.refuse_unknown(pikepdf.unparse_content_stream([item]), False, "pdf inline picture")
        if not cover.boxes and all(_simple(page) for page in source.pages):
            return _rewritten(source, replace)
    return _drawn(data, replace, cover)


def _pictures(source: pikepdf.Pdf) -> list[tuple[str, bytes, bool]]:
    """Every picture of the document, its bytes, and whether it is a code."""
    found = []
    for number, item in enumerate(source.objects):
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
            raw = item.read_raw_bytes()
            try:
                image = pikepdf.PdfImage(item).as_pil_image().convert("L")
                is_code = any(code.text for code in codes_in(image, on_grid=False))
            except Exception:  # noqa: BLE001 - a decoder of broken pictures raises whatever it stumbles over
                is_code = False
            found.append((f"pdf picture {number}", raw, is_code))
    return found


def _simple(page: pikepdf.Page) -> bool:
    """Whether every text of the page is in a font of one-byte letters that we can write, and none stands in a form."""
    resources = page.get("/Resources", pikepdf.Dictionary())
    for item in dict(resources.get("/XObject", {})).values():
        if item.get("/Subtype") != "/Image":
            return False
    fonts = dict(resources.get("/Font", {})).values()
    return "/Pattern" not in resources and all(_codec(font) is not None for font in fonts)


def _codec(font: pikepdf.Object) -> str | None:
    encoding = font.get("/Encoding")
    if font.get("/Subtype") not in ("/Type1", "/TrueType") or isinstance(encoding, pikepdf.Dictionary):
        return None
    descriptor = font.get("/FontDescriptor", pikepdf.Dictionary())
    if any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
        return None  # a subset may lack the star
    return _CODECS.get(str(encoding) if encoding is not None else None)


def _rewritten(source: pikepdf.Pdf, replace: Remasker) -> Remasked:
    changed = 0
    with pikepdf.new() as fresh:
        for page in source.pages:
            content, count = _content(page, replace)
            changed += count
            copy = fresh.copy_foreign(source.make_indirect(pikepdf.Dictionary(_parts(page))))
            copy["/Contents"] = fresh.make_stream(content)
            copy["/Type"] = pikepdf.Name("/Page")
            fresh.pages.append(pikepdf.Page(copy))
        out = io.BytesIO()
        fresh.save(out, deterministic_id=True)
    return Remasked(out.getvalue(), changed)


def _parts(page: pikepdf.Page) -> dict[str, Any]:
    """What a page needs to be drawn, its inherited parts included."""
    parts = {key: page.obj.get(key) for key in _PAGE_PARTS if key != "/Contents" and page.obj.get(key) is not None}
    return {"/MediaBox": page.mediabox, "/Resources": page.get("/Resources", pikepdf.Dictionary()), **parts}


def _content(page: pikepdf.Page, replace: Remasker) -> tuple[bytes, int]:
    """The page's operators with its lines of text replaced, and how many lines changed."""
    resources = page.get("/Resources", pikepdf.Dictionary())
    fonts = dict(resources.get("/Font", pikepdf.Dictionary()))
    operators = [[list(item.operands), str(item.operator)] for item in pikepdf.parse_content_stream(page)]
    codec = "cp1252"
    line: list[tuple[int, str]] = []
    lines = [line]
    for at, (operands, operator) in enumerate(operators):
        if operator == "Tf":
            codec = _codec(fonts.get(str(operands[0]), pikepdf.Dictionary())) or "cp1252"
        if operator in _NEW_LINE and line:
            line = []
            lines.append(line)
        if operator in _SHOW:
            line.append((at, codec))
    changed = sum(_replace_line(operators, line, replace) for line in lines if line)
    instructions: Any = [(operands, pikepdf.Operator(str(operator))) for operands, operator in operators]
    return pikepdf.unparse_content_stream(instructions), changed


def _replace_line(operators: list[list[Any]], line: list[tuple[int, str]], replace: Remasker) -> int:
    """Mask one line, however many operators show it: the first says the masked text, the others nothing."""
    said = "".join(_said(operators[at][0], codec) for at, codec in line)
    masked = replace(said)
    if masked == said:
        return 0
    for nth, (at, codec) in enumerate(line):
        text = pikepdf.String((masked if nth == 0 else "").encode(codec, "replace"))
        operands, operator = operators[at]
        operators[at] = [[*operands[:-1], pikepdf.Array([text]) if operator == "TJ" else text], operator]
    return 1


def _said(operands: list[Any], codec: str) -> str:
    shown = operands[-1]
    parts = (
        [part for part in shown if isinstance(part, pikepdf.String)] if isinstance(shown, pikepdf.Array) else [shown]
    )
    return b"".join(bytes(part) for part in parts).decode(codec, "replace")


def _drawn(data: bytes, replace: Remasker, cover: Cover) -> Remasked:
    document = pypdfium2.PdfDocument(data)
    pages, changed = [], 0
    try:
        for number in range(len(document)):
            image, count = _drawn_page(document[number], replace, cover)
            pages.append(image)
            changed += count
    finally:
        document.close()
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=DPI, save_all=True, append_images=pages[1:], creationDate=None, modDate=None)
    return Remasked(out.getvalue(), changed)


def _drawn_page(page: pypdfium2.PdfPage, replace: Remasker, cover: Cover) -> tuple[Image.Image, int]:
    scale = DPI / 72
    image = page.render(scale=scale).to_pil().convert("L")
    text_page = page.get_textpage()
    if any(ch in "\ufffd\ufffe\x00" or "\ue000" <= ch <= "\uf8ff" for ch in text_page.get_text_range()):
        raise LabelRefused("Some text of the PDF cannot be read.", code="pdf_text_unreadable")
    changed = 0
    height = page.get_height()
    for at in range(text_page.count_rects()):
        left, bottom, right, top = text_page.get_rect(at)
        said = text_page.get_text_bounded(left, bottom, right, top).strip()
        masked = replace(said)
        if masked != said:
            box = (
                int(left * scale) - 2,
                int((height - top) * scale) - 2,
                int(right * scale) + 3,
                int((height - bottom) * scale) + 3,
            )
            image.paste(255, box)
            _write(image, box, masked)
            changed += 1
    for area in cover.boxes:
        mm = DPI / 25.4
        image.paste(
            255, (int(area.x * mm), int(area.y * mm), int((area.x + area.width) * mm), int((area.y + area.height) * mm))
        )
    return image.point(lambda level: 255 if level > 127 else 0, "1"), changed + len(cover.boxes)


def _write(image: Image.Image, box: tuple[int, int, int, int], text: str) -> None:
    """Set a text into the box of the one it stands for."""
    face = DEFAULT_FACES[0]
    shown, _ = printable(text)
    size = max(12, int((box[3] - box[1]) * 0.8))
    font = ImageFont.truetype(face.path, size, index=face.index)
    ImageDraw.Draw(image).text((box[0], box[3] - (box[3] - box[1]) // 5), shown, fill=0, font=font, anchor="ls")
