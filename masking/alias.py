"""What stands in for a personal value: which alias, for whom, how long.

An alias is keyed by tenant and carrier: one recipient has the same alias within one shop and carrier, where that is wanted, and no
two carriers can tell that theirs are the same person. Knows keys and normalised values; knows no mail server and no table. The
way back is a look-up of `token` by whoever keeps it; an alias itself tells nothing. Format, final: 16 characters of lower-case
Base32 (80 bits); as an e-mail `r-<token>@<alias domain>`.
"""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from masking.errors import VeilwayError
from masking.keyring import Keyring, prefixed

_TOKEN_BYTES = 10
_EMAIL = re.compile(r"r-([a-z2-7]{16})@([a-z0-9.-]{1,253})", re.IGNORECASE | re.ASCII)
DOMAIN = r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
"""What an alias domain looks like, as a pattern of ASCII."""
_DOMAIN = re.compile(DOMAIN, re.ASCII)


class AliasError(VeilwayError):
    """An alias that cannot be made: the domain is not one."""

    code = "alias_domain_invalid"


@dataclass(frozen=True, slots=True)
class Alias:
    """A stand-in and its last moment."""

    token: str
    until: datetime

    def alive(self, now: datetime) -> bool:
        """Whether it still stands for someone. The last moment itself does not count."""
        return now < self.until

    def email(self, domain: str) -> str:
        """The address that bounces or forwards, as the shop has chosen."""
        if not _DOMAIN.fullmatch(domain):
            raise AliasError("an alias domain is lower-case letters, digits, hyphens and dots", path="alias_domain")
        return f"r-{self.token}@{domain}"


def alias(
    keyring: Keyring,
    *,
    tenant: str,
    carrier: str,
    kind: str,
    normalised: str,
    now: datetime,
    lifetime: timedelta,
    shipment: str = "",
) -> Alias:
    """The alias of a value towards one carrier. With `shipment` it is that parcel's own; without, the recipient's within the shop."""
    mac = keyring.mac("alias", tenant, carrier, prefixed(kind, normalised, shipment))
    token = b32encode(mac[:_TOKEN_BYTES]).decode().lower()
    return Alias(token, now + lifetime)


def email_token(address: str, domain: str) -> str | None:
    """The token of an alias address of `domain`, or None where it is none. Mail changes case on its way; the token does not mind."""
    found = _EMAIL.fullmatch(address.strip())
    if found is None or found[2].lower() != domain:
        return None
    return found[1].lower()
