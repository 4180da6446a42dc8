"""JSON, exactly: numbers keep their spelling, and what two parsers could read differently is refused.

Knows bytes and plain dicts and lists; knows no field's meaning. Refused: duplicate keys, NaN and infinities, lone surrogates, charsets other
than UTF-8, a byte order mark, depth beyond reason. `msgspec` refuses all but duplicate keys by itself, of which it keeps the last.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from carriers.errors import CarrierRefusal, shown_key

MAX_DEPTH = 64  # real carriers nest a dozen levels; deeper is an attack

_decode = msgspec.json.Decoder(float_hook=msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_KEY_END = re.compile(rb'"\s*:')
_BLANKS = bytes.maketrans(b"\t\n\r", b"   ")
_UNESCAPED_KEY_END = re.compile(rb'(?<!\\)"\s*:')
_BACKSLASH_END = b"\\\\"
_LONG_NUMBER = re.compile(r"\d{4000}")


def loads(raw: bytes, path: str) -> Any:
    """The document, floats as `msgspec.Raw` in their own spelling. Duplicate keys are looked for by `check_keys`."""
    try:
        return _decode(raw)
    except RecursionError:
        raise CarrierRefusal("JSON nested too deeply", code="too_deep", path=path) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _why(raw, path) from None


class Bare(list[Any]):
    """A document that is no object and no list but one value: the place in which that value can be set."""


def dumps(tree: Any) -> bytes:
    """Compact UTF-8 JSON, the key order as it came."""
    return _encode(tree[0] if type(tree) is Bare else tree)


def canonical(tree: Any) -> bytes:
    """The same bytes for equal documents: keys sorted, numbers as spelt."""
    return _encode_sorted(tree[0] if type(tree) is Bare else tree)


def check_keys(raw: bytes, tree: Any, decoded: int, path: str) -> None:
    """Refuse duplicate keys, given the document as it was decoded and how many keys it has."""
    if raw.count(b":") != decoded and not shows_all(raw, tree, decoded):
        json.loads(raw, object_pairs_hook=_Pairs(path), parse_float=str, parse_int=str)


def shows_all(raw: bytes, tree: Any, decoded: int) -> bool:
    """Whether it is plain that the text has no more keys than the `decoded` ones of its tree. False says that it takes a parser to know.

    Every key ends in a quote, blanks and a colon, so text that shows no more of these than there are keys has no other. Counting is cheap
    and errs to one side only; where strings hold colons of their own, ever stricter readings decide.
    """
    if raw.count(b":") == decoded:
        return True
    # Written anew, a document loses the first of two equal keys: what comes out as it came in had none. Most writers write as we do.
    if dumps(tree) == raw:
        return True
    beside = raw.count(b'":')
    if beside != decoded and raw.find(_BACKSLASH_END) < 0:
        beside -= raw.count(b'\\":')  # keys of a document inside a string: their quotes are escaped
    if beside == decoded and raw.translate(_BLANKS).find(b" :") < 0:
        return True
    if len(_KEY_END.findall(raw)) == decoded:
        return True
    return raw.find(_BACKSLASH_END) < 0 and len(_UNESCAPED_KEY_END.findall(raw)) == decoded


class _Pairs:
    """Build objects and refuse a key that stands twice."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise CarrierRefusal(
                f"the key {shown_key(twice)} stands twice in one object", code="duplicate_key", path=self.path
            )
        return found


class _NotANumber(Exception):
    """NaN or an infinity was met."""


def _refuse_constant(_name: str) -> Any:
    raise _NotANumber


def _why(raw: bytes, path: str) -> CarrierRefusal:
    """Name what msgspec stumbled over; runs only on the way to a refusal."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return CarrierRefusal("the JSON is not UTF-8", code="bad_charset", path=path)
    if text.startswith("\ufeff"):
        return CarrierRefusal("the JSON begins with a byte order mark", code="bad_charset", path=path)
    if _LONG_NUMBER.search(text):
        return CarrierRefusal("the JSON holds a number of thousands of digits", code="malformed_json", path=path)
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except _NotANumber:
        return CarrierRefusal("NaN and infinities are no JSON numbers", code="not_a_number", path=path)
    except RecursionError:
        return CarrierRefusal("JSON nested too deeply", code="too_deep", path=path)
    except ValueError:
        return CarrierRefusal("the JSON does not parse", code="malformed_json", path=path)
    if has_lone_surrogate(parsed):
        return CarrierRefusal("the JSON holds half a surrogate pair", code="bad_charset", path=path)
    return CarrierRefusal("the JSON does not parse", code="malformed_json", path=path)


def has_lone_surrogate(tree: Any) -> bool:
    """True where any key or string cannot be written as UTF-8."""
    try:
        json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
