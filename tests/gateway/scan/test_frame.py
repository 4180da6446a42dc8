"""A camera's frame is read for ticket and waybill, and whatever is no small picture is refused."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image

from gateway.scan.frame import LONGEST, SIDE, Found, FrameRefused, read_frame

TICKET = "HTTPS://V.EXAMPLE/Q/" + "A" * 133


def picture(*codes: tuple[str, zxingcpp.BarcodeFormat], side: int = SIDE, kind: str = "JPEG") -> bytes:
    floor = Image.new("L", (side, side), 255)
    for rank, (text, format) in enumerate(codes):
        code = zxingcpp.create_barcode(text, format).to_image(scale=5 if format == QR else 2)
        floor.paste(Image.fromarray(code), (30, 20 + rank * 380))
    out = io.BytesIO()
    floor.save(out, kind)
    return out.getvalue()


QR, BARS = zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_ticket_and_waybill_are_read(kind: str) -> None:
    assert read_frame(picture((TICKET, QR), ("SF7000000000001", BARS), kind=kind)) == Found(TICKET, "SF7000000000001")


def test_other_codes_are_not_handed_on() -> None:
    assert read_frame(picture(("https://shop.example/?phone=13800010077", QR))) == Found()
    assert read_frame(picture()) == Found()


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + b"0" * 50, b"\xff\xd8\xff" + b"0" * 100, picture(side=SIDE + 1), b"0" * (LONGEST + 1)],
)
def test_what_is_no_small_picture_is_refused(data: bytes) -> None:
    with pytest.raises(FrameRefused):
        read_frame(data)
