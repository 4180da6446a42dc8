"""An address keeps its route and loses its door. Chooses the rules by script; each script's rules stand in a file of their own.

`addresses_han.py`: Chinese characters and kana. `addresses_latin.py`: all other scripts. `postcodes.py`: postcodes.
"""

from __future__ import annotations

import re

from masking.addresses_han import mask_han
from masking.addresses_latin import mask_latin
from masking.personal import Masked
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
    address = clean(text, LIMIT)
    if not address:
        return Masked("", "empty")
    if "@" in address:
        address = _EMAIL.sub("", address).strip() or STARS
    if _in_han(address):
        masked = mask_han(address)
        if _in_han(masked.text):
            return masked
        address = masked.text  # what stood before the door is in letters, and has rules of its own
    return mask_latin(address, country)


def _in_han(text: str) -> bool:
    if "\u4e00" <= text < "\ua000":  # begins with such a character, as nearly all do; a search costs ten times as much
        return True
    return not text.isascii() and _HAN_OR_KANA.search(text) is not None
