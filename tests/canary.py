"""Canaries: invented personal values that are looked for wherever bytes leave. Knows the disguises a value may leave in.

Put a `Canaries` set into an order, keep every byte that comes out (answers, logs, metrics, labels, rows, requests to the
carrier) and assert `canaries.seen_in(...) == []`. A find names the kind and the disguise, never the value, so that a
failing test does not itself print what leaked.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

SEPARATORS = re.compile(r"[\s\-+().·,/]+")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def disguises(value: str) -> Iterator[tuple[str, bytes]]:
    """The forms in which a value may leave a program, each with a name."""
    utf8 = value.encode()
    yield "plain", utf8
    yield "without separators", SEPARATORS.sub("", value).encode()
    yield "full width", value.translate(FULL_WIDTH).encode()
    yield "percent-encoded", quote(value, safe="").encode()
    yield "percent-encoded, lower case", re.sub("%..", lambda match: match[0].lower(), quote(value, safe="")).encode()
    yield "form-encoded", quote_plus(value).encode()
    yield "JSON escapes", json.dumps(value)[1:-1].encode()
    yield "HTML references", html.escape(value).encode()
    yield "HTML numeric references", "".join(f"&#{ord(sign)};" for sign in value).encode()
    yield "Python repr of bytes", repr(utf8)[2:-1].encode()
    yield "UTF-16", value.encode("utf-16-le")
    yield "GB 18030", value.encode("gb18030", "replace")
    yield "hexadecimal", utf8.hex().encode()
    yield "reversed", value[::-1].encode()
    yield from ((f"base64 at offset {start}", code) for start, code in enumerate(_base64_cores(utf8)))


def _base64_cores(data: bytes) -> Iterator[bytes]:
    """What of a value's base64 does not depend on its neighbours, for each of the three alignments."""
    for start in range(3):
        code = base64.b64encode(b"\0" * start + data)
        # A sign of base64 holds six bits: the first one wholly ours, up to the last one wholly ours.
        yield code[-(-start * 8 // 6) : (start + len(data)) * 8 // 6]


@dataclass(frozen=True)
class Canaries:
    """Personal values by kind. Values shorter than four characters would be found by chance and are refused."""

    values: dict[str, str]
    _needles: list[tuple[str, str, bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        short = [kind for kind, value in self.values.items() if len(value.encode()) < 6]
        if short:
            raise ValueError(f"too short to search for: {short}")
        needles = [(kind, how, code) for kind, value in self.values.items() for how, code in disguises(value)]
        object.__setattr__(self, "_needles", needles)

    def seen_in(self, *outputs: bytes | str) -> list[tuple[str, str]]:
        """(kind, disguise) of each canary that stands in an output."""
        return [
            (kind, how)
            for output in outputs
            for data in [output.encode() if isinstance(output, str) else output]
            for kind, how, code in self._needles
            if code in data
        ]

    def seen_in_files(self, files: Iterable[Path]) -> list[tuple[str, str, str]]:
        """(file name, kind, disguise) for each find in files."""
        return [
            (file.name, kind, how) for file in files if file.is_file() for kind, how in self.seen_in(file.read_bytes())
        ]


RECIPIENT = Canaries(
    {
        "name": "麦芒朔",
        "phone": "13900090817",
        "street": "夜航街417弄",
        "door": "9栋6单元2317室",
        "email": "mai.mangshuo@example.org",
        "id": "11010119000307999X",
    }
)
"""A consignee who exists nowhere: the phone is unassigned, the id has a wrong check digit."""
