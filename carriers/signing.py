"""Signatures over the exact bytes: named digests and encodings, applied to a text that a profile spells out. One code for both directions.

Knows hashes, keys and templates; knows no carrier. A scheme is a row of a profile (`text`, `digest`, `encode` …); the functions here turn it
into a value (`sign`) or compare what came with what should have come (`matches`).

Templates: `{secret:name}` a credential, `{form:x}` `{header:x}` `{query:x}` `{$.a}` what stands in the request, `{body}` its exact bytes,
`{path}` `{token}`, `{now:ms}` `{now:s}` `{now:yyyy-MM-dd HH:mm:ss}` …, `{nonce:uuid}`, `{basic:a:b}` a Basic value of two secrets,
`{sign:name}` another signature of the profile, `{upper:…}` is written as `quote = "upper"`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from carriers.errors import ProfileError
from carriers.percent import quote

Source = Callable[[str], bytes]
"""What a placeholder of a template stands for, as bytes."""

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_HASHES: dict[str, Any] = {
    "md5": hashlib.md5,
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}


def _upper_bytes(data: bytes) -> bytes:
    return data.upper()


QUOTES: dict[str, Callable[[bytes], bytes]] = {"": bytes, "java": quote, "upper": _upper_bytes}
ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "hex": bytes.hex,
    "HEX": lambda digest: digest.hex().upper(),
    "plain": bytes.decode,
    "base64_hex": lambda digest: base64.b64encode(digest.hex().encode()).decode(),
}
DIGESTS = ("none", *_HASHES, *(f"hmac-{name}" for name in _HASHES))
"""`none` is for a static secret in a header: the text itself, encoded as `plain`."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders, cut once: literals at even places, placeholder names at odd ones."""

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders, in order."""
        return self.pieces[1::2]

    def render(self, source: Source, charset: str = "utf-8") -> bytes:
        """The bytes, every placeholder filled from `source`."""
        return b"".join([source(piece) if at % 2 else piece.encode(charset) for at, piece in enumerate(self.pieces)])

    def fill(self, value: Callable[[str], str]) -> str:
        """The text, every placeholder filled from `value`."""
        pieces = self.pieces
        if len(pieces) == 3 and not pieces[0] and not pieces[2]:
            return value(pieces[1])
        return "".join([value(piece) if at % 2 else piece for at, piece in enumerate(pieces)])


def template(text: str) -> Template:
    """Cut a template. Raises ProfileError(code="template_invalid") at a brace that does not close."""
    pieces = tuple(_PLACEHOLDER.split(text))
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise ProfileError("a brace in the template does not open or close", code="template_invalid")
    return Template(pieces)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A signature scheme, compiled."""

    name: str
    text: Template
    digest: str
    """One of `DIGESTS`; `hmac-…` is keyed by `key`."""
    encode: str
    quote: str = ""
    """What is done to the text before it is hashed: nothing, `java` percent-coding, `upper` case."""
    key: Template | None = None
    prefix: str = ""
    into: str = ""
    """Where the signature travels; for pushes, where it is looked for."""
    charset: str = "utf-8"
    normalise: str = ""


def sign(scheme: Scheme, source: Source, *, quoted: bool = False) -> str:
    """The signature, as it travels. `quoted` says that the source gives the text's pieces as the scheme quotes them."""
    text = scheme.text.render(source, scheme.charset)
    return scheme.prefix + ENCODINGS[scheme.encode](
        _digest(scheme, text if quoted else QUOTES[scheme.quote](text), source)
    )


def matches(scheme: Scheme, presented: str, source: Source) -> bool:
    """True where `presented` is the signature; constant time. Hex is compared without regard to case, as carriers write it both ways."""
    expected = sign(scheme, source)
    if scheme.encode in ("hex", "HEX"):
        expected, presented = expected.lower(), presented.lower()
    return hmac.compare_digest(expected.encode(), presented.encode())


def _digest(scheme: Scheme, text: bytes, source: Source) -> bytes:
    kind, _, name = scheme.digest.rpartition("-")
    if name == "none":
        return text
    if not kind:
        digest: bytes = _HASHES[name](text, usedforsecurity=False).digest()
        return digest
    key = scheme.key.render(source) if scheme.key else b""
    if scheme.normalise:
        key = unicodedata.normalize(scheme.normalise, key.decode()).encode()  # type: ignore[arg-type]
    return hmac.digest(key, text, name)
