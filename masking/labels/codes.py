"""Bars and squares as modules, and the check digits of the numbers in them. Encodes nothing itself: python-barcode writes
Code 128 and GS1-128, zxing-cpp writes QR, and zxing-cpp reads every code back before anyone else sees it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import barcode
import zxingcpp
from PIL import Image

from masking.labels.errors import LabelRefused

QUIET_BARS = 10
"""Modules of white on both sides of Code 128 (ISO/IEC 15417)."""
QUIET_QR = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""

CODE_128 = zxingcpp.BarcodeFormats(zxingcpp.Code128)
QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.QRCode)

_MODULES = bytes.maketrans(b"\x00\xff", b"10")
_GREY = bytes.maketrans(b"10", b"\x00\xff")
_S10 = re.compile(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}")
_SSCC = re.compile(r"00(\d{17})(\d)")
_WAYBILL = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{3,47}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True)
class Bars:
    """A linear code: one character a module, `1` is black, without quiet zones."""

    content: str
    """What a reader gives back (`text` of zxing-cpp)."""
    modules: str
    gs1: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """A QR code: rows of modules, `1` is black, without quiet zones."""

    content: str
    rows: tuple[str, ...]
    level: str


def s10_check_digit(serial: str) -> int:
    """The check digit of an eight-digit UPU S10 serial number."""
    rest = sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS)) % 11
    return {0: 5, 1: 0}.get(rest, 11 - rest)


def gs1_check_digit(digits: str) -> int:
    """The mod-10 digit of an SSCC or GTIN without it."""
    return -sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))) % 10


def check_digit_finding(waybill: str) -> str | None:
    """`s10_check_digit` or `sscc_check_digit` where a waybill has that form and the wrong digit.

    A finding and no refusal: the carrier gave the number, and some hand out S10-like numbers that are not S10.
    """
    if (match := _S10.fullmatch(waybill)) and s10_check_digit(match[1]) != int(match[2]):
        return "s10_check_digit"
    if (match := _SSCC.fullmatch(waybill)) and gs1_check_digit(match[1]) != int(match[2]):
        return "sscc_check_digit"
    return None


def waybill_bars(waybill: str) -> Bars:
    """Code 128 of a waybill; GS1-128 where it is an SSCC with its `00` identifier and a right check digit."""
    if not _WAYBILL.fullmatch(waybill):
        raise LabelRefused("A waybill is 4 to 48 letters, digits and hyphens.", code="waybill_shape", path="waybill")
    if _SSCC.fullmatch(waybill) and check_digit_finding(waybill) is None:
        content = f"(00){waybill[2:]}"
        modules = barcode.get("gs1_128", waybill).build()[0]
        return Bars(content, _agreed(modules, content, gs1=True), gs1=True)
    return Bars(waybill, _agreed(barcode.get("code128", waybill).build()[0], waybill, gs1=False))


def _agreed(modules: str, content: str, *, gs1: bool) -> str:
    """The modules, if they read back as the content and are as short as zxing-cpp's; else those of zxing-cpp.

    python-barcode drops a leading 99, and often takes a symbol more than a printer's own packing would.
    """
    image = zxingcpp.create_barcode(content, zxingcpp.Code128, gs1=gs1).to_image(scale=1, add_quiet_zones=False)
    row = Image.frombuffer("L", (image.shape[1], image.shape[0]), image).crop((0, 0, image.shape[1], 1))
    own = row.tobytes().translate(_MODULES).decode()
    if len(modules) <= len(own) and _read_modules(modules) == content:
        return modules
    if _read_modules(own) != content:
        raise LabelRefused("The waybill cannot be written as a barcode.", code="barcode_unreadable", path="waybill")
    return own


def _read_modules(modules: str) -> str | None:
    line = f"{'0' * QUIET_BARS}{modules}{'0' * QUIET_BARS}".encode().translate(_GREY)
    image = Image.frombytes("L", (len(line), 1), line).resize((len(line) * 2, 16), Image.Resampling.NEAREST)
    found = zxingcpp.read_barcodes(image, formats=CODE_128, try_rotate=False, try_downscale=False, try_invert=False)
    return found[0].text if len(found) == 1 else None


def ticket_matrix(text: str) -> Matrix:
    """The smallest QR of a ticket's text, error correction M."""
    image = zxingcpp.create_barcode(text, zxingcpp.QRCode, ec_level="M").to_image(scale=1, add_quiet_zones=False)
    size = image.shape[0]
    flat = Image.frombuffer("L", (size, size), image).tobytes().translate(_MODULES).decode()
    return Matrix(text, tuple(flat[at : at + size] for at in range(0, len(flat), size)), "M")
