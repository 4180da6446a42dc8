"""A layout as a 1-bit picture, and that picture as PNG. The picture is what every other printer language is checked against.

In the picture 255 is white and 0 is black, as Pillow's mode `1` has it.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import replace

from PIL import Image

from masking.labels import fonts
from masking.labels.layout import BarsItem, Item, Layout, MatrixItem, PictureItem, RuleItem, TextItem

WHITE = 255
"""A 1 would print as well, but inverts to 254, which is not black."""

LEVELS = bytes.maketrans(b"01", b"\xff\x00")
"""Modules, written as digits, to grey."""


def raster(layout: Layout) -> Image.Image:
    """The whole label."""
    page = Image.new("1", (layout.width, layout.height), WHITE)
    for item in layout.items:
        _draw(page, item, layout)
    return page


def item_image(item: Item, layout: Layout) -> tuple[Image.Image, int, int]:
    """One item alone on a strip as wide as the label, and where the strip's corner stands, for languages of fields."""
    size = item.size if isinstance(item, TextItem) else item.image.height if isinstance(item, PictureItem) else 8
    strip = Image.new("1", (layout.width, 2 * size), WHITE)
    top = item.y - size // 2
    _draw(strip, replace(item, y=item.y - top), layout)
    return strip, 0, top


def _draw(page: Image.Image, item: Item, layout: Layout) -> None:
    match item:
        case TextItem():
            fonts.draw(page, (item.x, item.y), item.text, item.size, bold=item.bold, faces=layout.template.faces)
        case BarsItem():
            page.paste(bars_image(item), (item.x, item.y))
        case MatrixItem():
            page.paste(matrix_image(item), (item.x, item.y))
        case RuleItem(dash=0):
            page.paste(0, (item.x, item.y, item.x + item.width, item.y + item.height))
        case RuleItem():
            for x in range(item.x, item.x + item.width, 2 * item.dash):
                page.paste(0, (x, item.y, min(x + item.dash, item.x + item.width), item.y + item.height))
        case PictureItem():
            page.paste(0, (item.x, item.y), item.image)


def bars_image(item: BarsItem) -> Image.Image:
    modules = item.bars.modules
    row = Image.frombytes("L", (len(modules), 1), modules.encode().translate(LEVELS))
    return row.resize((item.width, item.height), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


def matrix_image(item: MatrixItem) -> Image.Image:
    rows = item.matrix.rows
    flat = "".join(rows).encode().translate(LEVELS)
    small = Image.frombytes("L", (len(rows), len(rows)), flat)
    return small.resize((item.width, item.width), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


def png(page: Image.Image, dpi: int) -> bytes:
    """The picture as a 1-bit PNG that knows its resolution and holds no other metadata."""
    out = io.BytesIO()
    page.save(out, "PNG", compress_level=3, compress_type=zlib.Z_RLE, dpi=(dpi, dpi))
    return out.getvalue()
