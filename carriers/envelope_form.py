"""URL-encoded forms: pairs in their order, repeats kept, UTF-8 or GBK. Knows no field's meaning; refuses broken percent-coding and charsets."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from carriers.errors import CarrierRefusal
from carriers.percent import quote, unquote

MAX_FIELDS = 1000
UTF_8 = "utf-8"
_HEADS: dict[str, bytes] = {}
"""`name=` by name. A format's names are few; a stranger's must not grow memory."""
_MOST_HEADS = 1024


class Field(Struct, eq=False, gc=False):
    """One pair of a form. `text` may be replaced; `coded` remembers what its percent-coding is, for the signature and the body alike."""

    name: str
    text: str | None
    """None drops the pair."""
    coded: bytes | None = None
    apart: bool = False
    """No part of the business document: a credential, or the string of a level that is opened."""

    def __repr__(self) -> str:
        return "<Field>"

    # The walker sets and drops values by container and key; a form's pair is its own container.
    def __setitem__(self, _key: object, text: str) -> None:
        self.text, self.coded = text, None

    def __delitem__(self, _key: object) -> None:
        self.text = self.coded = None

    def quoted(self, charset: str) -> bytes:
        """The value percent-coded, once."""
        coded = self.coded
        if coded is None:
            text = self.text or ""
            # ASCII is the same in every charset of a form, and naming one costs more than the rest.
            coded = self.coded = quote(text.encode() if text.isascii() else encode(text, charset, self.name))
        return coded


class DocumentField(Field, eq=False, gc=False):
    """A pair whose value is a document in UTF-8, which its own codec reads and writes: kept as bytes, and as text for who asks.

    Saves an order four passes over its largest string, two on the way in and two on the way out.
    """

    raw: bytes | None = None

    @property  # type: ignore[misc]
    def text(self) -> str | None:
        return None if self.raw is None else self.raw.decode()

    @text.setter
    def text(self, text: str | None) -> None:
        self.raw = None if text is None else text.encode()

    def encoded(self, charset: str) -> bytes:
        """The value in the form's charset."""
        return self.raw if charset == UTF_8 and self.raw is not None else encode(self.text or "", charset, self.name)

    def quoted(self, charset: str) -> bytes:
        if self.coded is None:
            self.coded = quote(self.encoded(charset))
        return self.coded


class Form(Struct, eq=False):
    """A form's pairs."""

    fields: list[Field]
    charset: str
    _first: dict[str, Field] | None = None

    def __repr__(self) -> str:
        return f"<Form of {len(self.fields)} fields>"

    def field(self, name: str) -> Field | None:
        """The first field of that name."""
        return (self._first or self.by_name()).get(name)

    def by_name(self) -> dict[str, Field]:
        """The first field of each name."""
        self._first = first = {field.name: field for field in reversed(self.fields)}
        return first

    def get(self, name: str) -> str | None:
        """What stands in the first field of that name."""
        field = self.field(name)
        return field.text if field is not None else None

    def put(self, name: str, text: str) -> None:
        """Replace the field of that name, or append one. An empty text takes the field out."""
        first = self._first or self.by_name()
        field = first.get(name)
        if field is not None:
            field.text = text or None
            if field.coded is not None:
                field.coded = None
        elif text:
            first[name] = field = Field(name, text)
            self.fields.append(field)


def encode(text: str, charset: str, path: str) -> bytes:
    """`text` in the form's charset. Raises CarrierRefusal(code="bad_charset") where it has no such character."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        raise CarrierRefusal(f"a character that {charset} does not have", code="bad_charset", path=path) from None


def loads(raw: bytes, charset: str, path: str, documents: Collection[str] = ()) -> Form:
    """The pairs of a form body or a query string. Whoever names `documents` reads those with a codec that refuses what is not UTF-8."""
    try:
        text = raw.decode("ascii" if raw.isascii() else charset)
    except UnicodeDecodeError:
        raise CarrierRefusal(f"the form is not {charset}", code="bad_charset", path=path) from None
    pairs = text.split("&", MAX_FIELDS)
    if len(pairs) > MAX_FIELDS:
        raise CarrierRefusal(f"more than {MAX_FIELDS} form fields", code="malformed_form", path=path)
    fields: list[Field] = []
    for pair in pairs:
        if pair:
            name, _, value = pair.partition("=")
            if "%" not in pair and "+" not in pair and name not in documents:
                fields.append(Field(name, value))
                continue
            if not name.isalnum() and ("%" in name or "+" in name):
                name = _decode(name, charset, path)
            if value and name in documents and charset == UTF_8:
                fields.append(DocumentField(name, None, raw=unquote(value, path)))
                continue
            if "%" in value or "+" in value:
                value = _decode(value, charset, path)
            fields.append(Field(name, value))
    return Form(fields, charset)


def dumps(form: Form) -> bytes:
    """The form as a body, blanks as `+`."""
    charset = form.charset
    return b"&".join(
        [
            (_HEADS.get(f.name) or _head(f.name, charset)) + (f.coded or f.quoted(charset))
            for f in form.fields
            if f.coded is not None or f.text is not None
        ]
    )


def _head(name: str, charset: str) -> bytes:
    head = quote(encode(name, charset, "")) + b"="
    if name.isascii() and len(_HEADS) < _MOST_HEADS:
        _HEADS[name] = head
    return head


def _decode(text: str, charset: str, path: str) -> str:
    try:
        return unquote(text, path, charset).decode(charset)
    except UnicodeDecodeError:
        raise CarrierRefusal(f"the form is not {charset}", code="bad_charset", path=path) from None
