"""An address keeps its route and loses its door. Chooses the rules by script and country; the rules stand beside it."""

from __future__ import annotations

import re

from masking.addresses_han import mask_han
from masking.personal import Masked
from masking.text import clean

LIMIT = 1000
STARS = "****"
_HAN = re.compile("[\u3400-\u9fff]")
_UNIT = re.compile(
    r"(?:\b(?:apt|apartment|unit|suite|ste|flat|fl|floor|room|rm|bldg|building|block)\b\.?\s*|#\s*)[\w-]+", re.I
)
_HOUSE = re.compile(r"\b\d+[A-Za-z]?(?:[-/]\d+[A-Za-z]?)?\b")


def mask_address(text: str, country: str = "") -> Masked:
    """Mask an address, whole or a line of one."""
    address = clean(text, LIMIT)
    if not address:
        return Masked("", "empty") if not text or text.isspace() else Masked(STARS, "address_unreadable")
    if _HAN.search(address):
        return mask_han(address)
    masked, n = _UNIT.subn(STARS, address)
    if n:
        return Masked(masked, "unit")
    masked, n = _HOUSE.subn(STARS, address, count=1)
    return Masked(masked, "house_number" if n else "no_unit")


def mask_postcode(text: str, country: str = "") -> Masked:
    """Keep the part of a postcode that sorting needs."""
    code = clean(text, 16)
    if not code:
        return Masked("", "empty")
    return Masked(code, "postcode_routing")
