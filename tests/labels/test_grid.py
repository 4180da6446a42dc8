from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageDraw

from masking.labels.codes import ticket_matrix, waybill_bars
from masking.labels.errors import LabelRefused
from masking.labels.grid import codes_in
from masking.labels.layout import BarsItem, MatrixItem
from masking.labels.raster import bars_image, matrix_image
from tests.labels.conftest import ticket_text

BARS = bars_image(BarsItem(0, 0, 3, 100, waybill_bars("SF1234567890123"))).convert("L")
SQUARE = matrix_image(MatrixItem(0, 0, 4, ticket_matrix(ticket_text()))).convert("L")


def page(code: Image.Image, *, left: int = 60, right: int = 60, around: int = 60) -> Image.Image:
    sheet = Image.new("L", (code.width + left + right, code.height + 2 * around), 255)
    sheet.paste(code, (left, around))
    return sheet


def faults(image: Image.Image, **more: bool) -> set[str]:
    return {fault for code in codes_in(image, **more) for fault in code.faults}


@pytest.mark.parametrize("code", [BARS, SQUARE])
def test_a_good_code_has_no_fault(code) -> None:
    seen = codes_in(page(code))
    assert len(seen) == 1 and seen[0].faults == () and seen[0].text


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
@pytest.mark.parametrize("code", [BARS, SQUARE])
def test_a_code_may_stand_on_its_side(code, turn) -> None:
    assert faults(page(code).transpose(turn)) == set()


@pytest.mark.parametrize("side", ["left", "right"])
def test_ink_in_the_white_before_bars_is_a_fault(side) -> None:
    image = page(BARS)
    x = 60 - 20 if side == "left" else 60 + BARS.width + 15
    ImageDraw.Draw(image).rectangle((x, 0, x + 3, image.height), fill=0)
    assert faults(image) == {"quiet_zone"}


def test_bars_at_the_edge_of_the_paper_have_no_quiet_zone() -> None:
    assert "quiet_zone" in faults(page(BARS, left=12))


@pytest.mark.parametrize("spot", [(50, 100), (150, 48), (60 + 164 + 8, 100), (150, 60 + 164 + 8)])
def test_ink_beside_a_square_is_a_fault(spot) -> None:
    image = page(SQUARE)
    ImageDraw.Draw(image).rectangle((*spot, spot[0] + 3, spot[1] + 3), fill=0)
    assert "quiet_zone" in faults(image)


@pytest.mark.parametrize("code", [BARS, SQUARE])
def test_a_code_scaled_off_the_dots_is_a_fault(code) -> None:
    image = page(code)
    scaled = image.resize((round(image.width * 1.13), round(image.height * 1.13)), Image.Resampling.NEAREST)
    assert "module_off_grid" in faults(scaled)
    assert "module_off_grid" not in faults(scaled, on_grid=False)


def test_modules_too_fine_to_print_are_a_fault() -> None:
    fine = matrix_image(MatrixItem(0, 0, 2, ticket_matrix(ticket_text()))).convert("L")
    assert faults(page(fine)) == {"module_too_fine"}
    thin = bars_image(BarsItem(0, 0, 1, 100, waybill_bars("SF1234567890123"))).convert("L")
    assert faults(page(thin)) == {"module_too_fine"}


def test_a_damaged_code_is_a_fault() -> None:
    spoiled = page(SQUARE)
    ImageDraw.Draw(spoiled).rectangle((110, 110, 190, 190), fill=255)
    assert faults(spoiled) == {"code_unreadable"}


def test_white_bars_on_black_are_a_fault() -> None:
    assert faults(ImageChops.invert(page(SQUARE))) == {"code_inverted"}


def test_other_codes_are_read_as_well() -> None:
    image = zxingcpp.create_barcode("138", zxingcpp.DataMatrix).to_image(scale=6)
    drawn = Image.frombuffer("L", (image.shape[1], image.shape[0]), image)
    assert [code.text for code in codes_in(page(drawn))] == ["138"]


def test_a_picture_longer_than_the_code_reader_takes_is_refused() -> None:
    with pytest.raises(LabelRefused):
        codes_in(Image.new("L", (70_000, 2), 255))
