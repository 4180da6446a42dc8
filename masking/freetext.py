"""Finds what is personal in a text that may say anything: phones, e-mails, identity numbers, door parts.

Knows shapes and the words before them, not whose they are; names are found by the guard, which knows the order's own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from masking.contacts import mask_email, mask_id
from masking.personal import Kind, Masked
from masking.phones import mask_phone


class Span(NamedTuple):
    """Where something personal stands: `text[start:end]`, and what kind it is."""

    start: int
    end: int
    kind: Kind


_TRIGGER = re.compile(r"[@\d]")
_PERSONAL = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})"
    r"|(?<![0-9A-Za-z])(?P<id>[1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?P<phone>(?:\+?86[- ]?|0)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}|0[0-9]{2,3}-[0-9]{7,8}|\+[0-9]{1,3}[ -]?[0-9][0-9 -]{5,13}[0-9])(?![0-9])"
    r"|(?P<door>[0-9A-Za-z]{1,5}(?:号楼|单元|幢|栋|座|楼|层|室)(?:[0-9]{1,5}(?:单元|号|楼|层|室)?)*)"
)
_KINDS = {"email": Kind.EMAIL, "id": Kind.ID, "phone": Kind.PHONE, "door": Kind.ADDRESS_LINE}


def find_personal(text: str) -> list[Span]:
    """Every personal span of a text, in order, none overlapping."""
    if not _TRIGGER.search(text):
        return []
    return [Span(m.start(), m.end(), _KINDS[m.lastgroup or "door"]) for m in _PERSONAL.finditer(text)]


def mask_text(text: str) -> Masked:
    """Mask the personal spans of a text and keep the rest."""
    if not text:
        return Masked("", "empty")
    spans = find_personal(text)
    if not spans:
        return Masked(text, "text_clean")
    out, at = [], 0
    for start, end, kind in spans:
        out += text[at:start], _mask_span(text[start:end], kind)
        at = end
    out.append(text[at:])
    return Masked("".join(out), "text_scrubbed")


def _mask_span(value: str, kind: Kind) -> str:
    match kind:
        case Kind.EMAIL:
            return mask_email(value).text
        case Kind.ID:
            return mask_id(value).text
        case Kind.PHONE:
            return mask_phone(value).text
        case _:
            return "****"
