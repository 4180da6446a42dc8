"""Percent-coding as Java's URLEncoder does it, and back: bytes in, bytes out, by the C-coded parts of `binascii`.

Java keeps letters, digits and `. - * _`, writes a blank as `+` and everything else as `%XX` with capitals; SF signs over exactly that, and every
form parser reads it. Two thirds of a Chinese order are bytes above 127, for which the standard library's `quote_plus` costs a dictionary
look-up each. Quoted-printable differs from percent-coding by the escape character and its soft line breaks only.
"""

from __future__ import annotations

import binascii

from carriers.errors import CarrierRefusal

_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*_"
_KEPT = _PLAIN + b"%" + bytes(range(128, 256))
_CODED = [b"+" if byte == 0x20 else b"%%%02X" % byte for byte in range(128)]
_ONE = [bytes((byte,)) for byte in range(128)]
_JSON = [(bytes((byte,)), b"%%%02X" % byte) for byte in b'":,{}[]']
"""What every JSON document is full of; replacing it unseen is cheaper than looking for it."""
_TO_PRINTABLE = bytes.maketrans(b"%+", b"= ")


def quote(data: bytes) -> bytes:
    """`data` as java.net.URLEncoder writes it."""
    if not data.translate(None, _PLAIN):
        return data
    # The percent sign first: the others' codes contain it.
    if b"%" in data:
        data = data.replace(b"%", b"%25")
    for char, code in _JSON:
        data = data.replace(char, code)
    loose = data.translate(None, _KEPT)
    if loose:
        # So that a plus sign goes before the blank that becomes one.
        for byte in sorted(set(loose), reverse=True):
            data = data.replace(_ONE[byte], _CODED[byte])
    if data.isascii():
        return data
    # No "=" and no blank is left. The digit at the end keeps a closing dot from being escaped as end of line.
    return binascii.b2a_qp(data + b"0").replace(b"=\n", b"").replace(b"=", b"%")[:-1]


def unquote(coded: bytes, path: str) -> bytes:
    """What `coded` stands for. Raises CarrierRefusal(code="malformed_form") at a percent sign without two hex digits."""
    if b"=" in coded:
        coded = coded.replace(b"=", b"%3D")
    if b"%" not in coded:
        return coded.replace(b"+", b" ")
    if b"\n" in coded or b"\r" in coded:
        coded = coded.replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    # The letter at the end keeps blanks there, which quoted-printable would take for padding; it is no hexadecimal digit.
    plain = binascii.a2b_qp(coded.translate(_TO_PRINTABLE) + b"z")[:-1]
    # A broken escape stays as an equal sign; only where one is there the lengths have to tell.
    if b"=" in plain and len(plain) != len(coded) - 2 * coded.count(b"%"):
        raise CarrierRefusal("a percent sign without two hexadecimal digits", code="malformed_form", path=path)
    return plain
