from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from masking.labels.codes import waybill_bars
from masking.labels.errors import LabelRefused
from masking.labels.layout import BarsItem
from masking.labels.raster import bars_image
from masking.labels.remask import Box, Cover
from masking.labels.remask_picture import remask_picture
from masking.labels.render import render


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_boxes_are_white_and_the_rest_is_as_it_was(make_label) -> None:
    raw = render(make_label()).data
    done = opened(remask_picture(raw, Cover(boxes=(Box(2, 53, 96, 30),))).data).convert("L")
    before = opened(raw).convert("L")
    assert done.crop((20, 430, 780, 660)).getextrema() == (255, 255)
    for part in ((0, 0, 800, 420), (0, 670, 800, 1200)):
        assert done.crop(part).tobytes() == before.crop(part).tobytes()


def test_a_label_without_boxes_is_refused(make_label) -> None:
    with pytest.raises(LabelRefused) as refusal:
        remask_picture(render(make_label()).data, Cover())
    assert refusal.value.code == "picture_unreadable"


def test_a_picture_that_is_nothing_but_a_barcode_passes_without_its_metadata() -> None:
    code = bars_image(BarsItem(0, 0, 3, 120, waybill_bars("SF1234567890123"))).convert("L")
    page = Image.new("L", (code.width + 60, code.height + 20), 255)
    page.paste(code, (30, 10))
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "secret")
    out = io.BytesIO()
    page.save(out, "PNG", pnginfo=notes)
    done = remask_picture(out.getvalue(), Cover()).data
    assert opened(done).convert("L").tobytes() == page.tobytes() and b"secret" not in done
