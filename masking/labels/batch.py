"""Many labels in one job: each with its own result, bundled as one PDF or one ZIP, in memory only.

A refused label leaves a line in the results and no page; it does not stop the others. Knows no file: the caller writes the
bundle where it is wanted and nowhere else.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from masking.errors import VeilwayError
from masking.labels.label import Label
from masking.labels.pdf import joined
from masking.labels.render import MEDIA_TYPES, Rendered, render

Order = TypeVar("Order")
OK = "ok"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one label. `code` is `ok` or the refusal's code, `path` where it stands."""

    number: int
    waybill: str
    code: str
    path: str | None = None
    rendered: Rendered | None = None

    def as_dict(self) -> dict[str, Any]:
        findings = [f"{f.code}:{f.path}" for f in self.rendered.findings] if self.rendered else []
        return {
            "number": self.number,
            "waybill": self.waybill,
            "code": self.code,
            "path": self.path,
            "findings": findings,
        }


def render_each(orders: Iterable[Order], label_of: Callable[[Order], Label], **options: Any) -> Iterator[Outcome]:
    """Render one by one; `label_of` makes a label of an order and may refuse it. `options` are those of `render`."""
    for number, order in enumerate(orders, 1):
        waybill = ""
        try:
            label = label_of(order)
            waybill = label.waybill
            yield Outcome(number, waybill, OK, rendered=render(label, **options))
        except VeilwayError as refusal:
            yield Outcome(number, waybill, refusal.code, refusal.path)


def bundle(outcomes: Iterable[Outcome], *, zipped: bool = False) -> tuple[bytes, str]:
    """The labels of one format as one file and its media type: pages of one PDF, or (`zipped`, or other than PDF) a ZIP with `results.json`."""
    kept = list(outcomes)
    pages = [outcome.rendered for outcome in kept if outcome.rendered]
    if pages and not zipped and all(page.media_type == MEDIA_TYPES["pdf"] for page in pages):
        return joined(page.data for page in pages), MEDIA_TYPES["pdf"]
    return _zipped(kept), "application/zip"


def _zipped(outcomes: list[Outcome]) -> bytes:
    suffix = {media_type: name for name, media_type in MEDIA_TYPES.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for outcome in outcomes:
            if outcome.rendered:
                name = f"{outcome.number:04d}-{outcome.waybill}.{suffix[outcome.rendered.media_type]}"
                archive.writestr(_entry(name), outcome.rendered.data)
        archive.writestr(_entry("results.json"), json.dumps([outcome.as_dict() for outcome in outcomes], indent=1))
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry with a fixed date, so that the same labels give the same archive."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
