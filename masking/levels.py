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
from masking.scope import LevelOf

_HIDDEN, _MASKED, _RELAY, _FULL = Level  # reading a member off its class costs as much as a call


def show_party(
    party: Party, level_of: LevelOf, *, relay: RelayNumber | None = None, alias: str = "", masking: str = DEFAULT
) -> MaskedParty:
    """A party as the levels allow. Its `reasons` name the masking rules that cut something."""
    reasons: list[tuple[str, str]] = []
    by_phone, by_email = level_of("phone"), level_of("email")
    name = _shown("name", level_of("name"), party.name, mask_name, reasons)
    company = _shown("company", level_of("company"), party.company, mask_company, reasons)
    phone = _shown("phone", by_phone, party.phone, lambda text: mask_phone(text, masking), reasons)
    email = alias if by_email is _RELAY else _shown("email", by_email, party.email, mask_email, reasons)
    address = _address(party.address, level_of("street"), level_of("region"), reasons)
    called = relay if by_phone is _RELAY else None
    return MaskedParty(name, called.dial if called else phone, called, company, email, address, tuple(reasons))


def show_ids(ids: tuple[str, ...], level: Level) -> tuple[str, ...]:
    """Identity, tax and customs numbers at a level."""
    if level is _FULL:
        return ids
    return tuple(mask_id(number).text for number in ids) if level is _MASKED else ()


def show_text(text: str, level: Level) -> str:
    """A free text at a level; masked, everything personal in it is covered."""
    if level is _FULL:
        return text
    return mask_text(mask_named(text)).text if text and level is _MASKED else ""


def _shown(field: str, level: Level, value: str, mask: Callable[[str], Masked], reasons: list[tuple[str, str]]) -> str:
    """A value at a level; what cut it is added to the reasons."""
    if level is _FULL:
        return value
    if not value or level is not _MASKED:
        return ""
    text, reason = mask(value)
    reasons.append((field, reason))
    return text


def _address(address: PostalAddress, door: Level, region: Level, reasons: list[tuple[str, str]]) -> PostalAddress:
    """Region and street have levels of their own. The postcode's last part leads to a door in many countries: it goes with the street."""
    country = address.country
    street = _shown("address.street", door, address.street, lambda text: mask_address(text, country), reasons)
    if region is _HIDDEN or region is _RELAY:  # nothing stands in for a region
        return PostalAddress(street=street)
    if region is not _FULL:
        postcode = address.postcode if door is _FULL else ""
        return PostalAddress(country, address.state, address.city, "", street, postcode)
    postcode = address.postcode if door is _FULL else mask_postcode(address.postcode, country).text
    return PostalAddress(country, address.state, address.city, address.district, street, postcode)
