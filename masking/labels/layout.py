"""One label on one paper: a `Layout` of items on the printer's dot grid, which every printer language is made from.

Zones are in millimetres (`template.py`), items in whole dots, because a bar of two and a half dots does not scan. Decides
what stands where and how large; draws nothing. What had to give way (a letter without a glyph, a text cut short, a flag
nobody knows) is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from masking.labels.codes import QUIET_BARS, QUIET_QR, Bars, Matrix, check_digit_finding, ticket_matrix, waybill_bars
from masking.labels.errors import LabelRefused
from masking.labels.label import Label
from masking.labels.template import Template, Zone, ZoneKind
from masking.labels.texts import FLAGS

DOTS_PER_MM: dict[int, float] = {203: 8.0, 300: 300 / 25.4}
"""What print heads called 203 and 300 dpi have: 8 and 11.811 dots a millimetre."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a label does without, or a stranger can get: a code and where, never the text."""

    code: str
    path: str


@dataclass(frozen=True, slots=True)
class TextItem:
    x: int
    y: int
    size: int
    """Em size in dots."""
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class BarsItem:
    x: int
    """Left edge of the first bar; ten modules of white stand on both sides."""
    y: int
    module: int
    height: int
    bars: Bars

    @property
    def width(self) -> int:
        return len(self.bars.modules) * self.module

    def box(self) -> tuple[int, int, int, int]:
        quiet = QUIET_BARS * self.module
        return (self.x - quiet, self.y, self.x + self.width + quiet, self.y + self.height)


@dataclass(frozen=True, slots=True)
class MatrixItem:
    x: int
    """Left edge of the first module; four modules of white stand around."""
    y: int
    module: int
    matrix: Matrix

    @property
    def width(self) -> int:
        return len(self.matrix.rows) * self.module

    def box(self) -> tuple[int, int, int, int]:
        quiet = QUIET_QR * self.module
        return (self.x - quiet, self.y - quiet, self.x + self.width + quiet, self.y + self.width + quiet)


@dataclass(frozen=True, slots=True)
class RuleItem:
    """A filled rectangle, or a dashed line where `dash` is not 0."""

    x: int
    y: int
    width: int
    height: int
    dash: int = 0


@dataclass(frozen=True, slots=True)
class PictureItem:
    x: int
    y: int
    image: Image.Image = field(compare=False)
    """1-bit, ink is 1."""


Item = TextItem | BarsItem | MatrixItem | RuleItem | PictureItem


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that is printed. `width` and `height` in dots."""

    label: Label
    template: Template
    dpi: int
    width: int
    height: int
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[BarsItem | MatrixItem, ...]:
        return tuple(item for item in self.items if isinstance(item, BarsItem | MatrixItem))


@dataclass(slots=True)
class Sheet:
    """A layout being filled: the grid, the items so far, and what was found on the way."""

    label: Label
    template: Template
    dpi: int
    bars: Bars
    matrix: Matrix
    items: list[Item] = field(default_factory=list)
    findings: dict[Finding, None] = field(default_factory=dict)

    def dots(self, mm: float) -> int:
        return round(mm * DOTS_PER_MM[self.dpi])

    def find(self, code: str, path: str) -> None:
        self.findings[Finding(code, path)] = None

    def rule(self, x: float, y: float, width: float, height: float, *, dash: float = 0) -> None:
        """A line given in mm; its thickness is at least two dots."""
        thin = max(2, self.dots(0.25))
        wide, high = (max(thin, self.dots(width)), max(thin, self.dots(height)))
        self.items.append(RuleItem(self.dots(x), self.dots(y), wide, high, self.dots(dash)))


def layout(label: Label, template: Template, dpi: int = 203) -> Layout:
    """Place a label on a template's paper. Raises `LabelRefused` where something that must be readable does not fit."""
    from masking.labels.zones import FILL

    label.check()
    if dpi not in DOTS_PER_MM:
        raise LabelRefused("A printer has 203 or 300 dots per inch.", code="dpi_unknown", path="dpi")
    sheet = Sheet(label, template, dpi, waybill_bars(label.waybill), ticket_matrix(label.ticket))
    if code := check_digit_finding(label.waybill):
        sheet.find(code, "waybill")
    for flag in label.flags:
        if flag not in FLAGS:
            sheet.find("flag_unknown", "flags")
    for zone in template.zones:
        FILL[zone.kind](sheet, zone)
    _rules(sheet)
    width, height = (int(mm * DOTS_PER_MM[dpi]) for mm in template.paper)
    return Layout(label, template, dpi, width, height, tuple(sheet.items), tuple(sheet.findings))


def _rules(sheet: Sheet) -> None:
    """A line above every zone that has another above it, and a dashed one at each cut."""
    width = sheet.template.paper[0]
    for zone in sheet.template.zones:
        if zone.kind not in (ZoneKind.HEAD, ZoneKind.TICKET, ZoneKind.CODE, ZoneKind.LOGO, ZoneKind.TEXT):
            sheet.rule(zone.x, zone.y, zone.width, 0)
    for cut in sheet.template.cuts:
        sheet.rule(0, cut, width, 0, dash=2)


def ticket_module(sheet: Sheet, zone: Zone) -> int:
    """Dots a module of the QR: four at 203 dpi (0.5 mm) where it fits, never below three (0.375 mm)."""
    room = min(sheet.dots(zone.width), sheet.dots(zone.height))
    across = len(sheet.matrix.rows) + 2 * QUIET_QR
    best, floor = int(0.5 * DOTS_PER_MM[sheet.dpi]), sheet.dots(0.34)
    module = next((dots for dots in range(best, floor - 1, -1) if across * dots <= room), 0)
    if not module:
        raise LabelRefused("The ticket's code does not fit its zone.", code="ticket_too_large", path="ticket")
    if module < best:
        sheet.find("ticket_dense", "ticket")
    return module


def bars_module(sheet: Sheet, zone: Zone) -> int:
    """Dots a module of the barcode: as wide as the zone allows, 0.25 to 0.5 mm."""
    across = len(sheet.bars.modules) + 2 * QUIET_BARS
    best, floor = sheet.dots(0.5), sheet.dots(0.25)
    module = next((dots for dots in range(best, floor - 1, -1) if across * dots <= sheet.dots(zone.width)), 0)
    if not module:
        raise LabelRefused("The waybill's barcode does not fit its zone.", code="waybill_too_long", path="waybill")
    return module
