"""Where things stand on a label: a TOML file of zones in millimetres, ours or a shop's, validated before use.

A zone is a rectangle with a kind; `layout.py` knows how to fill each kind. What must be on a label (code, routing,
recipient, sender, ticket) must have a zone; zones stay on the paper and do not overlap. Knows no label and no printer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from masking.labels.errors import LabelRefused
from masking.labels.fonts import DEFAULT_FACES, Face, is_font

SIZES: dict[str, tuple[float, float]] = {
    "76x130": (76.0, 130.0),
    "100x150": (100.0, 150.0),
    "100x180": (100.0, 180.0),
    "4x6": (101.6, 152.4),
    "a6": (105.0, 148.0),
}
"""Width and height in mm of the papers that printers in this trade are loaded with."""

MARGIN = 1.0
"""mm at each edge that print heads do not reach reliably."""


class ZoneKind(StrEnum):
    """The areas of the waybill standard, and what else a label may have."""

    HEAD = "head"
    CODE = "code"
    ROUTING = "routing"
    RECIPIENT = "recipient"
    SENDER = "sender"
    CONTENTS = "contents"
    SIGNOFF = "signoff"
    TICKET = "ticket"
    TEXT = "text"
    LOGO = "logo"


REQUIRED = frozenset({ZoneKind.CODE, ZoneKind.ROUTING, ZoneKind.RECIPIENT, ZoneKind.SENDER, ZoneKind.TICKET})


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle in mm from the paper's top left corner."""

    kind: ZoneKind
    x: float
    y: float
    width: float
    height: float
    text: str = ""
    """Of a `text` zone: the shop's own words."""

    def overlaps(self, other: Zone) -> bool:
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height


@dataclass(frozen=True, slots=True)
class Template:
    """A paper, its zones, the heights at which it is cut, and the fonts that come after ours."""

    name: str
    size: str
    zones: tuple[Zone, ...]
    cuts: tuple[float, ...] = ()
    faces: tuple[Face, ...] = DEFAULT_FACES
    logo: Image.Image | None = None

    @property
    def paper(self) -> tuple[float, float]:
        return SIZES[self.size]


@lru_cache(maxsize=32)
def builtin(size: str, parts: int | None = None) -> Template:
    """Our template for a paper. One part unless two are asked for, as the waybill standard recommends."""
    if size not in SIZES:
        raise LabelRefused(f"A size is one of {', '.join(SIZES)}.", code="size_unknown", path="size")
    wanted = parts or 1
    source = files("masking.labels") / "templates" / f"{size}-{wanted}.toml"
    if not source.is_file():
        raise LabelRefused("This paper has no form of that many parts.", code="parts_unknown", path="parts")
    return parse(tomllib.loads(source.read_text(encoding="utf-8")), name=f"{size}-{wanted}")


def load(path: Path) -> Template:
    """A shop's own template; `logo` and `fonts` in it are files beside it. Raises `LabelRefused` (`template_invalid`)."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _invalid("The template is not a readable TOML file.", "") from error
    return parse(document, name=path.stem, beside=path.parent)


def parse(document: Mapping[str, Any], *, name: str, beside: Path | None = None) -> Template:
    """Validate a template document. Unknown members are refused, so that a misspelt one is not silently ignored."""
    if extra := set(document) - {"size", "cuts", "zone", "fonts", "logo"}:
        raise _invalid("The template has an unknown member.", sorted(extra)[0])
    size = document.get("size")
    if size not in SIZES:
        raise _invalid(f"A size is one of {', '.join(SIZES)}.", "size")
    zones = tuple(_zone(entry, f"zone[{at}]") for at, entry in enumerate(document.get("zone", ())))
    template = Template(
        name=name,
        size=size,
        zones=zones,
        cuts=tuple(_number(cut, "cuts") for cut in document.get("cuts", ())),
        faces=DEFAULT_FACES + tuple(_face(entry, beside) for entry in document.get("fonts", ())),
        logo=_logo(document["logo"], beside) if "logo" in document else None,
    )
    _check_zones(template)
    return template


def _zone(entry: Any, path: str) -> Zone:
    if not isinstance(entry, Mapping) or set(entry) - set(Zone.__slots__):
        raise _invalid("A zone has kind, x, y, width, height and perhaps text.", path)
    if entry.get("kind") not in set(ZoneKind):
        raise _invalid(f"A zone's kind is one of {', '.join(ZoneKind)}.", f"{path}.kind")
    text = entry.get("text", "")
    if not isinstance(text, str) or (text and entry["kind"] != ZoneKind.TEXT):
        raise _invalid("Only a zone of kind text has a text.", f"{path}.text")
    x, y, width, height = (_number(entry.get(key), f"{path}.{key}") for key in ("x", "y", "width", "height"))
    return Zone(ZoneKind(entry["kind"]), x, y, width, height, text)


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
        raise _invalid("A length is a number of millimetres.", path)
    return float(value)


def _check_zones(template: Template) -> None:
    width, height = template.paper
    for at, zone in enumerate(template.zones):
        inside = zone.x >= MARGIN and zone.y >= MARGIN
        if not inside or zone.x + zone.width > width - MARGIN or zone.y + zone.height > height - MARGIN:
            raise _invalid(f"A zone leaves the paper or its margin of {MARGIN} mm.", f"zone[{at}]")
        if any(zone.overlaps(other) for other in template.zones[at + 1 :]):
            raise _invalid("Two zones overlap.", f"zone[{at}]")
        if any(zone.y < cut < zone.y + zone.height for cut in template.cuts):
            raise _invalid("A zone stands across a cut.", f"zone[{at}]")
    if missing := REQUIRED - {zone.kind for zone in template.zones}:
        raise _invalid(f"A label has a zone of kind {', '.join(sorted(missing))}.", "zone")


def _face(entry: Any, beside: Path | None) -> Face:
    path = _file(entry, beside, "fonts")
    if not is_font(path):
        raise _invalid("A font file cannot be read.", "fonts")
    return Face(str(path))


def _logo(entry: Any, beside: Path | None) -> Image.Image:
    try:
        with Image.open(_file(entry, beside, "logo")) as image:
            return image.convert("RGBA")
    except (OSError, UnidentifiedImageError) as error:
        raise _invalid("The logo is not a readable picture.", "logo") from error


def _file(entry: Any, beside: Path | None, path: str) -> Path:
    """A file named by a template: beside it or below, nowhere else."""
    if not isinstance(entry, str) or beside is None:
        raise _invalid("A file is named by a text, in a template that is a file.", path)
    found = (beside / entry).resolve()
    if not found.is_relative_to(beside.resolve()) or not found.is_file():
        raise _invalid("A file of the template is not beside it.", path)
    return found


def _invalid(message: str, path: str) -> LabelRefused:
    return LabelRefused(message, code="template_invalid", path=path or None)
