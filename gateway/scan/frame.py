"""A frame of a courier's camera -> the ticket and the waybill that stand in it. Nothing of the picture is kept or logged.

For browsers without `BarcodeDetector`. A frame may be hostile: it is small, it is one picture, and only two formats are opened.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import zxingcpp
from PIL import Image

from masking.errors import VeilwayError

LONGEST = 192 * 1024  # a JPEG of 640 x 640 has some 60 kB
SIDE = 640
TICKET = re.compile(r"HTTPS://[^/]{1,300}/Q/[A-Z2-7]{1,200}")
WAYBILL = re.compile(r"[A-Z0-9-]{8,32}")
_FORMATS = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.Code128,
        zxingcpp.BarcodeFormat.Code39,
        zxingcpp.BarcodeFormat.DataMatrix,
    ]
)


class FrameRefused(VeilwayError):
    """Not a picture that is read here."""

    code = "frame_refused"


@dataclass(frozen=True, slots=True)
class Found:
    """What a frame shows; empty where nothing."""

    ticket: str = ""
    waybill: str = ""


def read_frame(data: bytes) -> Found:
    """The first ticket, and the first text that may be a waybill. Raises `frame_refused`."""
    if len(data) > LONGEST:
        raise FrameRefused("a frame is at most 192 kB")
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        if max(picture.size) > SIDE:
            raise FrameRefused(f"a frame is at most {SIDE} points wide and high")
        grey = picture.convert("L")
    except (OSError, SyntaxError, ValueError):
        raise FrameRefused("a frame is a JPEG or a PNG") from None
    texts = [code.text for code in zxingcpp.read_barcodes(grey, formats=_FORMATS)]
    ticket = next((text for text in texts if TICKET.fullmatch(text)), "")
    return Found(ticket, next((text for text in texts if WAYBILL.fullmatch(text)), ""))
