"""Every leaf of a document nobody has described yet: its path, its keys from the root, its text.

Opens JSON, XML, form bodies and multipart, and whatever stands as JSON or XML inside a string, to any depth that is sane. Knows no
carrier and no meaning: what a leaf is, `infer.py` guesses and a profile says. Paths are written as everywhere in this project:
`$.a[0].b`, `$['odd key']`, `/A/B[2]/@c` (an index only where siblings repeat, namespaces dropped), `form:x`, `part:x`, `~` opens a string.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote_to_bytes

from lxml import etree

from masking.errors import VeilwayError

FORMATS = {
    ".json": "json",
    ".xml": "xml",
    ".form": "form",
    ".multipart": "multipart",
}
MAX_BYTES = 32 * 1024 * 1024  # a sample is a request or an answer with its labels; more is a mistake
MAX_DEPTH = 64  # real carriers nest a dozen levels, strings that open included; deeper is an attack

_PLAIN_KEY = re.compile(r"[^\W\d]\w*")


class UnreadableSample(VeilwayError):
    """The sample does not parse as what its suffix says; the message has the place, never the content."""

    code = "sample_unreadable"


class Number(str):
    """A JSON number in its own spelling, so that 1.10 and 12345678901234567890123 survive."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False)
class Leaf:
    """One string or number of a document."""

    path: str
    keys: tuple[str, ...]
    """Key names from the root, without indexes: form fields, JSON keys, XML elements, attributes."""
    text: str
    """Trimmed in XML, as it stands elsewhere."""
    group: str
    """The path of the object or element that holds it: leaves with one group are siblings."""
    number: bool = False

    def __repr__(self) -> str:
        return f"<Leaf {self.path} {len(self.text)} characters>"


def format_of(file_name: str) -> str:
    """`json`, `xml`, `form` or `multipart`, by suffix."""
    suffix = PurePath(file_name).suffix.lower()
    if suffix not in FORMATS:
        raise UnreadableSample(
            f"a sample ends in {', '.join(FORMATS)}, not in {suffix or 'nothing'!r}",
            code="sample_format",
            path=file_name,
        )
    return FORMATS[suffix]


def leaves(body: bytes, fmt: str) -> Iterator[Leaf]:
    """All leaves of `body`, read as `fmt` (`json`, `xml`, `form`, `multipart`), in document order."""
    if len(body) > MAX_BYTES:
        raise UnreadableSample(f"the sample has more than {MAX_BYTES} bytes", code="sample_too_large")
    match fmt:
        case "json":
            yield from _json(_load_json(_decode(body)), "$", (), "$", 0)
        case "xml":
            yield from _xml(_load_xml(body), "", (), 0)
        case "form":
            yield from _form(body)
        case "multipart":
            yield from _multipart(body)
        case _:
            raise UnreadableSample(f"unknown format {fmt!r}", code="sample_format")


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030")  # older Chinese endpoints; a superset of GBK
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _load_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=Number, parse_float=Number)
    except json.JSONDecodeError as error:
        raise UnreadableSample(f"not JSON at line {error.lineno}, column {error.colno}", path="$") from None
    except RecursionError:
        raise UnreadableSample("JSON nested too deep", path="$") from None


def _load_xml(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableSample(f"not XML at line {error.lineno}", path="/") from None
    tree: Any = root.getroottree()
    if tree.docinfo.doctype:
        raise UnreadableSample("XML with a document type is refused", code="xml_doctype", path="/")
    return root


def step(base: str, key: str) -> str:
    """`base` and the JSON key below it."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{base}.{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{base}['{escaped}']"


def _json(node: Any, path: str, keys: tuple[str, ...], group: str, depth: int) -> Iterator[Leaf]:
    if depth > MAX_DEPTH:
        raise UnreadableSample(f"nested deeper than {MAX_DEPTH} levels", code="sample_too_deep")
    match node:
        case dict():
            for key, value in node.items():
                yield from _json(value, step(path, key), (*keys, key), path, depth + 1)
        case list():
            for i, value in enumerate(node):
                # Scalars of a list are siblings of what stands beside the list: lines of one address.
                yield from _json(value, f"{path}[{i}]", keys, group if isinstance(value, str) else path, depth + 1)
        case Number():
            yield Leaf(path, keys, str(node), group, number=True)
        case str():
            yield from _text(node, path, keys, group, depth)


def _text(text: str, path: str, keys: tuple[str, ...], group: str, depth: int) -> Iterator[Leaf]:
    """A string: what stands inside it if it is JSON or XML, else itself."""
    inner = _inside(text)
    if inner is None:
        yield Leaf(path, keys, text, group)
    elif isinstance(inner, etree._Element):
        yield from _xml(inner, f"{path}~", keys, depth + 1)
    else:
        yield from _json(inner, f"{path}~$", keys, path, depth + 1)


def _inside(text: str) -> Any:
    start = text.lstrip()[:1]
    try:
        if start in ("{", "["):
            value = _load_json(text)
            return value if value else None
        if start == "<":
            return _load_xml(text.strip().encode())
    except UnreadableSample:
        return None  # looks like a document, is none: a text that starts with a bracket
    return None


def _name(tag: object) -> str:
    return etree.QName(tag).localname if isinstance(tag, str) else ""


def _xml(node: etree._Element, above: str, keys: tuple[str, ...], depth: int, index: str = "") -> Iterator[Leaf]:
    if depth > MAX_DEPTH:
        raise UnreadableSample(f"nested deeper than {MAX_DEPTH} levels", code="sample_too_deep")
    name = _name(node.tag)
    path, keys = f"{above}/{name}{index}", (*keys, name)
    for attribute, value in node.attrib.items():
        yield from _text(str(value).strip(), f"{path}/@{_name(attribute)}", (*keys, _name(attribute)), path, depth)
    children = [child for child in node if isinstance(child.tag, str)]
    text = (node.text or "").strip()
    if text or not children:
        yield from _text(text, path, keys, above, depth)
    repeated = Counter(_name(child.tag) for child in children)
    seen: Counter[str] = Counter()
    for child in children:
        tag = _name(child.tag)
        seen[tag] += 1
        yield from _xml(child, path, keys, depth + 1, f"[{seen[tag]}]" if repeated[tag] > 1 else "")


def _form(body: bytes) -> Iterator[Leaf]:
    for pair in body.strip().split(b"&"):
        if not pair:
            continue
        name, _, value = (_decode(unquote_to_bytes(part.replace(b"+", b" "))) for part in pair.partition(b"="))
        yield from _text(value, f"form:{name}", (name,), "form:", 0)


def _multipart(body: bytes) -> Iterator[Leaf]:
    boundary = body.lstrip().partition(b"\n")[0].strip()
    if not boundary.startswith(b"--"):
        raise UnreadableSample("a multipart body starts with its boundary")
    for part in body.split(boundary)[1:]:
        head, blank, content = part.lstrip(b"\r\n").replace(b"\r\n", b"\n", _header_lines(part)).partition(b"\n\n")
        if not blank:
            continue  # the closing boundary
        headers = BytesHeaderParser().parsebytes(head)
        name = str(headers.get_param("name", "", header="content-disposition"))
        kind = headers.get_content_type() if headers["content-type"] else ""
        yield from _part(_decode(content).strip("\r\n"), f"part:{name}", name, kind)


def _header_lines(part: bytes) -> int:
    """How many line ends the part's head has: those only are normalised, content stays as it is."""
    return part.lstrip(b"\r\n").partition(b"\r\n\r\n")[0].count(b"\r\n") + 2


def _part(text: str, path: str, name: str, kind: str) -> Iterator[Leaf]:
    inner = _inside(text) if kind.endswith(("json", "xml")) or not kind else None
    if inner is None:
        yield Leaf(path, (name,), text, "part:")
    elif isinstance(inner, etree._Element):
        yield from _xml(inner, path, (name,), 1)
    else:
        yield from _json(inner, f"{path}$", (name,), path, 1)
