"""Text as 1-bit pictures, from the packaged CJK font and any fonts a shop adds. Knows glyphs and sizes, not what they say.

A glyph that no font has would be drawn as an empty box without an error, so coverage is asked before drawing and the
cluster becomes `MISSING`, which the caller flags. Pictures are cached by cluster: labels repeat the same few thousand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import noto_cjk_sans_otc
import regex
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

SIMPLIFIED_CHINESE = 2
"""Index of the SC face in the collection; index 0 is the Japanese one."""
MISSING = "\u3013"
"""The geta mark, printers' own sign for a missing letter."""
BODY = 0.88
"""Baseline below the top of a line, in em: the ideographic box of the Noto CJK faces."""
LINE = 1.2
"""Line pitch in em."""
UNITS = 1000
"""Advances are measured once, in thousandths of an em, so that trying a size costs a multiplication."""

_CLUSTER = regex.compile(r"\X")
_TOKEN = regex.compile(r"[!-~\u00a1-\u024f]+| |\X")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Face:
    """One font file, and the face in it where it is a collection."""

    path: str
    index: int = 0


DEFAULT_FACES = (Face(str(noto_cjk_sans_otc.FONT_PATH), SIMPLIFIED_CHINESE),)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Something drawn: its ink, and where the ink stands against pen and baseline."""

    ink: Image.Image
    left: int
    top: int


@lru_cache(maxsize=16)
def coverage(face: Face) -> frozenset[int]:
    """The code points that a face has glyphs for."""
    with TTFont(face.path, fontNumber=face.index, lazy=True) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=256)
def _opened(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path, size, index=face.index)


@lru_cache(maxsize=20_000)
def _face_for(cluster: str, faces: tuple[Face, ...]) -> Face | None:
    points = set(map(ord, cluster))
    return next((face for face in faces if points <= coverage(face)), None)


def printable(text: str, faces: tuple[Face, ...] = DEFAULT_FACES) -> tuple[str, bool]:
    """The text as it can be drawn on one line, and whether a cluster had to become `MISSING`."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    if spaced.isascii() and spaced.isprintable():
        return spaced, False
    seen = "".join(ch for ch in spaced if unicodedata.category(ch) not in _UNSEEN)
    clusters = [cluster if _face_for(cluster, faces) else MISSING for cluster in _CLUSTER.findall(seen)]
    return "".join(clusters), MISSING in clusters


@lru_cache(maxsize=20_000)
def _drawn(run: str, size: int, stroke: float, face: Face) -> Glyphs | None:
    font = _opened(face, size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(run, mode="1", stroke_width=stroke, anchor="ls"))
    if right <= left or bottom <= top:
        return None
    ink = Image.new("1", (right - left, bottom - top), 0)
    pen = ImageDraw.Draw(ink)
    pen.fontmode = "1"
    pen.text((-left, -top), run, fill=1, font=font, stroke_width=stroke, anchor="ls")
    return Glyphs(ink, left, top)


@lru_cache(maxsize=20_000)
def _advance(run: str, face: Face) -> int:
    return round(_opened(face, UNITS).getlength(run))


def _runs(text: str, faces: tuple[Face, ...]) -> Iterator[tuple[str, Face]]:
    """Clusters of the first face one by one; neighbours in a later face together, because their script may join letters."""
    held, holder = "", faces[0]
    for cluster in text if text.isascii() else _CLUSTER.findall(text):
        face = _face_for(cluster, faces) or faces[0]
        if held and (face is not holder or face is faces[0]):
            yield held, holder
            held = ""
        held, holder = held + cluster, face
    if held:
        yield held, holder


@lru_cache(maxsize=8192)
def units(text: str, faces: tuple[Face, ...] = DEFAULT_FACES) -> int:
    """How wide a line is, in thousandths of an em; times the size it is the width in dots."""
    return sum(_advance(run, face) for run, face in _runs(text, faces))


def width(text: str, size: int, *, faces: tuple[Face, ...] = DEFAULT_FACES) -> int:
    """How wide a line is, in dots."""
    return -(-units(text, faces) * size // UNITS)


def draw(
    page: Image.Image,
    at: tuple[int, int],
    text: str,
    size: int,
    *,
    bold: bool = False,
    faces: tuple[Face, ...] = DEFAULT_FACES,
) -> None:
    """Draw one line in black, its top left corner `at`."""
    line = _line(text, size, _stroke(size, bold), faces)
    if line is not None:
        page.paste(0, (at[0] + line.left, at[1] + line.top), line.ink)


@lru_cache(maxsize=256)
def _line(text: str, size: int, stroke: float, faces: tuple[Face, ...]) -> Glyphs | None:
    """A whole line. Kept a short while: most lines of a shop's labels are the same on the next one."""
    pen, placed = 0, []
    for run, face in _runs(text, faces):
        glyphs = _drawn(run, size, stroke, face)
        if glyphs is not None:
            placed.append((pen * size // UNITS + glyphs.left, glyphs.top, glyphs.ink))
        pen += _advance(run, face)
    if not placed:
        return None
    left, top = min(x for x, _, _ in placed), min(y for _, y, _ in placed)
    right, bottom = max(x + ink.width for x, _, ink in placed), max(y + ink.height for _, y, ink in placed)
    ink = Image.new("1", (right - left, bottom - top), 0)
    for x, y, part in placed:
        ink.paste(1, (x - left, y - top), part)
    return Glyphs(ink, left, top + round(size * BODY))


def tokens(text: str) -> list[str]:
    """What a line may be broken between: Latin words, blanks, and every other cluster by itself."""
    found: list[str] = _TOKEN.findall(text)
    return found


def _stroke(size: int, bold: bool) -> float:
    """The package has no bold face: strokes are widened by a thirtieth of the size on each side."""
    return size / 30 if bold else 0.0


def is_font(path: Path) -> bool:
    """Whether Pillow can draw with this file."""
    try:
        ImageFont.truetype(str(path), 12)
    except OSError:
        return False
    return True
