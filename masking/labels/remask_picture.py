"""A label that is only a picture: boxes are made white and the codes stay. Without boxes it is refused, for nobody can tell what
stands in it; a picture that is nothing but one code passes as it is.
"""

from __future__ import annotations

import io

from PIL import Image

from masking.labels.grid import is_one_code
from masking.labels.remask import Box, Cover, Remasked


def remask_picture(data: bytes, cover: Cover) -> Remasked:
    """A PNG of the same size without metadata."""
    with Image.open(io.BytesIO(data)) as image:
        page = image.convert("L")
        dpi = float(image.info.get("dpi", (cover.dpi, cover.dpi))[0]) or cover.dpi
    if not cover.boxes and not is_one_code(page):
        cover.refuse_unknown(data, False, "picture")
    for box in cover.boxes:
        page.paste(255, _pixels(box, dpi))
    out = io.BytesIO()
    page.point(lambda level: 255 if level > 127 else 0, "1").save(out, "PNG", dpi=(dpi, dpi))
    return Remasked(out.getvalue(), len(cover.boxes))


def _pixels(box: Box, dpi: float) -> tuple[int, int, int, int]:
    scale = dpi / 25.4
    return (
        round(box.x * scale),
        round(box.y * scale),
        round((box.x + box.width) * scale),
        round((box.y + box.height) * scale),
    )
