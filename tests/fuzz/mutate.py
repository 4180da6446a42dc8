"""Inputs that nobody thought of: a seed changed a little, or much, by chance that a number repeats. Knows bytes; knows no format but its words."""

from __future__ import annotations

import random

WORDS = (
    b'{"', b'":', b"[]", b"{}", b"null", b"1e400", b"-0", b"1.10", b"12345678901234567890123", b"\\u0000", b"\\ud800", b'\\"', b"\\\\",
    b"<", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&#0;", b"&#x110000;", b"&lt;", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"xmlns=''",
    b"%", b"%00", b"%u4e00", b"%FF", b"&", b"=", b"+", b"--b\r\n", b"\r\n\r\n", b"Content-Disposition: form-data; name=", b"~$.", b"[].", b"**", b"form:",
    b"^XA", b"^XZ", b"^FD", b"^FS", b"^FH", b"^GFA,8,8,1,", b"^FO99999,99999", b":Z64:", b"^CC", b"%PDF-1.7", b"%%EOF", b"<html>", b"data:image/png;base64,",
    b"HTTPS://", b"/Q/", b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\x8b", "林".encode(), "林".encode("gbk"), b"13950427716", b"*",
    b"[[operation]]\n", b"[sign.a]\n", b"id = ", b"{secret:", b"{now:", b'""" ', b"0x7fffffffffffffff", b"-9223372036854775809", b"9" * 40,
)  # fmt: skip
LONGEST = 1 << 16  # bytes; parsers that are slow beyond that are slow before it


def mutated(seeds: list[bytes], chance: random.Random) -> bytes:
    """One input."""
    data = bytearray(chance.choice(seeds))
    for _ in range(1 << chance.randrange(5)):
        _one(data, seeds, chance)
    if chance.randrange(50) == 0 and data:
        # Depth and length: what is fine once may not be ten thousand times.
        at, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        data[at:end] = bytes(data[at:end])[:64] * chance.choice((10, 100, 1000, 10000))
    return bytes(data[:LONGEST])


def _one(data: bytearray, seeds: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + 1 + int(chance.expovariate(0.2)))
    match chance.randrange(9):
        case 0 if data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        case 1:
            data[at:end] = b""
        case 2:
            data[at:at] = chance.choice(WORDS)
        case 3:
            data[at:end] = chance.choice(WORDS)
        case 4:
            data[at:at] = data[at:end]
        case 5:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            data[at:end] = other[start : start + chance.randrange(200)]
        case 6:
            data[at:end] = chance.randbytes(end - at)
        case 7:
            del data[at:]
        case _:
            data[at:end] = bytes(data[at:end]).swapcase()
