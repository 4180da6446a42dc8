"""Whether a label file may be printed: what a stranger can get out of it, and whether its codes will scan.

With the order's plain values at hand the guard decides what is personal; without them shapes do (`shapes.py`), so a bare
foreign name passes. Findings say what and where; texts are shown masked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from masking.guard import Guard
from masking.labels.codes import check_digit_finding
from masking.labels.errors import TicketRefused
from masking.labels.grid import Seen, codes_in
from masking.labels.layout import Finding
from masking.labels.shapes import mask_shapes, personal_kinds
from masking.labels.sinks import PIXELS, Reading, Said, read
from masking.labels.ticket import parse
from masking.labels.unread import unread
from masking.party import mask_party
from masking.personal import Kind, MaskedParty, Party

ALLOWED_METADATA = re.compile(r"D:\d{14}Z?|")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and what is readable (sink, kind, masked text)."""

    format: str
    findings: tuple[Finding, ...]
    readable: tuple[tuple[str, str, str], ...]
    notes: tuple[Finding, ...] = ()
    """Oddities that are no reason to stop: a check digit that is not what the number's form asks for."""
    unread: tuple[str, ...] = ()
    """Parts that nobody can search: pictures that are no code, pages without text, what lies elsewhere."""

    @property
    def clean(self) -> bool:
        return not self.findings


class Plain:
    """One order's plain values, for `check`: its guard and its waybill."""

    def __init__(self, parties: Iterable[Party], waybill: str = "", *, keep: Collection[str] = ()) -> None:
        """`keep` names the kinds that may stand on this label in clear."""
        parties = list(parties)
        masked = [mask_party(party) for party in parties]
        leaves = [leaf for party in parties for leaf in plain_leaves(party) if leaf[0] not in keep]
        self.guard = Guard(leaves, [text for party in masked for text in _kept(party)])
        self.waybill = waybill


def plain_leaves(party: Party) -> list[tuple[str, str]]:
    """Kind and value of everything personal about a party; several numbers or lines one by one."""
    lines = [(Kind.ADDRESS_LINE, line) for line in party.address.street.split("\n")]
    phones = [(Kind.PHONE, number) for number in party.phone.split("\n")]
    rest = [(Kind.NAME, party.name), (Kind.COMPANY, party.company), (Kind.EMAIL, party.email)]
    return [(kind, value) for kind, value in (*rest, *phones, *lines, *((Kind.ID, i) for i in party.ids)) if value]


def _kept(party: MaskedParty) -> list[str]:
    address = party.address
    return [
        text for text in (party.name, party.phone, party.company, party.email, address.street, address.postcode) if text
    ]


def personal_sinks(reading: Reading) -> list[str]:
    """Where something looks personal, for a label of which no order is known."""
    return [item.sink for item in reading.said if _personal(item, None)]


def check(data: bytes, plain: Plain | None = None, *, pixels: int = PIXELS) -> Verdict:
    """Look a label file over. Raises `LabelRefused` where it cannot be read completely, or has more `pixels`."""
    reading = read(data, pixels=pixels)
    seen = [code for picture in reading.pictures for code in codes_in(picture.image, on_grid=picture.on_grid)]
    said = [*reading.said, *(Said(f"{code.format} code", code.text, code=True) for code in seen if code.text)]
    findings: dict[Finding, None] = {}
    for item in said:
        for kind in _personal(item, plain):
            findings[Finding(f"personal_{kind}", item.sink)] = None
    for finding in (*_code_findings(seen, said, reading), *_waybill_findings(said, plain)):
        findings[finding] = None
    readable = tuple(_shown(item) for item in said if item.text.strip())
    return Verdict(reading.format, tuple(findings), readable, tuple(_notes(said)), unread(reading))


def _personal(item: Said, plain: Plain | None) -> list[str]:
    """The kinds of personal value that a text gives away."""
    if ALLOWED_METADATA.fullmatch(item.text) or (item.code and _is_ticket(item.text)):
        return []
    if plain is not None:
        return [hit.kind for hit in plain.guard.check(item.text)]
    if item.code and item.text.isalnum() and item.text.isascii() and not _is_mobile(item.text):
        return []
    return personal_kinds(item.text)


def _is_mobile(text: str) -> bool:
    return bool(re.fullmatch(r"1[3-9]\d{9}", text))


def _is_ticket(text: str) -> bool:
    try:
        parse(text)
    except TicketRefused:
        return False
    return True


def _code_findings(seen: list[Seen], said: list[Said], reading: Reading) -> list[Finding]:
    """What a pre-flight has against the codes; a printed picture in which none decodes is no label."""
    findings = [Finding(fault, f"{code.format} code") for code in seen for fault in code.faults]
    findings += [Finding(fault, sink) for fault, sink in reading.faults]
    if any(picture.on_grid for picture in reading.pictures) and not any(item.code for item in said):
        findings.append(Finding("no_code", "label"))
    return findings


def _notes(said: list[Said]) -> list[Finding]:
    wrong = (check_digit_finding(re.sub(r"[()]", "", item.text)) for item in said if item.code)
    return list(dict.fromkeys(Finding(code, "barcode") for code in wrong if code))


def _waybill_findings(said: list[Said], plain: Plain | None) -> list[Finding]:
    if plain is None or not plain.waybill:
        return []
    codes = {re.sub(r"[()]", "", item.text) for item in said if item.code}
    return [] if plain.waybill in codes else [Finding("waybill_differs", "barcode")]


def _shown(item: Said) -> tuple[str, str, str]:
    if item.code and _is_ticket(item.text):
        return (item.sink, "ticket", item.text[:24] + "…")
    kind = "code" if item.code else "text"
    if item.code and item.text.isalnum() and item.text.isascii():
        return (item.sink, kind, item.text)
    return (item.sink, kind, mask_shapes(item.text)[:80])
