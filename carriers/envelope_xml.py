"""XML and SOAP by lxml: one tree, changed in place, so that namespaces, order and attributes stay as they came.

Knows elements; knows no field's meaning. Refuses a doctype (and with it every entity and bomb), never touches the network, drops comments and
processing instructions: nobody describes them and anybody can write into them.
"""

from __future__ import annotations

import re
from typing import cast

from lxml import etree

from carriers.errors import CarrierRefusal

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}"
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([\w\-]+)""")
Element = etree._Element


class Xml:
    """A parsed document and how its bytes began."""

    __slots__ = ("declared", "encoding", "root")

    def __init__(self, root: Element, encoding: str, declared: bool) -> None:
        self.root = root
        self.encoding = encoding
        self.declared = declared

    def __repr__(self) -> str:
        return "<Xml>"


class Text:
    """An element's text as a container of one value, so that the walker sets and drops it as any other."""

    __slots__ = ("element",)

    def __init__(self, element: Element) -> None:
        self.element = element

    def __repr__(self) -> str:
        return "<Text>"

    def __setitem__(self, _key: object, text: str) -> None:
        self.element.text = text

    def __delitem__(self, _key: object) -> None:
        parent = self.element.getparent()
        if parent is not None:
            parent.remove(self.element)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        strip_cdata=False,
        remove_comments=True,
        remove_pis=True,
    )


def loads(raw: bytes, path: str) -> Xml:
    """The document. Raises CarrierRefusal: doctype_refused, too_deep, malformed_xml."""
    if b"<!DOCTYPE" in raw:
        raise CarrierRefusal("XML with a doctype", code="doctype_refused", path=path)
    try:
        root = etree.fromstring(raw, _parser())
    except etree.XMLSyntaxError as error:
        if "depth" in str(error):
            raise CarrierRefusal("XML nested too deeply", code="too_deep", path=path) from None
        if "encoding" in str(error):
            raise CarrierRefusal("the XML is not in the charset it names", code="bad_charset", path=path) from None
        raise CarrierRefusal("the XML does not parse", code="malformed_xml", path=path) from None
    except ValueError:
        raise CarrierRefusal("the XML does not parse", code="malformed_xml", path=path) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None:
        raise CarrierRefusal("XML with a doctype", code="doctype_refused", path=path)
    return Xml(root, info.encoding or "UTF-8", raw.lstrip()[:5] == b"<?xml")


def recoded(text: bytes, path: str) -> bytes:
    """A document that stood inside a string, as UTF-8, in the charset that its own declaration names."""
    named = _DECLARED.match(text)
    if named is None or named[1].lower() == b"utf-8":
        return text
    try:
        return text.decode().encode(named[1].decode())
    except (LookupError, UnicodeEncodeError):
        raise CarrierRefusal("the XML is not in the charset it names", code="bad_charset", path=path) from None


def dumps(xml: Xml) -> bytes:
    """The document in the encoding it came in, with a declaration where it had one."""
    return cast(bytes, etree.tostring(xml.root, encoding=xml.encoding, xml_declaration=xml.declared))


def canonical(xml: Xml) -> bytes:
    """The same bytes for equal documents (XML C14N; its second edition where names stand in a relative namespace)."""
    try:
        return etree.tostring(xml.root, method="c14n")
    except etree.C14NError:
        return str(etree.canonicalize(etree.tostring(xml.root, encoding="unicode"))).encode()


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def local_attributes(element: Element) -> list[tuple[str, str, str]]:
    """Qualified name, local name and value of each attribute; schema hints (`xsi:…`) are no content."""
    found = []
    for name, value in element.items():
        qualified = str(name)
        if not qualified.startswith(_NIL):
            found.append((qualified, qualified.rpartition("}")[2], str(value)))
    return found


def put_beside(element: Element, name: str, text: str) -> None:
    """Set the sibling of that local name, or add one right after `element`, in its namespace."""
    parent = element.getparent()
    if parent is None:
        return
    for item in parent:
        if local_name(item) == name:
            item.text = text
            return
    sibling = etree.Element(f"{{{etree.QName(element).namespace}}}{name}" if etree.QName(element).namespace else name)
    sibling.text, sibling.tail = text, element.tail
    parent.insert(parent.index(element) + 1, sibling)
