"""What stands in for e-mails and shops' ids of persons in one order: an alias of this shop, carrier and parcel, the same in all its places.

Two carriers cannot link theirs, and neither can one carrier from parcel to parcel. Nobody keeps a way back beside the order's own
sealed record: mail to an alias bounces, which the alias domain's null MX (RFC 7505) says to every mail server.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from unicodedata import normalize

from gateway.service import Service
from masking.alias import alias
from masking.personal import Kind


def order_aliases(service: Service, tenant: str, carrier: str, shipment: str) -> Callable[[Kind, str], str]:
    """Kind and plain value -> its stand-in. A call about no shipment gets aliases that no other call gets."""
    domain, lifetime = service.settings.alias_domain, service.settings.hold
    parcel = shipment or secrets.token_hex(8)

    def stand_in(kind: Kind, value: str) -> str:
        if kind is Kind.EMAIL and not domain:
            return ""
        said = normalize("NFKC", value).strip()
        made = alias(
            service.keys.keyring,
            tenant=tenant,
            carrier=carrier,
            kind=kind.value,
            normalised=said.lower() if kind is Kind.EMAIL else said,
            now=service.clock(),
            lifetime=lifetime,
            shipment=parcel,
        )
        return made.email(domain) if kind is Kind.EMAIL else made.token

    return stand_in
