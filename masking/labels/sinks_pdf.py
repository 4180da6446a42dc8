"""What a stranger can get out of a PDF: the text layer with what is hidden in it, every string of every object, metadata,
attachments, earlier revisions, and the pages as pictures. Judges nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf
import pypdfium2
from PIL import Image

from masking.labels.errors import LabelRefused
from masking.labels.sinks import PAGE, PIXELS, Picture, Reading, Said

MAX_PAGES, MAX_SIDE_MM = 2000, 2000
DRAWN = 300 / 25.4
"""Dots a millimetre at which a page is drawn that has no picture of its own resolution."""


def read_pdf(data: bytes, *, pixels: int = PIXELS) -> Reading:
    """Take a PDF apart, each revision. Raises `LabelRefused` (`file_unreadable`, `pdf_encrypted`)."""
    said: list[Said] = []
    pictures: list[Picture] = []
    revisions = list(_revisions(data))
    for at, revision in enumerate(revisions):
        where = "" if at == 0 else f" of earlier revision {at}"
        try:
            said += [Said(sink + where, text) for sink, text in _texts(revision)]
            if at == 0:
                pictures += _pages(revision, pixels)
        except pikepdf.PasswordError as error:
            raise LabelRefused("The PDF is encrypted.", code="pdf_encrypted") from error
        except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, RuntimeError) as error:
            if at == 0:
                raise LabelRefused("The PDF cannot be read.", code="file_unreadable") from error
            said.append(Said("pdf bytes" + where, revision.decode("latin-1")))
    return Reading("pdf", tuple(said), tuple(pictures))


def _revisions(data: bytes) -> Iterator[bytes]:
    """The document as it is, then as it was before each incremental update."""
    yield data
    end = data.rfind(b"%%EOF")
    while (end := data.rfind(b"%%EOF", 0, max(end, 0))) != -1:
        yield data[: end + 5]


def _texts(data: bytes) -> Iterator[tuple[str, str]]:
    with pikepdf.open(io.BytesIO(data)) as document:
        if len(document.pages) > MAX_PAGES:
            raise LabelRefused("The PDF has too many pages.", code="file_unreadable")
        for number, item in enumerate(document.objects):
            for text in _strings(item, 0):
                yield f"pdf object {number}", text
            if (
                isinstance(item, pikepdf.Stream)
                and item.get("/Subtype") in ("/XML", None)
                and item.get("/Type")
                in (
                    "/Metadata",
                    "/EmbeddedFile",
                )
            ):
                yield f"pdf stream {number}", item.read_bytes().decode("utf-8", "replace")
        for name in document.attachments:
            yield "pdf attachment name", name
            yield "pdf attachment", document.attachments[name].get_file().read_bytes().decode("utf-8", "replace")
    yield from _text_layer(data)


def _strings(item: pikepdf.Object, depth: int) -> Iterator[str]:
    """Every string inside an object, references not followed: the document's object list has them all."""
    if depth > 40:
        raise LabelRefused("The PDF is nested too deeply.", code="file_unreadable")
    if isinstance(item, pikepdf.String):
        yield str(item)
    elif isinstance(item, pikepdf.Array):
        for child in item:
            if isinstance(child, pikepdf.Object) and not child.is_indirect:
                yield from _strings(child, depth + 1)
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        for key, child in item.items():
            if isinstance(child, pikepdf.Object) and not child.is_indirect and key not in ("/ID", "/Panose"):
                yield from _strings(child, depth + 1)


def _text_layer(data: bytes) -> Iterator[tuple[str, str]]:
    """Every line of text, drawn or not: pdfium gives invisible text and hidden layers as well."""
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(len(document)):
            for line in document[number].get_textpage().get_text_range().splitlines():
                if line.strip():
                    yield f"pdf text of page {number + 1}", line
    finally:
        document.close()


def _pages(data: bytes, pixels: int) -> Iterator[Picture]:
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(len(document)):
            width, height = document[number].get_size()
            drawn = int(width / 72 * 25.4 * DRAWN * height / 72 * 25.4 * DRAWN)
            pixels -= drawn
            if pixels < 0 or drawn > PAGE:
                raise LabelRefused("The PDF has more pages than any label.", code="file_unreadable")
            yield _page(document[number], number + 1)
    finally:
        document.close()


def _upright(picture: pypdfium2.PdfImage) -> bool:
    a, b, c, d, *_ = picture.get_matrix().get()
    return bool(a > 0 and d > 0 and b == 0 and c == 0)


def _page(page: pypdfium2.PdfPage, number: int) -> Picture:
    """A page that is one upright picture gives that picture's dots; another is drawn at 300 dpi."""
    if max(page.get_size()) / 72 * 25.4 > MAX_SIDE_MM:
        raise LabelRefused("A page of the PDF is no label.", code="file_unreadable")
    objects = list(page.get_objects(max_depth=3))
    if len(objects) == 1 and isinstance(objects[0], pypdfium2.PdfImage) and _upright(objects[0]):
        return Picture(f"page {number}", objects[0].get_bitmap().to_pil().convert("L"))
    drawn: Image.Image = page.render(scale=DRAWN * 25.4 / 72).to_pil().convert("L")
    return Picture(f"page {number}", drawn, on_grid=False)
