"""Codes as they stand in a picture: whether each decodes, has its white margin, and keeps to the printer's dots.

A pre-flight, not a grade: ISO/IEC 15416 and 15415 grades need a calibrated scanner and a printed label. Knows pixels only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import zxingcpp
from PIL import Image

from masking.labels.codes import QUIET_BARS, QUIET_QR
from masking.labels.errors import LabelRefused

FINEST_BARS, FINEST_SQUARE = 2, 3
"""Dots a module; a QR of two does not survive printing and a tilted camera."""
LONGEST_SIDE = 65_535  # dots; the code reader counts them in two bytes
LINEAR = {"Code 128", "Code 39", "Code 93", "ITF", "Codabar", "EAN-13", "UPC-A"}


ALONE = 0.6
"""Share of a picture's area that a code with its margins fills where the picture is that code and no label."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One code in a picture. `faults` are finding codes."""

    format: str
    text: str
    faults: tuple[str, ...]
    box: tuple[int, int, int, int]


def codes_in(image: Image.Image, *, on_grid: bool = True) -> list[Seen]:
    """Every code that a reader finds, damaged ones included, with what a pre-flight has against it.

    Raises `LabelRefused` (`file_unreadable`) for a picture larger than the reader takes.
    """
    if max(image.size) > LONGEST_SIDE:
        raise LabelRefused("A picture is longer than any paper.", code="file_unreadable")
    grey = image.convert("L")
    found = zxingcpp.read_barcodes(grey, try_invert=False, return_errors=True)
    readable = [code for code in found if code.valid]
    seen = [_seen(grey, code, on_grid) for code in readable]
    boxes = [item.box for item in seen]
    for code in found:
        # Text is often taken for a broken Data Matrix; a broken Code 128 or QR has its guard bars or finders.
        if (
            not code.valid
            and str(code.format) in ("Code 128", "QR Code")
            and not any(_touch(_box(code), box) for box in boxes)
        ):
            seen.append(Seen(str(code.format), "", ("code_unreadable",), _box(code)))
    if not found and zxingcpp.read_barcodes(grey, try_invert=True):
        seen.append(Seen("", "", ("code_inverted",), (0, 0, *grey.size)))
    return seen


def is_one_code(page: Image.Image) -> bool:
    """Whether a picture is nothing but one code with its margins."""
    seen = [code for code in codes_in(page) if code.text]
    if len(seen) != 1:
        return False
    left, top, right, bottom = seen[0].box
    return (right - left) * (bottom - top) >= ALONE * page.width * page.height


def _seen(grey: Image.Image, code: zxingcpp.Barcode, on_grid: bool) -> Seen:
    box = _box(code)
    name = str(code.format)
    if abs(code.orientation) % 180 > 45 and abs(code.orientation) % 180 < 135:
        turned = grey.transpose(Image.Transpose.ROTATE_90)
        inside = (box[1], grey.width - box[2], box[3], grey.width - box[0])
    else:
        turned, inside = grey, box
    if name in LINEAR:
        faults = _bars_faults(turned, inside, on_grid)
    elif name == "QR Code":
        faults = _square_faults(grey, code, on_grid)
    else:
        faults = []
    return Seen(name, code.text, tuple(faults), box)


def _box(code: zxingcpp.Barcode) -> tuple[int, int, int, int]:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return (min(xs), min(ys), max(xs) + 1, max(ys) + 1)


def _touch(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _runs(grey: Image.Image, y: int) -> list[tuple[bool, int]]:
    """Lengths of black and white along a row, black is True."""
    row = grey.crop((0, y, grey.width, y + 1)).tobytes()
    return [(black, sum(1 for _ in run)) for black, run in groupby(level < 128 for level in row)]


def _bars_faults(grey: Image.Image, box: tuple[int, int, int, int], on_grid: bool) -> list[str]:
    """Look along the row through the middle: the bars' own runs, and the white before and after them."""
    middle = min(max((box[1] + box[3]) // 2, 0), grey.height - 1)
    before, inside, after = _split(_runs(grey, middle), box[0], box[2])
    if not inside:
        return []
    module = min(inside)
    faults = ["module_too_fine"] if on_grid and module < FINEST_BARS else []
    if min(before, after) < QUIET_BARS * module - 1:
        faults.append("quiet_zone")
    if on_grid and any(run % module for run in inside):
        faults.append("module_off_grid")
    return faults


def _split(runs: list[tuple[bool, int]], left: int, right: int) -> tuple[int, list[int], int]:
    """White before, the runs of the code, white after. A code begins and ends with a black run."""
    x, inside, edges = 0, [], []
    for black, length in runs:
        middle = x + length / 2
        if left - 1 <= middle <= right + 1:
            inside.append((black, length))
        elif not black:
            edges.append((x, length))
        x += length
    before = [length for start, length in edges if start < left]
    after = [length for start, length in edges if start >= right - 2]
    return (before[-1] if before else 0, [length for _, length in inside], after[0] if after else 0)


def _square_faults(grey: Image.Image, code: zxingcpp.Barcode, on_grid: bool) -> list[str]:
    """The version tells the modules, the box their size; the white margin is four modules on each side."""
    box = _box(code)
    extra: Any = code.extra or {}
    module = (box[2] - box[0]) / (17 + 4 * int(extra.get("Version", 1)))
    margin = round(QUIET_QR * module)
    faults = ["module_too_fine"] if on_grid and round(module) < FINEST_SQUARE else []
    wide = (box[0] - margin + 1, box[1] - margin + 1, box[2] + margin - 1, box[3] + margin - 1)
    within = wide[0] >= 0 and wide[1] >= 0 and wide[2] <= grey.width and wide[3] <= grey.height
    if not within or not _white_around(grey, wide, box):
        faults.append("quiet_zone")
    _, inside, _ = _split(_runs(grey, (box[1] + box[3]) // 2), box[0], box[2])
    # The reader's corners are good to a dot, so the runs between them decide, and the quotient only tells their unit.
    unit = max(1, round(module))
    if on_grid and any(run % unit for run in inside):
        faults.append("module_off_grid")
    return faults


def _white_around(grey: Image.Image, wide: tuple[int, int, int, int], box: tuple[int, int, int, int]) -> bool:
    frame = grey.crop(wide)
    inner = (box[0] - wide[0] - 1, box[1] - wide[1] - 1, box[2] - wide[0] + 1, box[3] - wide[1] + 1)
    frame.paste(255, inner)
    return min(frame.tobytes()) >= 128
