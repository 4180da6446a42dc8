"""What a stranger can get out of a label file: its texts, its metadata, its pictures. Says where each was, judges none.

One `Reading` a file, whatever its format; `sinks_pdf.py` takes PDFs apart. A file that cannot be read completely is refused,
because what nobody looked at may hold anything.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from PIL import Image, ImageSequence

from masking.labels import html, zpl_reader
from masking.labels.codes import QUIET_BARS, QUIET_QR
from masking.labels.errors import LabelRefused
from masking.labels.grid import FINEST_BARS, FINEST_SQUARE
from masking.labels.raster import WHITE

Image.MAX_IMAGE_PIXELS = 100_000_000
PAGE = 40_000_000
"""Pixels of one page: A4 at 600 dpi has 35 million."""
PIXELS = 2_000_000_000
"""Of all pages of a file together: a bundle of two thousand labels. Whoever reads what strangers send asks for less."""
_TSPL = re.compile(rb"(?m)^\s*(?:SIZE\s|CLS\s*$|BITMAP\s)")
_BITMAP = re.compile(rb"BITMAP\s+(\d+),(\d+),(\d+),(\d+),(\d),")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Said:
    """A text that a reader of the file gets, and the sink it comes from. Its `repr` does not show it."""

    sink: str
    text: str = field(repr=False)
    code: bool = False
    """Whether it is the content of a barcode."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page or picture."""

    sink: str
    image: Image.Image = field(repr=False)
    on_grid: bool = True
    """Whether its pixels are the printer's own dots; a drawn PDF's are not."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was found in a file."""

    format: str
    said: tuple[Said, ...]
    pictures: tuple[Picture, ...]
    faults: tuple[tuple[str, str], ...] = ()
    """Finding codes and sinks of codes that a printer will draw and no picture shows."""
    elsewhere: tuple[str, ...] = ()
    """What the file shows and does not hold."""


def format_of(data: bytes) -> str:
    """`png`, `image`, `pdf`, `html`, `zpl`, `tspl`, or `""`."""
    head = data[:1024].lstrip()
    if head.startswith(b"\x89PNG"):
        return "png"
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.startswith((b"GIF8", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")):
        return "image"
    if html.is_html(data):
        return "html"
    if b"^XA" in data[:100_000].upper():
        return "zpl"
    return "tspl" if _TSPL.search(data) else ""


def read(data: bytes, *, pixels: int = PIXELS) -> Reading:
    """Take a file apart. Raises `LabelRefused` (`file_unreadable` and the formats' own codes), also where its pages have more `pixels`."""
    from masking.labels.sinks_pdf import read_pdf

    readers: dict[str, Callable[[bytes], Reading]] = {
        "png": partial(_read_image, pixels=pixels),
        "image": partial(_read_image, pixels=pixels),
        "pdf": partial(read_pdf, pixels=pixels),
        "html": _read_html,
        "zpl": _read_zpl,
        "tspl": _read_tspl,
    }
    reader = readers.get(format_of(data))
    if reader is None:
        raise LabelRefused("This is no PNG, PDF, HTML, ZPL or TSPL label.", code="file_unreadable")
    return reader(data)


def _read_image(data: bytes, *, pixels: int) -> Reading:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > PAGE or image.width * image.height * getattr(image, "n_frames", 1) > pixels:
                raise LabelRefused("The picture is larger than any label.", code="file_unreadable")
            said = [Said(f"metadata {key}", str(value)) for key, value in image.info.items() if isinstance(value, str)]
            said += [Said("exif", str(value)) for value in image.getexif().values() if isinstance(value, str)]
            frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(image)]
            kept = image.format == "PNG" and len(frames) == 1
    except LabelRefused:
        raise
    except Exception as error:  # a decoder of broken pictures raises whatever it stumbles over
        raise LabelRefused("The picture cannot be read.", code="file_unreadable") from error
    if kept and (tail := data[data.rfind(b"IEND") + 8 :]):
        said.append(Said("after the picture", tail.decode("utf-8", "replace")))
    pictures = [Picture(f"frame {at}", layer) for at, frame in enumerate(frames) for layer in _layers(frame)]
    return Reading("png" if kept else "image", tuple(said), tuple(pictures))


def _read_html(data: bytes) -> Reading:
    said = [Said(sink, text) for sink, text in html.texts(data) if text.strip()]
    drawn = [Picture(f"html picture {at + 1}", image, on_grid=False) for at, image in enumerate(html.pictures(data))]
    return Reading("html", tuple(said), tuple(drawn), elsewhere=html.elsewhere(data))


def _layers(frame: Image.Image) -> Iterator[Image.Image]:
    """What is seen on white paper; and, where a picture is partly transparent, what its colours hide."""
    paper = Image.new("RGBA", frame.size, "white")
    yield Image.alpha_composite(paper, frame).convert("L")
    if frame.getchannel("A").getextrema() != (255, 255):
        yield frame.convert("RGB").convert("L")


def _read_zpl(data: bytes) -> Reading:
    text = data.decode("latin-1")
    found = zpl_reader.commands(text)
    said, pictures, faults = [], [], []
    sheet = _Sheet()
    for at, item in enumerate(zpl_reader.fields(found)):
        sink = f"zpl field {at} ({item.kind})"
        match item.kind:
            case "picture":
                image = zpl_reader.picture(item)
                sheet.put(image, item.origin)
            case "stored":
                raise LabelRefused(
                    "The ZPL stores a picture in the printer; it cannot be looked at.", code="zpl_unreadable"
                )
            case "code":
                said.append(Said(sink, zpl_reader.code_content(item), code=True))
                faults += [(fault, sink) for fault in _native_faults(item)]
            case _:
                said.append(Said(sink, zpl_reader.content(item)))
    outside = text[: found[0].start].strip()
    if outside:
        said.append(Said("before the label", outside))
    if sheet.image is not None:
        pictures.append(Picture("zpl pictures", sheet.image))
    return Reading("zpl", tuple(said), tuple(pictures), tuple(faults))


def _native_faults(item: zpl_reader.Field) -> Iterator[str]:
    """What a native code lacks by its own numbers: dots a module, and white to the paper's left edge."""
    finest, quiet = (FINEST_SQUARE, QUIET_QR) if item.symbology == "BQ" else (FINEST_BARS, QUIET_BARS)
    if item.symbology not in ("BC", "BQ"):
        return
    if item.module < finest:
        yield "module_too_fine"
    if item.origin[0] < quiet * item.module:
        yield "quiet_zone"


class _Sheet:
    """Pictures laid where the printer would lay them."""

    def __init__(self) -> None:
        self.image: Image.Image | None = None

    def put(self, image: Image.Image, origin: tuple[int, int]) -> None:
        right, bottom = origin[0] + image.width, origin[1] + image.height
        if right * bottom > zpl_reader.MAX_DOTS:
            raise LabelRefused("A picture leaves every paper.", code="file_unreadable")
        old = self.image or Image.new("L", (1, 1), WHITE)
        page = Image.new("L", (max(old.width, right), max(old.height, bottom)), WHITE)
        page.paste(old, (0, 0))
        page.paste(image.convert("L"), origin)
        self.image = page


def _read_tspl(data: bytes) -> Reading:
    said: list[Said] = []
    sheet, at = _Sheet(), 0
    while match := _BITMAP.search(data, at):
        said += _tspl_texts(data[at : match.start()], len(said))
        x, y, row_bytes, height, _mode = (int(part) for part in match.groups())
        end = match.end() + row_bytes * height
        if not 0 < row_bytes * 8 * height <= zpl_reader.MAX_DOTS or end > len(data):
            raise LabelRefused("A bitmap of the TSPL is cut short.", code="file_unreadable")
        sheet.put(Image.frombytes("1", (row_bytes * 8, height), data[match.end() : end]), (x, y))
        at = end
    said += _tspl_texts(data[at:], len(said))
    pictures = (Picture("tspl bitmaps", sheet.image),) if sheet.image is not None else ()
    return Reading("tspl", tuple(said), pictures)


def _tspl_texts(lines: bytes, start: int) -> list[Said]:
    """The quoted texts of TSPL commands; those of BARCODE and QRCODE are codes."""
    said: list[Said] = []
    for line in lines.split(b"\n"):
        code = line.strip().upper().startswith((b"BARCODE", b"QRCODE", b"DMATRIX", b"PDF417"))
        for match in list(_QUOTED.finditer(line))[-1:]:
            text = match[1].decode("utf-8", "replace")
            said.append(Said(f"tspl text {start + len(said)}", text, code=code))
    return said
