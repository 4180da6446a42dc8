"""A layout as TSPL: the picture itself in `BITMAP` bands, codes included, because these printers' own Code 128 chooses its
subsets by firmware and their fonts differ by model. White bands are not sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, ImageChops

from masking.labels.layout import Layout
from masking.labels.raster import WHITE

BAND = 64
"""Rows looked at together: a band without ink costs nothing, one with ink is cut to it."""


def tspl(layout: Layout, page: Image.Image) -> bytes:
    """One label, `SIZE` to `PRINT`; binary, in TSPL's sense that a set bit stays white."""
    width, height = layout.template.paper
    head = f"SIZE {width:g} mm,{height:g} mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1,0\r\nREFERENCE 0,0\r\nCLS\r\n"
    return b"".join((head.encode("ascii"), *_bands(page), b"PRINT 1,1\r\n"))


def _bands(page: Image.Image) -> Iterator[bytes]:
    for top in range(0, page.height, BAND):
        band = page.crop((0, top, page.width, min(top + BAND, page.height)))
        box = ImageChops.invert(band).getbbox()
        if box is not None:
            left = box[0] // 8 * 8
            row_bytes = (box[2] - left + 7) // 8
            ink = Image.new("1", (row_bytes * 8, box[3] - box[1]), WHITE)
            ink.paste(band.crop((left, box[1], box[2], box[3])), (0, 0))
            head = f"BITMAP {left},{top + box[1]},{row_bytes},{ink.height},0,"
            yield head.encode("ascii") + ink.tobytes() + b"\r\n"
