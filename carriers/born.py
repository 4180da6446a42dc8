"""What is born at the carrier: its couriers', depots' and signers' data, in fields and in free text, masked.

Knows kinds and fields; knows no order. Names in free text are found by the words before them (`masking/named.py`), and by the fields beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from carriers.sheet import Leaf
from masking.addresses import mask_address
from masking.contacts import mask_company, mask_email, mask_id
from masking.freetext import mask_text
from masking.named import mask_named
from masking.names import mask_name
from masking.personal import Kind, Masked
from masking.phones import mask_phone

_NAME, _FREE_TEXT = Kind.NAME, Kind.FREE_TEXT
_LEAST = 2  # letters of a value that is looked for in a text
_NAME_WORD = 3  # letters from which a first or last name is looked for alone


def mask_born(leaf: Leaf) -> Masked:
    """Mask a field that the carrier wrote."""
    match leaf.rule.kind:
        case Kind.NAME:
            return mask_name(leaf.value)
        case Kind.PHONE:
            return mask_phone(leaf.value) if not leaf.rule.part else Masked("*" * len(leaf.value), "phone_part")
        case Kind.EMAIL:
            return mask_email(leaf.value)
        case Kind.ADDRESS_LINE:
            return mask_address(leaf.value) if leaf.rule.part != "house" else Masked("**", "house_number")
        case Kind.COMPANY:
            return mask_company(leaf.value)
    return mask_id(leaf.value)


def scrub(text: str, beside: list[Leaf]) -> str:
    """A free text without phones, e-mails, ids and doors, names after a title, and the personal values that stand in fields `beside` it."""
    return mask_text(mask_named(without_known(text, beside, _born_text))).text


def _born_text(leaf: Leaf) -> str:
    return mask_born(leaf).text


def without_known(text: str, leaves: list[Leaf], stand_in: Callable[[Leaf], str]) -> str:
    """A text in which no value of these leaves stands, and no first or last name of a full name either."""
    standing: list[Leaf] = []
    words: list[str] = []
    for leaf in leaves:
        value = leaf.value  # first what hardly ever is
        if value in text and len(value) >= _LEAST and leaf.rule.kind is not _FREE_TEXT:
            standing.append(leaf)
        if " " in value and leaf.rule.kind is _NAME:
            words += value.split()
    if standing:
        for leaf in sorted(standing, key=lambda leaf: -len(leaf.value)):
            text = text.replace(leaf.value, stand_in(leaf))
    for word in words:
        if len(word) >= _NAME_WORD and word in text:
            text = re.sub(rf"\b{re.escape(word)}\b", lambda found: mask_name(found[0]).text, text)
    return text
