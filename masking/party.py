"""Masks a whole party under one policy. Knows which masker takes which field; the rules are theirs.

One rule is its own: no field's output holds another field's value, for people write their name into the address.
"""

from __future__ import annotations

from masking.addresses import mask_address
from masking.contacts import mask_company, mask_email
from masking.names import mask_name
from masking.personal import Masked, MaskedParty, Party, PostalAddress, RelayNumber
from masking.phones import mask_phone, show_relay
from masking.policies import DEFAULT, POLICIES, PolicyRefused, policy_named
from masking.postcodes import mask_postcode
from masking.text import STARS

SHORTEST = 2  # one letter of a name stands in every second address


def mask_party(
    party: Party, *, policy: str = DEFAULT, relay: RelayNumber | None = None, full_scope: bool = False
) -> MaskedParty:
    """Mask every field of a party; `relay` stands in for its phone, in clear.

    The policy `none` leaves name, company and address plain and is refused (code `full_scope_required`) without `full_scope`,
    which the caller sets only after it has named and audited that scope. Phone and e-mail stay covered under every policy.
    """
    rule = POLICIES.get(policy) or policy_named(policy)
    phone = mask_phone(party.phone, policy) if relay is None else show_relay(relay)
    if rule.plain_address:
        if not full_scope:
            raise PolicyRefused(
                "this policy shows the plain address and needs an explicit full scope", code="full_scope_required"
            )
        return _plain(party, phone, relay)
    name, address = mask_name(party.name), party.address
    street = mask_address(address.street, address.country)
    if _holds_other(street.text, party):
        street = _without_others(street, party)
    reasons = [("name", name.reason), ("phone", phone.reason), ("address.street", street.reason)]
    company = _optional("company", mask_company(party.company), reasons) if party.company else ""
    email = _optional("email", mask_email(party.email), reasons) if party.email else ""
    postcode = ""
    if address.postcode:
        postcode = _optional("address.postcode", mask_postcode(address.postcode, address.country), reasons)
    masked = PostalAddress(address.country, address.state, address.city, address.district, street.text, postcode)
    return MaskedParty(name.text, phone.text, relay, company, email, masked, tuple(reasons))


def _optional(field: str, masked: Masked, reasons: list[tuple[str, str]]) -> str:
    reasons.append((field, masked.reason))
    return masked.text


def _others(party: Party) -> tuple[str, ...]:
    return (party.name, party.email, party.phone, *party.ids)


def _holds_other(street: str, party: Party) -> bool:
    name = party.name
    return (len(name) >= SHORTEST and name in street) or any(
        len(value) > SHORTEST and value in street for value in _others(party)[1:]
    )


def _without_others(street: Masked, party: Party) -> Masked:
    text = street.text
    for value in _others(party):
        if len(value) >= SHORTEST:
            text = text.replace(value, STARS)
    return Masked(text, "addressee")


def _plain(party: Party, phone: Masked, relay: RelayNumber | None) -> MaskedParty:
    reasons = [(field, "plain_under_full_scope") for field in ("name", "company", "address")]
    reasons.append(("phone", phone.reason))
    email = _optional("email", mask_email(party.email), reasons) if party.email else ""
    return MaskedParty(party.name, phone.text, relay, party.company, email, party.address, tuple(reasons))
