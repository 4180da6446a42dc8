"""Golden pictures: a dot that moves is seen. `python -m tests.labels.test_raster` writes them anew; say why in the commit."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from masking.labels.layout import BarsItem, MatrixItem, layout
from masking.labels.raster import bars_image, item_image, matrix_image, png, raster
from masking.labels.template import builtin
from masking.personal import MaskedParty, PostalAddress
from tests.labels.conftest import PEOPLE, RELAY

GOLDEN = Path(__file__).parents[1] / "golden" / "labels"
THAI = MaskedParty("ส**", "1******5678", address=PostalAddress("TH", "", "กรุงเทพ", "", "**** ถนนสุขุมวิท"))
CASES = {
    "76x130": ("76x130", 1, 203, {"relay": RELAY}),
    "100x150": ("100x150", 1, 203, {}),
    "100x150-two-parts": ("100x150", 2, 203, {}),
    "100x180": ("100x180", 1, 203, {"goods": ("棉衬衫 x 2",), "product": "标准快递", "batch": "B-0007"}),
    "100x180-two-parts-300dpi": ("100x180", 2, 300, {}),
    "4x6-english": (
        "4x6",
        1,
        203,
        {"recipient": PEOPLE["latin"], "language": "en", "waybill": "00376104250021234569", "routing_code": "875-SAF"},
    ),
    "a6-korean": ("a6", 1, 203, {"recipient": PEOPLE["hangul"], "waybill": "RR473124829GB", "routing_code": ""}),
}


def picture(make_label, name: str) -> bytes:
    size, parts, dpi, more = CASES[name]
    placed = layout(make_label(**more), builtin(size, parts), dpi)
    return png(raster(placed), dpi)


def difference(one: bytes, other: bytes) -> tuple[int, int, int, int] | None:
    first, second = (Image.open(io.BytesIO(data)) for data in (one, other))
    return (
        ImageChops.difference(first.convert("L"), second.convert("L")).getbbox()
        if first.size == second.size
        else (0, 0, *second.size)
    )


@pytest.mark.parametrize("name", CASES)
def test_the_label_is_the_golden_one_to_the_dot(make_label, name) -> None:
    assert difference(picture(make_label, name), (GOLDEN / f"{name}.png").read_bytes()) is None


def test_one_changed_dot_is_seen(make_label) -> None:
    golden = (GOLDEN / "100x150.png").read_bytes()
    image = Image.open(io.BytesIO(golden))
    image.putpixel((400, 600), 0 if image.getpixel((400, 600)) else 255)
    out = io.BytesIO()
    image.save(out, "PNG")
    assert difference(golden, out.getvalue()) == (400, 600, 401, 601)


def test_every_module_is_a_whole_number_of_dots(make_label) -> None:
    for item in layout(make_label(), builtin("100x150"), 300).codes:
        if isinstance(item, BarsItem):
            row = bars_image(item).convert("L").crop((0, 0, item.width, 1)).tobytes()
            drawn = "".join("0" if row[at] else "1" for at in range(0, item.width, item.module))
            assert drawn == item.bars.modules and len(set(row[: item.module])) == 1
        elif isinstance(item, MatrixItem):
            image = matrix_image(item).convert("L")
            for y, line in enumerate(item.matrix.rows):
                row = image.crop((0, y * item.module, item.width, y * item.module + 1)).tobytes()
                assert "".join("0" if row[x] else "1" for x in range(0, item.width, item.module)) == line


def test_an_item_alone_is_the_item_in_the_whole(make_label) -> None:
    placed = layout(make_label(), builtin("100x150"))
    for item in placed.items:
        if isinstance(item, BarsItem | MatrixItem):
            continue
        strip, x, y = item_image(item, placed)
        box = ImageChops.invert(strip).getbbox()
        assert box is not None
        whole = raster(placed).crop((box[0] + x, box[1] + y, box[2] + x, box[3] + y))
        assert ImageChops.difference(whole, strip.crop(box)).getbbox() is None


def _write() -> None:
    from tests.labels import conftest

    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in CASES:
        (GOLDEN / f"{name}.png").write_bytes(picture(conftest.make_label.__wrapped__(), name))  # type: ignore[attr-defined]


if __name__ == "__main__":
    _write()
