"""A level applied to a value: nothing, its mask, its stand-in, or itself. Knows which masker takes which field; decides no level."""

from __future__ import annotations

from collections.abc import Callable

from masking.addresses import mask_address, mask_postcode
from masking.contacts import mask_email, mask_id
from masking.freetext import mask_text
from masking.named import mask_named
from masking.names import mask_company, mask_name
from masking.personal import Masked, MaskedParty, Party, PostalAddress, RelayNumber
from masking.phones import mask_phone
from masking.policies import DEFAULT
from masking.policy import Level

LevelOf = Callable[[str], Level]
"""The level of a part of the party at hand: `name`, `phone`, `street`, …"""


def show_party(
    party: Party, level_of: LevelOf, *, relay: RelayNumber | None = None, alias: str = "", masking: str = DEFAULT
) -> MaskedParty:
    """A party as the levels allow. Its `reasons` name the masking rules that cut something."""
    reasons: list[tuple[str, str]] = []

    def shown(field: str, part: str, value: str, mask: Callable[[str], Masked]) -> str:
        level = level_of(part)
        if level is Level.FULL or not value:
            return value if level is Level.FULL else ""
        if level is not Level.MASKED:
            return ""
        text, reason = mask(value)
        reasons.append((field, reason))
        return text

    name = shown("name", "name", party.name, mask_name)
    company = shown("company", "company", party.company, mask_company)
    phone = shown("phone", "phone", party.phone, lambda text: mask_phone(text, masking))
    email = shown("email", "email", party.email, mask_email)
    address = _address(party.address, level_of, shown)
    if level_of("email") is Level.RELAY:
        email = alias
    called = relay if level_of("phone") is Level.RELAY else None
    return MaskedParty(name, called.dial if called else phone, called, company, email, address, tuple(reasons))


def show_ids(ids: tuple[str, ...], level: Level) -> tuple[str, ...]:
    """Identity, tax and customs numbers at a level."""
    if level is Level.FULL:
        return ids
    return tuple(mask_id(number).text for number in ids) if level is Level.MASKED else ()


def show_text(text: str, level: Level) -> str:
    """A free text at a level; masked, everything personal in it is covered."""
    if level is Level.FULL:
        return text
    return mask_text(mask_named(text)).text if text and level is Level.MASKED else ""


def _address(
    address: PostalAddress, level_of: LevelOf, shown: Callable[[str, str, str, Callable[[str], Masked]], str]
) -> PostalAddress:
    """Region and street have levels of their own. The postcode's last part leads to a door in many countries: it goes with the street."""
    country = address.country
    street = shown("address.street", "street", address.street, lambda text: mask_address(text, country))
    region = level_of("region")
    if region not in (Level.MASKED, Level.FULL):  # nothing stands in for a region
        return PostalAddress(street=street)
    if level_of("street") is Level.FULL:
        postcode = address.postcode
    else:
        postcode = mask_postcode(address.postcode, country).text if region is Level.FULL else ""
    district = address.district if region is Level.FULL else ""
    return PostalAddress(country, address.state, address.city, district, street, postcode)
