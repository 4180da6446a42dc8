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
    """One cluster drawn: its ink, where the ink stands against pen and baseline, and how far the pen moves on."""

    ink: Image.Image | None
    left: int
    top: int
    advance: int


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
def _drawn(run: str, size: int, stroke: float, face: Face) -> Glyphs:
    font = _opened(face, size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(run, mode="1", stroke_width=stroke, anchor="ls"))
    advance = round(font.getlength(run, mode="1"))
    if right <= left or bottom <= top:
        return Glyphs(None, 0, 0, advance)
    ink = Image.new("1", (right - left, bottom - top), 0)
    pen = ImageDraw.Draw(ink)
    pen.fontmode = "1"
    pen.text((-left, -top), run, fill=1, font=font, stroke_width=stroke, anchor="ls")
    return Glyphs(ink, left, top, advance)


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


def width(text: str, size: int, *, bold: bool = False, faces: tuple[Face, ...] = DEFAULT_FACES) -> int:
    """How wide a line is, in dots."""
    return sum(_drawn(run, size, _stroke(size, bold), face).advance for run, face in _runs(text, faces))


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
    x, y = at[0], at[1] + round(size * BODY)
    for run, face in _runs(text, faces):
        glyphs = _drawn(run, size, _stroke(size, bold), face)
        if glyphs.ink is not None:
            page.paste(0, (x + glyphs.left, y + glyphs.top), glyphs.ink)
        x += glyphs.advance


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
