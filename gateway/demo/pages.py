"""`python -m gateway.demo.pages DIR`: the README's pictures, made by living the demo: the label, and two bodies side by side."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gateway.demo.picture import short
from gateway.demo.story import OrderTold, demo, differences
from gateway.logs import configure
from masking.labels.fonts import DEFAULT_FACES

SIZE, LINE, MARGIN = 22, 36, 28
PAPER, INK, DIM, SENT, RECEIVED = "#ffffff", "#1b1f24", "#6a737d", "#b35900", "#116329"
Cell = tuple[str, str]


async def make(out: Path) -> None:
    """Write `label.png` and `bodies.png` into `out`."""
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder), out) as story:
            side_by_side(story.told.orders[0]).save(out / "bodies.png", optimize=True)


def side_by_side(order: OrderTold) -> Image.Image:
    """The fields that differ, as a table: field, what the shop sent, what the courier received."""
    face = DEFAULT_FACES[0]
    font = ImageFont.truetype(str(face.path), SIZE, index=face.index)
    rows = list(_rows(order))
    widths = [max(int(font.getlength(row[i][0])) for row in rows) + 40 for i in range(3)]
    image = Image.new("RGB", (sum(widths) + 2 * MARGIN - 40, LINE * len(rows) + 2 * MARGIN), PAPER)
    draw = ImageDraw.Draw(image)
    for at, row in enumerate(rows):
        x = MARGIN
        for width, (text, colour) in zip(widths, row):
            draw.text((x, MARGIN + at * LINE), text, font=font, fill=colour)
            x += width
    return image.quantize(64)


def _rows(order: OrderTold) -> Iterator[tuple[Cell, Cell, Cell]]:
    yield ("", DIM), ("the shop sent  商家发送", INK), ("the courier received  快递收到", INK)
    for row in differences(order):
        yield (short(row.path), DIM), (row.sent, SENT), (row.received or "(not passed on)", RECEIVED)


if __name__ == "__main__":
    configure("warning")
    asyncio.run(make(Path(sys.argv[1])))
