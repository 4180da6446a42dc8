"""A layout as a 1-bit picture, and that picture as PNG. The picture is what every other printer language is checked against.

In the picture 1 is white and 0 is black, as Pillow's mode `1` has it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection

from PIL import Image

from masking.labels import fonts
from masking.labels.layout import BarsItem, Item, Layout, MatrixItem, PictureItem, RuleItem, TextItem


def raster(layout: Layout, *, without: Collection[type[Item]] = ()) -> Image.Image:
    """Draw the items, leaving out kinds that a printer language draws itself."""
    page = Image.new("1", (layout.width, layout.height), 1)
    for item in layout.items:
        if type(item) not in without:
            _draw(page, item, layout)
    return page


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
    row = Image.frombytes("L", (len(modules), 1), bytes(0 if module == "1" else 255 for module in modules))
    return row.resize((item.width, item.height), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


def matrix_image(item: MatrixItem) -> Image.Image:
    rows = item.matrix.rows
    flat = bytes(0 if module == "1" else 255 for row in rows for module in row)
    small = Image.frombytes("L", (len(rows), len(rows)), flat)
    return small.resize((item.width, item.width), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


def png(page: Image.Image, dpi: int) -> bytes:
    """The picture as a 1-bit PNG that knows its resolution and holds no other metadata."""
    out = io.BytesIO()
    page.save(out, "PNG", compress_level=3, compress_type=zlib.Z_FIXED, dpi=(dpi, dpi))
    return out.getvalue()
