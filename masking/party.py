"""Masks a whole party under one policy. Knows which masker takes which field; the rules are theirs."""

from __future__ import annotations

from masking.addresses import mask_address, mask_postcode
from masking.contacts import mask_company, mask_email
from masking.names import mask_name
from masking.personal import Masked, MaskedParty, Party, PostalAddress, RelayNumber
from masking.phones import mask_phone, show_relay
from masking.policies import DEFAULT, POLICIES, PolicyRefused, policy_named

PLAIN_REASON = "plain_under_full_scope"


def mask_party(
    party: Party, *, policy: str = DEFAULT, relay: RelayNumber | None = None, full_scope: bool = False
) -> MaskedParty:
    """Mask every field of a party; `relay` stands in for its phone, in clear.

    The policy `none` leaves name and address plain and is refused (code `full_scope_required`) without `full_scope`, which
    the caller sets only after it has named and audited that scope. Phone and e-mail stay covered under every policy.
    """
    rule = POLICIES.get(policy) or policy_named(policy)
    if rule.plain_address and not full_scope:
        raise PolicyRefused("the plain policy needs an explicit full scope", code="full_scope_required")
    phone = mask_phone(party.phone, policy) if relay is None else show_relay(relay)
    email = mask_email(party.email) if party.email else None
    if rule.plain_address:
        return _plain_party(party, phone, email, relay)
    name = mask_name(party.name)
    company = mask_company(party.company) if party.company else None
    reasons = [("name", name.reason), ("phone", phone.reason)]
    address = party.address
    street = mask_address(address.street, address.country)
    reasons.append(("address.street", street.reason))
    postcode = ""
    if address.postcode:
        postcode, reason = mask_postcode(address.postcode, address.country)
        reasons.append(("address.postcode", reason))
    if company:
        reasons.append(("company", company.reason))
    if email:
        reasons.append(("email", email.reason))
    return MaskedParty(
        name.text,
        phone.text,
        relay,
        company.text if company else "",
        email.text if email else "",
        PostalAddress(address.country, address.state, address.city, address.district, street.text, postcode),
        tuple(reasons),
    )


def _plain_party(party: Party, phone: Masked, email: Masked | None, relay: RelayNumber | None) -> MaskedParty:
    reasons = [(field, PLAIN_REASON) for field in ("name", "company", "address")] + [("phone", phone.reason)]
    if email:
        reasons.append(("email", email.reason))
    return MaskedParty(
        party.name, phone.text, relay, party.company, email.text if email else "", party.address, tuple(reasons)
    )
