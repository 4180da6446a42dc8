"""Labels as printers and cameras leave them: dead print-head columns, blur, tilt, faded ink, noise. A pre-flight, not a grade."""

from __future__ import annotations

import random
import zlib

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from masking.labels.layout import layout
from masking.labels.raster import raster
from masking.labels.template import SIZES, builtin

DRAWS = 30
DEAD, TILT, CONTRAST, BLUR = 3, 8.0, 0.6, 1.0


def worn(page: Image.Image, rng: random.Random) -> Image.Image:
    """One draw: three columns that print nothing, then a tilted, blurred, pale, noisy picture of it."""
    image = page.convert("L")
    for column in rng.sample(range(image.width), DEAD):
        image.paste(255, (column, 0, column + 1, image.height))
    image = image.rotate(rng.uniform(-TILT, TILT), Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    image = image.filter(ImageFilter.GaussianBlur(BLUR))
    low = round(rng.uniform(0, 255 * (1 - CONTRAST)))
    image = image.point(lambda level: round(low + level * CONTRAST))
    noise = Image.frombytes("L", image.size, rng.randbytes(image.width * image.height)).point(lambda level: level // 12)
    return ImageChops.subtract(image, noise)


def survives(page: Image.Image, wanted: set[str], rng: random.Random) -> bool:
    return wanted <= {code.text for code in zxingcpp.read_barcodes(worn(page, rng), try_invert=False)}


def survivors(label, size: str, dpi: int, draws: int) -> int:
    page = raster(layout(label, builtin(size), dpi))
    rng = random.Random(zlib.crc32(f"{size} {dpi} {len(label.ticket)}".encode()))
    return sum(survives(page, {label.waybill, label.ticket}, rng) for _ in range(draws))


@pytest.mark.parametrize("size", SIZES)
def test_ticket_and_barcode_outlive_wear(make_label, size) -> None:
    assert survivors(make_label(), size, 203, 6) == 6


@pytest.mark.slow
@pytest.mark.parametrize("host", ["V.EXAMPLE", "tickets.example.com"])
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", SIZES)
def test_ticket_and_barcode_outlive_wear_in_29_of_30_draws(make_label, size, dpi, host) -> None:
    assert survivors(make_label(host=host), size, dpi, DRAWS) >= DRAWS - 1


def test_the_wear_is_hard_enough_to_tell_a_poor_code(make_label) -> None:
    label = make_label()
    page = raster(layout(label, builtin("76x130")))
    half = page.convert("L").resize((page.width // 2, page.height // 2), Image.Resampling.NEAREST)  # two dots a module
    rng = random.Random(1)
    assert sum(survives(half, {label.waybill, label.ticket}, rng) for _ in range(10)) <= 5
