"""The plain values: who a parcel goes to and comes from. Their `repr` never shows content.

Knows no masking rule and no wire format. A plain `Party` and what stands in for it (`MaskedParty`) are two types, so that
one cannot pass for the other. Rules are in `names.py`, `phones.py`, `addresses.py`, `contacts.py`.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct


class Kind(StrEnum):
    """What a leaf of a carrier's document is. The same words stand in profiles, in `infer` and in the audit log."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS_LINE = "address_line"
    COMPANY = "company"
    ID = "id"
    FREE_TEXT = "free_text"
    CREDENTIAL = "credential"
    PLAIN = "plain"


class Role(StrEnum):
    """Whose a personal value is."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    THIRD_PARTY = "third_party"


class Masked(NamedTuple):
    """A masked value and the code of the rule that cut it (`docs/masking.md` lists them)."""

    text: str
    reason: str


masked = partial(tuple.__new__, Masked)  # half the cost of calling the class; takes the pair


def _shape(value: Struct) -> str:
    """Tell which fields are filled, never with what."""
    names = [name for name in value.__struct_fields__ if getattr(value, name)]
    return f"<{type(value).__name__} {' '.join(names) or 'empty'}>"


# Every order makes some ten of these: a struct is made at a fifteenth of what a frozen dataclass costs. Without `gc`: they hold texts and
# one another, in no circle.
class PostalAddress(Struct, frozen=True, gc=False):
    """An address as far as the source splits it; an undivided one stands whole in `street`."""

    country: str = ""
    """ISO 3166-1 alpha-2 where known."""
    state: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    """Street, number, compound, unit; several lines are joined by a line feed."""
    postcode: str = ""

    __repr__ = _shape

    def __bool__(self) -> bool:
        return self != _NOWHERE


_NOWHERE = PostalAddress()


class Party(Struct, frozen=True, gc=False):
    """A plain consignee or consignor. Lives in memory only; at rest it is sealed (`vault.py`)."""

    name: str = ""
    phone: str = ""
    """As the shop wrote it. Several numbers of one party are joined by a line feed, the one to dial first."""
    email: str = ""
    company: str = ""
    address: PostalAddress = _NOWHERE
    ids: tuple[str, ...] = ()
    """Tax, customs and personal numbers."""

    __repr__ = _shape


class RelayNumber(Struct, frozen=True, gc=False):
    """What stands in for a phone: X of up to 15 digits as text, and an optional extension."""

    x: str
    ext: str = ""

    @property
    def dial(self) -> str:
        """One string for a format with a single phone field: `X-EXT`, or X alone."""
        return f"{self.x}-{self.ext}" if self.ext else self.x


class MaskedParty(Struct, frozen=True, gc=False):
    """What a label, a page or a carrier may show of a party."""

    name: str = ""
    phone: str = ""
    """Masked digits, or a relay number's dial string where `relay` is set."""
    relay: RelayNumber | None = None
    company: str = ""
    email: str = ""
    address: PostalAddress = _NOWHERE
    """Its `street` and `postcode` are masked, the rest is routing."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Pairs of field name and reason code."""


def as_dict(value: Any) -> dict[str, Any]:
    """The filled fields of a party or an address as plain JSON values, for sealing."""
    out: dict[str, Any] = {}
    for name in value.__struct_fields__:
        item = getattr(value, name)
        if isinstance(item, PostalAddress):
            item = as_dict(item)
        if item:
            out[name] = list(item) if isinstance(item, tuple) else item
    return out
