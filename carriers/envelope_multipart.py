"""multipart/form-data: named parts with their headers, re-encoded with the same boundary. Knows no part's meaning."""

from __future__ import annotations

import re

from carriers.errors import CarrierRefusal

MAX_PARTS = 200
_NAME = re.compile(rb';\s*name="?([^";\r\n]+)"?', re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary="?([^";\s]+)"?', re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


class Part:
    """One part. `content` may be replaced (text) or dropped (None)."""

    __slots__ = ("content", "headers", "name")

    def __init__(self, name: str, headers: bytes, content: bytes) -> None:
        self.name = name
        self.headers = headers
        self.content: bytes | None = content

    def __repr__(self) -> str:
        return "<Part>"

    def __setitem__(self, _key: object, content: str | bytes) -> None:
        self.content = content.encode() if isinstance(content, str) else content

    def __delitem__(self, _key: object) -> None:
        self.content = None


class Multipart:
    """The parts in their order."""

    __slots__ = ("boundary", "newline", "parts")

    def __init__(self, boundary: bytes, newline: bytes, parts: list[Part]) -> None:
        self.boundary = boundary
        self.newline = newline
        self.parts = parts

    def __repr__(self) -> str:
        return f"<Multipart of {len(self.parts)} parts>"


def loads(raw: bytes, content_type: str, path: str) -> Multipart:
    """The parts; the boundary is the content type's, else the first line's. Raises CarrierRefusal(code="malformed_multipart")."""
    named = _BOUNDARY.search(content_type)
    first = raw.lstrip(b"\r\n").split(b"\n", 1)[0].strip()
    boundary = b"--" + named[1].encode() if named else first
    if not boundary.startswith(b"--") or len(boundary) < 3 or boundary not in raw:
        raise CarrierRefusal("a multipart body without its boundary", code="malformed_multipart", path=path)
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(boundary), raw)
    if not pieces[-1].startswith(b"--") or pieces[0].strip() or len(pieces) > MAX_PARTS:
        raise CarrierRefusal(
            "a multipart body that does not end, or has too many parts", code="malformed_multipart", path=path
        )
    newline = b"\r\n" if boundary + b"\r\n" in raw else b"\n"
    return Multipart(boundary, newline, [_part(piece, path) for piece in pieces[1:-1]])


def dumps(multipart: Multipart) -> bytes:
    """The body again, part by part."""
    line, boundary = multipart.newline, multipart.boundary
    pieces = [
        boundary + line + part.headers + line + line + part.content + line
        for part in multipart.parts
        if part.content is not None
    ]
    return b"".join(pieces) + boundary + b"--" + line


def _part(piece: bytes, path: str) -> Part:
    piece = re.sub(rb"^[ \t]*\r?\n", b"", piece, count=1)
    end = _HEADERS_END.search(piece)
    if end is None:
        raise CarrierRefusal("a part without an empty line after its headers", code="malformed_multipart", path=path)
    headers = piece[: end.start()]
    name = _NAME.search(headers)
    if name is None:
        raise CarrierRefusal("a part without a name", code="malformed_multipart", path=path)
    return Part(name[1].decode("utf-8", "replace"), headers, piece[end.end() :])
