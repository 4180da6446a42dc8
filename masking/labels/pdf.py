"""The picture of a label as a PDF page of the paper's exact size, and pages joined. No text layer, no author, no producer.

Pillow writes the page (one 1-bit picture, CCITT group 4), pikepdf joins pages. The picture is the printer's own grid, so
that a driver at the same resolution prints whole dots.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime

import pikepdf
from PIL import Image

from masking.labels.layout import DOTS_PER_MM


def pdf(page: Image.Image, dpi: int, printed_at: datetime) -> bytes:
    """One page. The document's dates are the label's print time, so that the same label gives the same bytes."""
    out = io.BytesIO()
    moment = printed_at.astimezone(UTC).utctimetuple()
    page.save(out, "PDF", resolution=DOTS_PER_MM[dpi] * 25.4, creationDate=moment, modDate=moment)
    return out.getvalue()


def joined(pages: Iterable[bytes]) -> bytes:
    """One document of all these documents' pages."""
    out = io.BytesIO()
    with pikepdf.new() as whole:
        for page in pages:
            with pikepdf.open(io.BytesIO(page)) as part:
                whole.pages.extend(part.pages)
        whole.save(out, deterministic_id=True)
    return out.getvalue()
