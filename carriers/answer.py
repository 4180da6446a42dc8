"""A carrier's answer, on every status: facts read, echoes restored, what was born at the carrier masked. Bytes in, bytes and findings out.

Knows profiles and the order's record; decides nothing about the order (`outcome` says what the answer says, no more). An answer is never
refused for a field that nobody described, a booked order must not be lost over it: such a field passes through the detector.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from carriers.born import mask_born, scrub
from carriers.errors import CarrierRefusal
from carriers.outcome import Tree, any_holds, bare_outcome, first_text, read_outcome, unread_outcome
from carriers.profile import Operation
from carriers.restore import Echo, Record
from carriers.sheet import Leaf, Sheet, close_level, put_back
from carriers.veil import Veiled
from carriers.walk import walk_body
from carriers.wire import WireReply
from masking.personal import Kind

KEPT_HEADERS = ("content-type", "content-language", "retry-after")
_FREE_TEXT: Final = Kind.FREE_TEXT
_DATA_URI = re.compile(r"data:[\w/.+-]+;base64,", re.IGNORECASE)
_MARKS = " :：,，.。;；"
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"^XA", "ZPL"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)
PRINTED = frozenset(name for _, name in _MAGIC)
"""What a whole answer may be where a label was asked for. A page of HTML is rather an error of somebody's between."""


@dataclass(slots=True, repr=False)
class Artwork:
    """A label inside an answer. The gateway checks it and may `replace` it, or `withhold` it."""

    path: str
    format: str
    """PDF, PNG, GIF, JPEG, TIFF, ZPL, HTML, URL or unknown."""
    content: bytes
    """The artwork itself, or the URL."""
    _leaf: Leaf
    _base64: bool
    _before: str = ""
    """What stands before the content: `data:image/png;base64,`."""

    def replace(self, content: bytes) -> None:
        """Put other artwork, or another URL, in its place."""
        text = base64.b64encode(content).decode() if self._base64 else content.decode()
        self._leaf.container[self._leaf.key] = self._before + text

    def withhold(self) -> None:
        """Leave the place empty."""
        self._leaf.container[self._leaf.key] = ""


class WholeLabel(Artwork):
    """An answer that is nothing but a label: no document around it, its bytes as they are."""

    def __init__(self, content: bytes) -> None:
        self.path, self.format, self.content = "", sniff(content), content

    def replace(self, content: bytes) -> None:
        self.content = content

    def withhold(self) -> None:
        self.content = b""


class Answer(msgspec.Struct):
    """What goes back to the shop, and what the gateway should know."""

    status: int
    headers: Mapping[str, str]
    outcome: str
    """`booked`, `refused` or `unknown`."""
    waybill: str = ""
    waybills: tuple[str, ...] = ()
    routing_code: str = ""
    reference: str = ""
    handles: tuple[str, ...] = ()
    """The carrier's own ids of the shipment, by which later calls name it."""
    error_code: str = ""
    absent: bool = False
    """A look-up's answer that says that the carrier does not know the order."""
    readable: bool = True
    """False: the answer did not parse; nothing of it is passed on."""
    findings: tuple[str, ...] = ()
    """Paths of fields that nobody described."""
    masked: int = 0
    """How many values born at the carrier were masked."""
    artwork: list[Artwork] = []
    _sheet: Sheet | None = None
    _received: bytes = b""

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.outcome}>"

    @property
    def body(self) -> bytes:
        """The body for the shop. Closed when it is asked for, so that artwork can be replaced before.

        JSON in which nothing was set goes back byte for byte; XML may say more than its elements, and is always written anew.
        """
        sheet = self._sheet
        if sheet is None or not sheet.levels:
            return b"".join([page.content for page in self.artwork])
        if not (sheet.touched or self.artwork):
            for level in sheet.levels:
                if level.node.codec != "json":
                    break
            else:
                return self._received
        for level in sheet.levels:
            if level.container is not None:
                put_back(level, sheet)
        return close_level(sheet.levels[-1], sheet)


def rewrite_answer(
    operation: Operation,
    order: Veiled | Iterable[Echo] | None,
    reply: WireReply,
    *,
    keys: Mapping[str, str] | None = None,
) -> Answer:
    """Rewrite an answer of any status. `order` is the veiled order or its `restore_map` out of the vault; None restores nothing."""
    rule = operation.answer
    echoes = order.restore_map if isinstance(order, Veiled) else (order or ())
    sheet = Sheet(
        policy="mask",
        charset=operation.manner.charset,
        content_type=reply.headers.get("content-type", ""),
        secrets=keys or {},
    )
    given = reply.headers
    headers = {name: given[name] for name in KEPT_HEADERS if name in given}
    if not reply.body.strip():
        return Answer(reply.status, headers, bare_outcome(rule, reply.status))
    if operation.effect == "label" and reply.status < 400 and sniff(reply.body) in PRINTED:
        page = WholeLabel(reply.body)
        return Answer(reply.status, headers, bare_outcome(rule, reply.status), artwork=[page])
    sheet.lenient = True
    try:
        if not rule.glance.take(reply.body, sheet):
            walk_body(rule.root, reply.body, sheet)
    except CarrierRefusal as refusal:
        return Answer(reply.status, {}, unread_outcome(reply.status), error_code=refusal.code, readable=False)
    facts = sheet.facts
    waybills = _texts(facts["waybill"]) if "waybill" in facts else ()
    answer = Answer(
        reply.status,
        headers,
        read_outcome(rule, sheet, reply.status),
        waybills[0] if waybills else "",
        waybills,
        first_text(facts, "routing_code"),
        first_text(facts, "reference"),
        _texts(facts["handle"]) if "handle" in facts else (),
        first_text(facts, "error_code"),
        findings=tuple(sheet.findings),
        _sheet=sheet,
        _received=reply.body,
    )
    if rule.absent:
        answer.absent = any_holds(rule.absent, Tree(sheet))
    if "label" in facts or "label_url" in facts:
        answer.artwork = _artwork(facts)
    if sheet.leaves:
        answer.masked = settle(sheet, Record(echoes))
    return answer


def _texts(leaves: list[Leaf]) -> tuple[str, ...]:
    """What facts of one word say, each once."""
    said: list[str] = []
    for leaf in leaves:
        if leaf.value and leaf.value not in said:
            said.append(leaf.value)
    return tuple(said)


def settle(sheet: Sheet, record: Record) -> int:
    """Restore what is ours, mask what was born at the carrier; how many values were masked."""
    texts = [leaf for leaf in sheet.leaves if leaf.rule.kind is _FREE_TEXT]
    born = 0
    for leaf, plain in record.restore([leaf for leaf in sheet.leaves if leaf.rule.kind is not _FREE_TEXT]):
        if plain is None and leaf.value.strip():
            plain = mask_born(leaf).text
            born += 1
        if plain is not None and plain != leaf.value:
            sheet.set(leaf, plain)
    waybills = [leaf.value for leaf in sheet.facts.get("waybill", ())]
    for leaf in texts:
        if leaf.value.strip(_MARKS) in waybills:
            continue  # says nothing but the parcel's number, however much that looks like a phone
        # A remark that went out scrubbed and comes back as it went is the shop's own; any other text is the carrier's.
        text = record.text(leaf.value) or scrub(leaf.value, sheet.leaves)
        if text != leaf.value:
            sheet.set(leaf, text)
            born += 1
    return born


def _artwork(facts: Mapping[str, list[Leaf]]) -> list[Artwork]:
    found = [
        Artwork(leaf.path, "URL", leaf.value.encode(), leaf, False) for leaf in facts.get("label_url", []) if leaf.value
    ]
    for leaf in facts.get("label", []):
        if leaf.value:
            before = _DATA_URI.match(leaf.value)
            content, coded = _decoded(leaf.value[before.end() :] if before else leaf.value)
            found.append(
                Artwork(leaf.path, sniff(content), content, leaf, coded, before[0] if before and coded else "")
            )
    return found


def _decoded(text: str) -> tuple[bytes, bool]:
    """Artwork out of its field: base64 mostly, sometimes plain ZPL or HTML."""
    try:
        return base64.b64decode("".join(text.split()), validate=True), True
    except (ValueError, binascii.Error):
        return text.encode(), False


def sniff(content: bytes) -> str:
    """The format of artwork, by its first bytes."""
    start = content.lstrip()[:512]
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    if start.startswith(b"<"):
        from masking.labels.html import is_html  # pictures and pages come with it, which only labels need

        return "HTML" if is_html(content) else "unknown"
    return "URL" if start.lower().startswith((b"http://", b"https://")) else "unknown"
