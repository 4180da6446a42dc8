"""From a label to bytes for a printer: lay out, draw, read the codes back, write. The one door through which labels leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from masking.labels import raster
from masking.labels.errors import LabelRefused, TicketRefused
from masking.labels.label import Label
from masking.labels.layout import Finding, Layout, layout
from masking.labels.pdf import pdf
from masking.labels.readback import read_back
from masking.labels.template import Template, builtin
from masking.labels.ticket import carrier_code, parse, verify_offline
from masking.labels.tspl import tspl
from masking.labels.zpl import zpl

Format = Literal["png", "pdf", "zpl", "tspl"]

MEDIA_TYPES: dict[str, str] = {
    "png": "image/png",
    "pdf": "application/pdf",
    "zpl": "application/zpl",
    "tspl": "application/vnd.tspl",
}


@dataclass(frozen=True, slots=True, repr=False)
class Rendered:
    """One label ready to print, and what it had to do without."""

    data: bytes
    media_type: str
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"<Rendered {self.media_type} {len(self.data)} bytes findings={[f.code for f in self.findings]}>"


def render(
    label: Label,
    *,
    format: Format | str = "png",
    size: str = "100x150",
    dpi: int = 203,
    parts: int | None = None,
    template: Template | None = None,
    public_keys: Mapping[int, Ed25519PublicKey] | None = None,
) -> Rendered:
    """The label in a printer's language. Its codes have been read back; with `public_keys` its ticket is verified too.

    Raises `LabelRefused` with a code, and then nothing may be printed.
    """
    if format not in get_args(Format):
        raise LabelRefused(f"A format is one of {', '.join(get_args(Format))}.", code="format_unknown", path="format")
    _check_ticket(label, public_keys)
    placed = layout(label, template or builtin(size, parts), dpi)
    page = raster.raster(placed)
    read_back(page, placed)
    return Rendered(_write(placed, page, format), MEDIA_TYPES[format], placed.findings)


def _check_ticket(label: Label, public_keys: Mapping[int, Ed25519PublicKey] | None) -> None:
    """The text is one ticket for this carrier, unexpired when printed; signed by us where keys are at hand."""
    try:
        if public_keys is not None:
            verify_offline(label.ticket, public_keys, label.printed_at, label.carrier)
            return
        ticket = parse(label.ticket)
    except TicketRefused as refusal:
        raise LabelRefused("The label's ticket does not verify.", code="ticket_invalid", path="ticket") from refusal
    if ticket.audience != carrier_code(label.carrier) or ticket.expires <= label.printed_at:
        raise LabelRefused("The label's ticket does not verify.", code="ticket_invalid", path="ticket")


def _write(placed: Layout, page: Image.Image, format: str) -> bytes:
    match format:
        case "pdf":
            return pdf(page, placed.dpi, placed.label.printed_at)
        case "zpl":
            return zpl(placed)
        case "tspl":
            return tspl(placed, page)
        case _:
            return raster.png(page, placed.dpi)
