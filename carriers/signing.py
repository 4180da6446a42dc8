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
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from carriers.errors import ProfileError
from carriers.percent import quote

Source = Callable[["Placeholder"], bytes]
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
    "base64": lambda digest: b2a_base64(digest, newline=False).decode(),
    "hex": bytes.hex,
    "HEX": lambda digest: digest.hex().upper(),
    "plain": bytes.decode,
    "base64_hex": lambda digest: base64.b64encode(digest.hex().encode()).decode(),
}
DIGESTS = ("none", *_HASHES, *(f"hmac-{name}" for name in _HASHES))
"""`none` is for a static secret in a header: the text itself, encoded as `plain`."""


class Placeholder(str):
    """A placeholder's name, `word:rest`, cut once."""

    __slots__ = ("rest", "word")
    word: str
    rest: str

    def __new__(cls, name: str) -> Placeholder:
        made = super().__new__(cls, name)
        made.word, _, made.rest = name.partition(":")
        return made


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders, cut once: literals at even places, placeholders at odd ones."""

    pieces: tuple[str, ...]
    bare: bool = False
    """Nothing but placeholders."""
    only: Placeholder | None = None
    """The one placeholder that is all of it."""

    @property
    def names(self) -> tuple[Placeholder, ...]:
        """The placeholders, in order."""
        return self.pieces[1::2]  # type: ignore[return-value]

    def render(self, source: Source, charset: str = "utf-8") -> bytes:
        """The bytes, every placeholder filled from `source`."""
        if self.bare:
            return b"".join(map(source, self.pieces[1::2]))  # type: ignore[arg-type]
        pieces = [piece.encode(charset) for piece in self.pieces]
        pieces[1::2] = map(source, self.names)
        return b"".join(pieces)

    def fill(self, value: Callable[[Placeholder], str]) -> str:
        """The text, every placeholder filled from `value`."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        pieces = list(self.pieces)
        pieces[1::2] = map(value, self.names)
        return "".join(pieces)


def template(text: str) -> Template:
    """Cut a template. Raises ProfileError(code="template_invalid") at a brace that does not close."""
    pieces = _PLACEHOLDER.split(text)
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise ProfileError("a brace in the template does not open or close", code="template_invalid")
    bare = not any(pieces[::2])
    pieces[1::2] = names = [Placeholder(name) for name in pieces[1::2]]
    return Template(tuple(pieces), bare, names[0] if bare and len(names) == 1 else None)


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
    if not quoted:
        text = QUOTES[scheme.quote](text)
    return scheme.prefix + ENCODINGS[scheme.encode](_digest(scheme, text, source))


def matches(scheme: Scheme, presented: str, source: Source) -> bool:
    """True where `presented` is the signature; constant time. Hex is compared without regard to case, as carriers write it both ways."""
    expected = sign(scheme, source)
    if scheme.encode in ("hex", "HEX"):
        expected, presented = expected.lower(), presented.lower()
    return hmac.compare_digest(expected.encode(), presented.encode())


def _digest(scheme: Scheme, text: bytes, source: Source) -> bytes:
    plain = _HASHES.get(scheme.digest)
    if plain is not None:
        digest: bytes = plain(text, usedforsecurity=False).digest()
        return digest
    name = scheme.digest.removeprefix("hmac-")
    if name == "none":
        return text
    key = scheme.key.render(source) if scheme.key else b""
    if scheme.normalise:
        key = unicodedata.normalize(scheme.normalise, key.decode()).encode()  # type: ignore[arg-type]
    return hmac.digest(key, text, name)
