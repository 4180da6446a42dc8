"""A packed body (gzip, deflate), unpacked as it comes and never past its limit. Pure: bytes in, bytes out."""

from __future__ import annotations

import zlib

PACKED = ("gzip", "deflate")
UNREADABLE = ("br", "zstd")
"""Encodings that nobody here reads; no other is one."""


class Broken(Exception):
    """The answer broke off, or is not what it says."""


class TooLong(Broken):
    """The answer is longer than the limit."""


class Unpacked:
    """A packed body, unpacked as it comes: a small answer may unpack to gigabytes."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream: zlib._Decompress | None = None

    def more(self, packed: bytes, room: int) -> bytes:
        """The next part. Raises `TooLong` past `room` bytes, `Broken` where it is not packed so."""
        parts = []
        try:
            while packed:
                if self._stream is None or self._stream.eof:  # gzip may hold several members
                    self._stream = zlib.decompressobj(self._window(packed))
                part = self._stream.decompress(packed, room + 1)
                room -= len(part)
                if room < 0:
                    raise TooLong
                parts.append(part)
                packed = self._stream.unconsumed_tail or self._stream.unused_data
        except zlib.error:
            raise Broken from None
        return b"".join(parts)

    def _window(self, packed: bytes) -> int:
        if self._encoding == "gzip":
            return 16 + zlib.MAX_WBITS
        # Many send a bare deflate stream where the standard wants zlib's two bytes before it.
        return zlib.MAX_WBITS if packed[0] & 0xF == 8 else -zlib.MAX_WBITS

    @property
    def whole(self) -> bool:
        """Whether what began has ended."""
        return self._stream is None or self._stream.eof
