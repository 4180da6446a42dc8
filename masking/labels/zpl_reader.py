"""ZPL as commands and fields, for the lint and the remasker: what is text, what a code, what a picture.

Bytes are carried as Latin-1, so that what is not understood is written back untouched. A file that changes ZPL's own prefix
characters is refused rather than misread. Knows no rule about what is personal.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops

from masking.labels.errors import LabelRefused

MAX_DOTS = 6000 * 12000
"""No label is larger; a picture that claims to be is refused before it is unpacked."""

_COMMAND = re.compile(r"[\^~]([A-Za-z@][A-Za-z0-9@]?)([^\^~]*)", re.DOTALL)
_BINARY = re.compile(r"\^GF[BC],(\d+),|~D[YUT][^,\^~]*,[BC],")
_REMAPPED = ("CC", "CD", "CT")
_Z64 = re.compile(r":(Z64|B64):([A-Za-z0-9+/=\s]*):([0-9A-Fa-f]{4})\s*$")


@dataclass(frozen=True, slots=True)
class Command:
    """One command: two letters and what follows them, to the next prefix."""

    code: str
    data: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Field:
    """One piece of data between field commands. `kind` is `text`, `code`, `comment`, `stored` or `picture`."""

    kind: str
    data: Command
    hex_mark: str | None
    """The character of `^FH`, where the field has it."""
    origin: tuple[int, int] = (0, 0)
    symbology: str = ""
    module: int = 2
    """Dots a module of a code: `^BY`, or the magnification of `^BQ`."""
    home: tuple[int, int] = (0, 0)
    """`^LH`, which `origin` includes and `^FO` does not."""

    @property
    def field_origin(self) -> tuple[int, int]:
        """What `^FO` says."""
        return (self.origin[0] - self.home[0], self.origin[1] - self.home[1])


def commands(zpl: str) -> list[Command]:
    """Every command. Raises `LabelRefused` (`zpl_unreadable`) on ZPL whose commands cannot be told from its data."""
    if _BINARY.search(zpl):
        raise LabelRefused(
            "This ZPL holds raw binary pictures, which cannot be told from commands.", code="zpl_unreadable"
        )
    found = [Command(m[1].upper(), m[2], m.start(), m.end()) for m in _COMMAND.finditer(zpl)]
    if not any(command.code == "XA" for command in found):
        raise LabelRefused("This is no ZPL label.", code="zpl_unreadable")
    if any(command.code in _REMAPPED for command in found):
        raise LabelRefused("This ZPL changes its own prefixes.", code="zpl_unreadable")
    return found


def fields(found: list[Command]) -> Iterator[Field]:
    """The fields in order, each with the barcode command, the hex mark and the origin that hold for it."""
    origin, symbology, mark = (0, 0), "", None
    bar, module, home = 2, 2, (0, 0)
    for command in found:
        match command.code:
            case "LH":
                home = _origin(command.data)
            case "FO" | "FT":
                x, y = _origin(command.data)
                origin = (home[0] + x, home[1] + y)
            case "BY":
                bar = _number(command.data, 0, bar)
            case code if code[0] == "B":
                symbology, module = code, _number(command.data, 2, 3) if code == "BQ" else bar
            case "FH":
                mark = command.data[:1].strip() or "_"
            case "FS" | "XA":
                symbology, mark = "", None
            case "FX":
                yield Field("comment", command, None, origin)
            case "GF":
                yield Field("picture", command, None, origin, home=home)
            case "DG" | "DY":
                yield Field("stored", command, None, origin)
            case "FD" | "FV" | "SN":
                yield Field("code" if symbology else "text", command, mark, origin, symbology, module)


def _origin(data: str) -> tuple[int, int]:
    return (_number(data, 0, 0), _number(data, 1, 0))


def _number(data: str, at: int, default: int) -> int:
    """The parameter at a place, or what a printer takes where it is left out."""
    parts = data.split(",")
    text = parts[at].strip() if at < len(parts) else ""
    return int(text[:6]) if text.isdecimal() and text.isascii() else default


def content(field: Field) -> str:
    """What a field says: `^FH` undone, bytes as UTF-8 where they are, else GB 18030, else Latin-1."""
    data = field.data.data
    if field.hex_mark:
        data = re.sub(re.escape(field.hex_mark) + r"([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), data)
    raw = data.encode("latin-1", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).strip("\r\n")
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1").strip("\r\n")


def code_content(field: Field) -> str:
    """What a code says to a reader: without the mode letters of `^BQ` and the subset calls of `^BC`."""
    said = content(field)
    if field.symbology == "BQ":
        return re.sub(r"^[HQML][AM],[NAB]?", "", said)
    if field.symbology == "BC":
        return re.sub(r">[0-9:;<=>]", "", said)
    return said


def with_text(field: Field, text: str) -> str:
    """The field's command saying another text, in the field's own way of writing."""
    raw = text.encode("utf-8")
    mark = field.hex_mark
    if mark:
        plain = "".join(chr(b) if 32 <= b < 127 and chr(b) not in f"{mark}^~" else f"{mark}{b:02X}" for b in raw)
    else:
        plain = raw.decode("latin-1").replace("^", " ").replace("~", " ")
    tail = field.data.data[len(field.data.data.rstrip("\r\n")) :]
    return f"^{field.data.code}{plain}{tail}"


def picture(field: Field) -> Image.Image:
    """The 1-bit picture (0 is black) of a `^GF` field: plain hex, run lengths, B64 or Z64."""
    parts = field.data.data.split(",", 4)
    if len(parts) < 5 or not all(part.strip().isdigit() for part in parts[2:4]):
        raise LabelRefused("A picture in the ZPL cannot be read.", code="zpl_unreadable")
    total, row_bytes = int(parts[2]), int(parts[3])
    if not 0 < row_bytes <= total or total * 8 > MAX_DOTS:
        raise LabelRefused("A picture in the ZPL has no sensible size.", code="zpl_unreadable")
    raw = _unpacked(parts[4], total, row_bytes).ljust(total, b"\0")[:total]
    height = total // row_bytes
    ink = Image.frombytes("1", (row_bytes * 8, height), raw[: height * row_bytes])
    return ImageChops.invert(ink)


def _unpacked(data: str, total: int, row_bytes: int) -> bytes:
    match = _Z64.match(data.strip())
    try:
        if match is None:
            return _expanded(data, row_bytes * 2, total * 2)
        raw = base64.b64decode(match[2])
        return raw if match[1] == "B64" else zlib.decompressobj().decompress(raw, total)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise LabelRefused("A picture in the ZPL cannot be read.", code="zpl_unreadable") from error


def _expanded(data: str, row_digits: int, total_digits: int) -> bytes:
    """Undo Zebra's run lengths: letters count the next digit, `,` and `!` fill a row, `:` repeats one."""
    out: list[str] = []
    row, count, size = "", 0, 0
    for ch in "".join(data.split()):
        if "G" <= ch <= "Y":
            count += ord(ch) - ord("F")
        elif "g" <= ch <= "z":
            count += (ord(ch) - ord("f")) * 20
        elif ch in ",!":
            row += ("0" if ch == "," else "F") * (row_digits - len(row))
        elif ch == ":":
            row = out[-1] if out else "0" * row_digits
        else:
            row, count = row + ch * max(1, count), 0
        while len(row) >= row_digits:
            out.append(row[:row_digits])
            row, size = row[row_digits:], size + row_digits
            if size > total_digits:
                break
        if size > total_digits:
            break
    return bytes.fromhex("".join(out) + row + ("0" if len(row) % 2 else ""))
