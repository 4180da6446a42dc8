"""A layout as ZPL II: barcodes, QR and rules native, each line of text a compressed picture, because no printer has the letters.

Pictures are Z64 (deflate, base64, checksum), which Zebra printers have read since firmware x.10 and which is a third of the
run-length form. Native codes let the printer draw them at its own best; they are given the same modules as everywhere else.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from PIL import Image, ImageChops

from masking.labels.layout import BarsItem, Item, Layout, MatrixItem, RuleItem
from masking.labels.raster import item_image

QR_DROP = 10
"""Dots by which ZPL printers set a QR code below its field origin."""


def zpl(layout: Layout) -> bytes:
    """One label, `^XA` to `^XZ`, in ASCII."""
    head = f"^XA^PW{layout.width}^LL{layout.height}^LH0,0"
    fields = (_field(item, layout) for item in layout.items)
    return "\n".join((head, *fields, "^PQ1,0,1,N^XZ\n")).encode("ascii")


def _field(item: Item, layout: Layout) -> str:
    match item:
        case BarsItem():
            # Mode A packs the data as tightly as our encoders do; mode D adds FNC1 and reads the parentheses of GS1.
            mode = "D" if item.bars.gs1 else "A"
            return f"^FO{item.x},{item.y}^BY{item.module}^BCN,{item.height},N,N,N,{mode}^FD{item.bars.content}^FS"
        case MatrixItem():
            # MM,A: error correction M, and alphanumeric mode by our word, as the smallest symbol needs.
            return f"^FO{item.x},{item.y - QR_DROP}^BQN,2,{item.module}^FDMM,A{item.matrix.content}^FS"
        case RuleItem(dash=0):
            return f"^FO{item.x},{item.y}^GB{item.width},{item.height},{min(item.width, item.height)}^FS"
        case _:
            return picture_field(*item_image(item, layout))


def picture_field(picture: Image.Image, x: int, y: int) -> str:
    """A 1-bit picture (0 is black) as a `^GFA` field at x, y, cut to its ink; an empty one as a comment."""
    ink = ImageChops.invert(picture)
    box = ink.getbbox()
    if box is None:
        return "^FX^FS"
    rows = ink.crop(box)
    row_bytes, total = (rows.width + 7) // 8, (rows.width + 7) // 8 * rows.height
    packed = base64.b64encode(zlib.compress(rows.tobytes(), 9))
    checked = f":Z64:{packed.decode()}:{binascii.crc_hqx(packed, 0):04X}"
    return f"^FO{x + box[0]},{y + box[1]}^GFA,{total},{total},{row_bytes},{checked}^FS"
