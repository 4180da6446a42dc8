"""A carrier's label inside an answer: checked against the order's plain values, masked where it can be, withheld where it cannot.

A carrier that was told masked values prints masked values, as a rule; this is the check of that rule. What cannot be read (a
picture, a page of a web service) is withheld, and the shop prints ours (`GET /v1/shipments/{id}/label`). A label by URL would
move the leak to whoever fetches it, so the URL is replaced by ours: of our own label, or, where a carrier delivers from its printed
label, of the one that `carrier_label.py` fetches from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from carriers.answer import Answer
from gateway.logs import log
from masking.errors import VeilwayError
from masking.labels.lint import Plain, check
from masking.labels.remask import remask
from masking.personal import Kind, Party

READABLE = frozenset({"PDF", "ZPL"})
LABEL_SCOPE = frozenset({Kind.ADDRESS_LINE, Kind.ID})
"""What a carrier that delivers from the printed label prints whole."""


class Paper(Protocol):
    """One label, wherever it came from."""

    format: str
    content: bytes

    def replace(self, content: bytes) -> None:
        """Put another in its place."""

    def withhold(self) -> None:
        """Leave its place empty."""


async def police(
    answer: Answer,
    parties: Collection[Party],
    *,
    by_label: bool,
    own_url: str,
    theirs: Callable[[bytes], str] | None = None,
) -> int:
    """Look at every label of an answer; gives how many were replaced or withheld. `by_label`: this carrier delivers from the
    printed label, under a scope that is on record. `theirs` gives the URL by which the shop has such a carrier's label fetched."""
    touched = 0
    for art in answer.artwork:
        url = theirs(art.content) if by_label and theirs is not None and art.format == "URL" else own_url
        touched += await police_one(art, parties, by_label=by_label, own_url=url)
    return touched


async def police_one(art: Paper, parties: Collection[Party], *, by_label: bool, own_url: str) -> int:
    """Look at one label; 1 where it was replaced or withheld."""
    if art.format == "URL":
        art.replace(own_url.encode()) if own_url else art.withhold()
        return 1
    if art.format in READABLE:
        return await asyncio.to_thread(_judge, art, list(parties), LABEL_SCOPE if by_label else frozenset())
    if by_label:
        return 0
    # A picture shows what the carrier was told, and nobody can search it: better ours.
    art.withhold()
    return 1


def _judge(art: Paper, parties: list[Party], keep: Collection[str]) -> int:
    """Let a clean label pass, mask one that shows something, withhold one that cannot be masked."""
    try:
        verdict = check(art.content, Plain(parties, keep=keep))
        if not any(finding.code.startswith("personal_") for finding in verdict.findings):
            return 0
        art.replace(remask(art.content, parties, keep=keep).data)
    except VeilwayError as error:
        log.info("artwork.withheld", code=error.code)
        art.withhold()
    return 1
