"""A label that is a web page (kdniao's `PrintTemplate`, UPS's `HTMLImage`): what it says with codes undone and tags taken away, and the page
with its texts rewritten.

A value may be cut by tags, stand in an attribute, a comment or a script, or in a picture inside the page; all of them are read. What
lies elsewhere (a picture by address, a frame) cannot be, and is named. Knows pages; knows nobody's values.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import lxml.html
from lxml import etree
from PIL import Image

from masking.labels.errors import LabelRefused

MAX_BYTES = 8 * 1024 * 1024  # a page of a few labels with their pictures
MAX_PICTURES = 200
_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|style|table|div|center|span|p|img|script)\b",
    re.I | re.S,
)
_TAGS = re.compile(r"<[^<>]*>")
_DATA = re.compile(r"data:([\w/+.-]*)((?:;[^,;]*)*),", re.I)
_WHOLE_DATA = re.compile(r"data:[\w/+.;=-]*,[A-Za-z0-9+/=%\s]*", re.I)
_CSS_URL = re.compile(r"url\(\s*['\"]?\s*([^'\")]+)", re.I)
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)  # no page may hold these, however a reference spells them
# Elements that begin a line of their own; what stands in others runs on in the sentence around it.
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body br caption center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 head header hr li"
        " main nav ol option p pre section table tbody td tfoot th thead title tr ul script style",
    )
)
_FETCHED = {
    "img": ("src", "srcset"), "iframe": ("src",), "frame": ("src",), "embed": ("src",), "object": ("data",), "script": ("src",),
    "link": ("href",), "input": ("src",), "source": ("src", "srcset"), "video": ("src", "poster"), "image": ("href",), "use": ("href",),
    "body": ("background",), "table": ("background",), "td": ("background",),
}  # fmt: skip
"""Attributes by which a page shows what lies elsewhere."""


def is_html(data: bytes) -> bool:
    """Whether this is a page, or a piece of one."""
    return bool(_START.match(data[:4096]))


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """(sink, text) of everything a page says. Raises `LabelRefused` (`file_unreadable`)."""
    source = _decoded(data)[0]
    root = _parsed(source)
    lines = list(_lines(root))
    for at, line in enumerate(lines):
        yield f"html line {at + 1}", line
    yield "html text", "\n".join(lines)  # a number may stand in several cells
    for element in root.iter():
        if not isinstance(element.tag, str):
            yield "html comment", element.text or ""
            continue
        for name, value in element.attrib.items():
            text = str(value)
            yield f"html attribute {name}", text if not _DATA.match(text) else ""
            if "<" in text:
                yield f"html attribute {name}", _TAGS.sub("", text)
        if element.tag in ("script", "style"):
            yield f"html {element.tag}", element.text or ""
    for kind, content in _data(root):
        if not kind.startswith("image/") or kind == "image/svg+xml":
            text = content.decode("utf-8", "replace")
            yield "html data", text
            yield "html data", _TAGS.sub("", text)
    # A browser mends what a parser drops: the source itself is looked at, too.
    yield "html source", _WHOLE_DATA.sub("", source)


def pictures(data: bytes) -> Iterator[Image.Image]:
    """The pictures inside a page. Raises `LabelRefused` where one cannot be opened."""
    found = [
        content
        for kind, content in _data(_parsed(_decoded(data)[0]))
        if kind.startswith("image/") and kind != "image/svg+xml"
    ]
    if len(found) > MAX_PICTURES:
        raise LabelRefused("The page has too many pictures.", code="file_unreadable")
    for content in found:
        try:
            with Image.open(io.BytesIO(content)) as image:
                yield image.convert("L")
        except Exception as error:  # a decoder of broken pictures raises whatever it stumbles over
            raise LabelRefused("A picture of the page cannot be read.", code="file_unreadable") from error


def elsewhere(data: bytes) -> tuple[str, ...]:
    """What the page shows and does not hold: elements whose content a reader of this file cannot see."""
    root = _parsed(_decoded(data)[0])
    found: dict[str, None] = {}
    for element in root.iter():
        if isinstance(element.tag, str):
            fetched = [str(element.get(name) or "") for name in _FETCHED.get(element.tag, ())]
            fetched += _CSS_URL.findall(str(element.get("style") or ""))
            if element.tag == "style":
                fetched += _CSS_URL.findall(element.text or "")
            if any(
                value.strip() and not _DATA.match(value.strip()) and not value.strip().startswith("#")
                for value in fetched
            ):
                found[f"html {element.tag}"] = None
    return tuple(found)


def rewrite(data: bytes, replace: Callable[[str], str]) -> tuple[bytes, int]:
    """The page with each text and each attribute put through `replace`, comments left out, in the charset it came in; and how many changed."""
    source, charset = _decoded(data)
    root = _parsed(source)
    changed = 0
    for comment in [element for element in root.iter() if not isinstance(element.tag, str)]:
        _drop(comment)  # first of all: what stands behind it joins the text before it
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if not _DATA.match(str(value)) and (new := replace(str(value))) != value:
                element.set(name, _UNFIT.sub("", new))
                changed += 1
        for part in ("text", "tail"):
            old = getattr(element, part)
            if old and (new := _around(old, replace)) != old:
                setattr(element, part, _UNFIT.sub("", new))
                changed += 1
    doctype = root.getroottree().docinfo.doctype or None
    written = lxml.html.tostring(root, encoding="unicode", doctype=doctype)
    return written.encode(charset, "xmlcharrefreplace"), changed


def _around(text: str, replace: Callable[[str], str]) -> str:
    """A text with its outer blanks kept, which a page needs between words."""
    inner = text.strip()
    return text.replace(inner, replace(inner), 1) if inner else text


def _drop(comment: Any) -> None:
    parent = comment.getparent()
    if parent is None:
        return
    before, tail = comment.getprevious(), comment.tail or ""
    if before is not None:
        before.tail = _UNFIT.sub("", (before.tail or "") + tail)
    else:
        parent.text = _UNFIT.sub("", (parent.text or "") + tail)
    comment.tail = None
    parent.remove(comment)


def _decoded(data: bytes) -> tuple[str, str]:
    if len(data) > MAX_BYTES:
        raise LabelRefused("The page is too large.", code="file_unreadable")
    for charset in ("utf-8", "gb18030"):
        try:
            return data.decode(charset), charset
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _parsed(source: str) -> Any:
    parser = lxml.html.HTMLParser(no_network=True, huge_tree=False, recover=True, encoding="utf-8")
    try:
        # Characters that no page may hold would end the parser's reading early, and hide the rest.
        root = lxml.html.document_fromstring(source.replace("\x00", "").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise LabelRefused("The page cannot be read.", code="file_unreadable") from error
    return root


def _lines(root: Any) -> Iterator[str]:
    """What a reader of the page sees, a line for each block; inline tags do not part words."""
    line: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        block = isinstance(element.tag, str) and element.tag.lower() in _BLOCKS
        if block and any(part.strip() for part in line):
            yield "".join(line).strip()
        if block:
            line = []
        if event == "start" and element.tag not in ("script", "style"):
            line.append(element.text or "")
        if event in ("end", "comment", "pi"):
            line.append(element.tail or "")
    if any(part.strip() for part in line):
        yield "".join(line).strip()


def _data(root: Any) -> Iterator[tuple[str, bytes]]:
    """(media type, content) of everything that stands in the page as a data address."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        values = [str(value) for value in element.attrib.values()]
        values += _CSS_URL.findall(str(element.get("style") or "")) + (
            _CSS_URL.findall(element.text or "") if element.tag == "style" else []
        )
        for value in values:
            found = _DATA.match(value.strip())
            if found is None:
                continue
            packed = value.strip()[found.end() :]
            try:
                content = (
                    base64.b64decode("".join(packed.split()))
                    if ";base64" in found[2].lower()
                    else unquote_to_bytes(packed)
                )
            except (ValueError, binascii.Error):
                raise LabelRefused("A picture of the page cannot be read.", code="file_unreadable") from None
            yield found[1].lower() or "text/plain", content
