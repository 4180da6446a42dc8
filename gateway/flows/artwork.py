"""A carrier's label inside an answer: read as a stranger would read it, masked where it shows somebody, withheld where it cannot be masked.

A carrier that was told masked values prints masked values, as a rule; this is the check of that rule. PDF, ZPL and HTML are read as text
and every code in them, and in pictures, is decoded. What no program can read (a picture, a page without text) falls under the route's
`label_artwork`: `withhold` (the default: what nobody looked at may hold anything), `replace` by our own label, or `trust` where an operator
takes the carrier at its word, and then only if no code in it tells of anybody. A label by URL would move the leak to whoever fetches it, so
the URL is replaced by ours: of our own label, or, where a carrier delivers from its printed label, of the one that `carrier_label.py` fetches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from carriers.answer import Answer
from gateway.logs import log
from masking.errors import VeilwayError
from masking.labels.lint import Plain, check
from masking.labels.remask import remask
from masking.personal import Kind, Party

READABLE = frozenset({"PDF", "ZPL", "HTML"})
"""Formats that say what they print; one of these that cannot be read is broken or hides something, and nobody's word helps."""
LABEL_SCOPE = frozenset({Kind.ADDRESS_LINE, Kind.ID})
"""What a carrier that delivers from the printed label prints whole."""
PIXELS = 120_000_000
"""What is drawn of one label: three A4 pages at 600 dpi, or some fifty labels at 300. A small file can ask for gigabytes."""
WITHHOLD, REPLACE, TRUST = "withhold", "replace", "trust"
POLICIES = (WITHHOLD, REPLACE, TRUST)

Own = Callable[[str], Awaitable[bytes]]
"""Our own label in a format (`PNG`, `PDF`, `HTML` …). Raises VeilwayError where there is none to print."""


class Paper(Protocol):
    """One label, wherever it came from."""

    format: str
    content: bytes

    def replace(self, content: bytes) -> None:
        """Put another in its place."""

    def withhold(self) -> None:
        """Leave its place empty."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a route asks of its carrier's labels."""

    by_label: bool = False
    """This carrier delivers from the printed label, under a scope that is on record."""
    unread: str = WITHHOLD
    own_url: str = ""
    theirs: Callable[[bytes], str] | None = None
    """Gives the URL by which the shop has such a carrier's label fetched."""
    own: Own | None = None
    """Draws our own label in place of one that may not go on."""


class _Look(Enum):
    CLEAN = auto()
    MASKED = auto()
    UNREAD = auto()
    SHOWS = auto()


async def police(answer: Answer, parties: Collection[Party], terms: Terms) -> int:
    """Look at every label of an answer; gives how many were withheld."""
    # Our own label names one waybill: a shipment of several parcels has no use for the same one on each.
    own = terms.own if len(answer.waybills) <= 1 else None
    withheld = 0
    for art in answer.artwork:
        withheld += await police_one(art, parties, terms, own)
    return withheld


async def police_one(art: Paper, parties: Collection[Party], terms: Terms, own: Own | None = None) -> int:
    """Look at one label; 1 where it was withheld."""
    if art.format == "URL":
        by_fetching = terms.by_label and terms.theirs is not None
        url = terms.theirs(art.content) if by_fetching and terms.theirs is not None else terms.own_url
        art.replace(url.encode()) if url else art.withhold()
        return 0 if url else 1
    look, masked = await asyncio.to_thread(_look, art, list(parties), LABEL_SCOPE if terms.by_label else frozenset())
    if look is _Look.CLEAN or (look is _Look.UNREAD and terms.unread == TRUST):
        return 0
    if look is _Look.MASKED:
        art.replace(masked)
        return 0
    if terms.unread == REPLACE and own is not None:
        try:
            art.replace(await own(art.format))
            return 0
        except VeilwayError as error:
            log.info("artwork.not_replaced", code=error.code)
    log.info("artwork.withheld", format=art.format)
    art.withhold()
    return 1


def _look(art: Paper, parties: list[Party], keep: Collection[str]) -> tuple[_Look, bytes]:
    """What a reader of the label gets to know, and the label masked where that is the answer."""
    plain = Plain(parties, keep=keep)
    try:
        verdict = check(art.content, plain, pixels=PIXELS)
    except VeilwayError:
        # Another printer's language, mostly: its words are searched, its drawings are unread. A format that we read is broken, or hides something.
        told = art.format in READABLE or plain.guard.check_bytes(art.content)
        return (_Look.SHOWS if told else _Look.UNREAD), b""
    if not any(finding.code.startswith("personal_") for finding in verdict.findings):
        return (_Look.UNREAD if verdict.unread else _Look.CLEAN), b""
    if art.format not in READABLE or verdict.unread:
        return _Look.SHOWS, b""
    try:
        return _Look.MASKED, remask(art.content, parties, keep=keep).data
    except VeilwayError:
        return _Look.SHOWS, b""
