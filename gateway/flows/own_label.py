"""Our own label in place of a carrier's: the format that stood there, so that whoever asked for a GIF gets a GIF. Decides nothing."""

from __future__ import annotations

import base64
import io

from PIL import Image

from gateway.flows.artwork import Own
from gateway.flows.print_label import PrintLabel
from gateway.store.reads import Outcome
from masking.labels.errors import LabelRefused

_DRAWN = frozenset({"PNG", "GIF", "JPEG", "TIFF"})
_NATIVE = {"PDF": "pdf", "ZPL": "zpl", "PNG": "png"}


def own_label(printing: PrintLabel, *, tenant: str, shipment: str, waybill: str, routing_code: str = "") -> Own:
    """Draws the label of a shipment whose waybill has just come and may be on no disk yet; each is a print on record.

    The maker raises `LabelRefused` (`format_unknown`, and what printing refuses), `no_waybill`, `shipment_erased`.
    """
    outcome = Outcome(0, "booked", waybill, routing_code, None)

    async def draw(format: str) -> bytes:
        native = _NATIVE.get(format, "png" if format in _DRAWN or format == "HTML" else "")
        if not native:
            raise LabelRefused("No label of ours is written so.", code="format_unknown", path="format")
        made = await printing.run(shipment, tenant=tenant, actor=f"shop:{tenant}", format=native, outcome=outcome)
        return _as(format, made.data)

    return draw


def _as(format: str, data: bytes) -> bytes:
    """A PNG as another picture, or on a page."""
    if format in _NATIVE:
        return data
    if format == "HTML":
        return (
            b'<!DOCTYPE html><html><body><img alt="" src="data:image/png;base64,'
            + base64.b64encode(data)
            + b'"></body></html>'
        )
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("L").save(out, format, dpi=image.info.get("dpi", (203, 203)))
    return out.getvalue()
