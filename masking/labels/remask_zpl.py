"""Rewrites the text fields of a ZPL label; comments are dropped, codes untouched. What it cannot look into it refuses."""

from __future__ import annotations

from masking.labels import zpl_reader
from masking.labels.grid import codes_in
from masking.labels.layout import DOTS_PER_MM
from masking.labels.raster import WHITE
from masking.labels.remask import Cover, Remasked
from masking.labels.remask_text import Remasker
from masking.labels.zpl import picture_field


def remask_zpl(data: bytes, replace: Remasker, cover: Cover) -> Remasked:
    """The same commands in the same order; only the changed fields differ."""
    zpl = data.decode("latin-1")
    found = zpl_reader.commands(zpl)
    out: list[str] = []
    at, changed = found[0].start, 0
    for item in zpl_reader.fields(found):
        new = _rewritten(item, replace, cover)
        if new is not None:
            out += zpl[at : item.data.start], new
            at, changed = item.data.end, changed + 1
    out.append(zpl[at:])
    return Remasked("".join(out).encode("latin-1"), changed)


def _rewritten(item: zpl_reader.Field, replace: Remasker, cover: Cover) -> str | None:
    """The field's new command, or None where it stays."""
    match item.kind:
        case "comment":
            return "^FX"
        case "picture":
            return _covered(item, cover)
        case "text":
            said = zpl_reader.content(item)
            masked = replace(said)
            return None if masked == said else zpl_reader.with_text(item, masked)
    return None


def _covered(item: zpl_reader.Field, cover: Cover) -> str | None:
    """A picture with the boxes made white; as it is where it is a code or trusted."""
    image = zpl_reader.picture(item)
    boxes = [_dots(box.x, box.y, box.width, box.height, cover.dpi, item.origin) for box in cover.boxes]
    hit = [box for box in boxes if box[0] < image.width and box[1] < image.height and box[2] > 0 and box[3] > 0]
    cover.refuse_unknown(item.data.data.encode("latin-1"), bool(codes_in(image)), "zpl picture")
    if not hit:
        return None
    for box in hit:
        image.paste(WHITE, box)
    field = picture_field(image, *item.field_origin)
    # The picture's own ^FO stands before it and holds; a second one, cut to the ink, replaces it.
    return field.removesuffix("^FS")


def _dots(
    x: float, y: float, width: float, height: float, dpi: int, origin: tuple[int, int]
) -> tuple[int, int, int, int]:
    scale = DOTS_PER_MM[dpi]
    left, top = round(x * scale) - origin[0], round(y * scale) - origin[1]
    return (left, top, left + round(width * scale), top + round(height * scale))
