"""Reads a label's codes back before it leaves: every barcode must say the waybill and the QR the ticket, or there is no label."""

from __future__ import annotations

import zxingcpp
from PIL import Image

from masking.labels.codes import CODE_128, QR_CODE
from masking.labels.errors import LabelRefused
from masking.labels.layout import BarsItem, Layout, MatrixItem


def read_back(page: Image.Image, layout: Layout) -> None:
    """Decode each code where it was printed, with its quiet zone and no more. Raises `LabelRefused` (`code_unreadable`)."""
    for item in layout.codes:
        found = _read(page.crop(item.box()), item)
        wanted = item.bars.content if isinstance(item, BarsItem) else item.matrix.content
        if found != wanted:
            path = "waybill" if isinstance(item, BarsItem) else "ticket"
            raise LabelRefused("A code on the label does not read back.", code="code_unreadable", path=path)


def _read(image: Image.Image, item: BarsItem | MatrixItem) -> str | None:
    kind = CODE_128 if isinstance(item, BarsItem) else QR_CODE
    found = zxingcpp.read_barcodes(
        image.convert("L"),
        formats=kind,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        binarizer=zxingcpp.Binarizer.BoolCast,
    )
    return found[0].text if len(found) == 1 else None
