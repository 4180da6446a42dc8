"""An address keeps its route and loses its door. Chooses the rules by script; each script's rules stand in a file of their own.

`addresses_han.py`: Chinese characters and kana. `addresses_latin.py`: all other scripts. `postcodes.py`: postcodes.
"""

from __future__ import annotations

import re

from masking.addresses_han import han_pair
from masking.addresses_latin import mask_latin
from masking.personal import Masked, masked
from masking.postcodes import mask_postcode
from masking.text import STARS, clean

__all__ = ["mask_address", "mask_postcode"]

LIMIT = 600  # no form has room for a longer address; what stands behind is dropped, never shown
_HAN_OR_KANA = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")


def mask_address(text: str, country: str = "") -> Masked:
    """Mask an address, whole or one line of it; `country` is ISO 3166-1 alpha-2 where known.

    Reason `no_unit` says that nothing looked like a door, and the text is unchanged but for its spelling.
    """
    return masked(address_pair(text, country))


def address_pair(text: str, country: str = "") -> tuple[str, str]:
    """What `mask_address` gives, as a plain pair: for an order's lines, of which only the text is asked."""
    address = clean(text, LIMIT)
    if not address:
        return "", "empty"
    if "@" in address:
        address = _EMAIL.sub("", address).strip() or STARS
    if "\u4e00" <= address < "\ua000" or _in_han(address):  # begins with such a sign, as nearly all do
        pair = han_pair(address)
        if "\u4e00" <= pair[0] < "\ua000" or _in_han(pair[0]):
            return pair
        address = pair[0]  # what stood before the door is in letters, and has rules of its own
    return mask_latin(address, country)


def _in_han(text: str) -> bool:
    return not text.isascii() and _HAN_OR_KANA.search(text) is not None
