"""Whether a courier's enrolment lets them in now: expiry, revocation, long disuse, suspension, and where they come from.

Knows facts and the moment handed in; knows no table and no socket. Each condition of place is off until the carrier sets it. The
answer names the reason for our own record; whoever is refused is told one thing only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from masking.errors import VeilwayError

Network = IPv4Network | IPv6Network


class EnrolmentInvalid(VeilwayError):
    """A carrier's rule of admission that cannot be read."""

    code = "enrolment_invalid"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is known of a courier's access."""

    enrolled_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    suspended: bool = False
    """Themselves, their station or their carrier."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a carrier asks of all its couriers."""

    idle: timedelta | None = None
    """An account unused for so long is a leaver's account: closed."""
    networks: tuple[Network, ...] = ()
    fingerprints: frozenset[str] = frozenset()
    """SHA-256 of the client certificates allowed, hex."""

    @classmethod
    def of(
        cls, *, idle_days: int | None = None, networks: tuple[str, ...] = (), fingerprints: tuple[str, ...] = ()
    ) -> Admission:
        """From settings. Raises `enrolment_invalid` at the entry that is wrong."""
        if idle_days is not None and idle_days < 1:
            raise EnrolmentInvalid("at least one day", path="idle_days")
        read = []
        for text in networks:
            try:
                read.append(ip_network(text))
            except ValueError:
                raise EnrolmentInvalid(
                    "a network is an address and a prefix without host bits", path="networks"
                ) from None
        for text in fingerprints:
            if len(text) != 64 or not set(text.lower()) <= set("0123456789abcdef"):
                raise EnrolmentInvalid("a fingerprint is 64 hex digits of SHA-256", path="fingerprints")
        idle = None if idle_days is None else timedelta(days=idle_days)
        return cls(idle, tuple(read), frozenset(text.lower() for text in fingerprints))


def refusal(
    enrolment: Enrolment, admission: Admission, *, now: datetime, address: str = "", fingerprint: str = ""
) -> str:
    """Why this courier may not ask now; "" where they may. `address` and `fingerprint` are the connection's own, never a header's."""
    if enrolment.revoked_at is not None:
        return "revoked"  # also where its date lies ahead of a clock that stepped back
    if enrolment.suspended:
        return "suspended"
    if enrolment.expires_at is not None and now >= enrolment.expires_at:
        return "expired"
    if admission.idle is not None and now - (enrolment.last_used_at or enrolment.enrolled_at) >= admission.idle:
        return "unused_too_long"
    if admission.networks and not _within(address, admission.networks):
        return "address_not_allowed"
    if admission.fingerprints and not _known(fingerprint, admission.fingerprints):
        return "certificate_not_allowed"
    return ""


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)  # ::ffff:10.0.0.1 is the same host as 10.0.0.1
    return any((mapped or found) in network for network in networks)


def _known(fingerprint: str, fingerprints: frozenset[str]) -> bool:
    return any(compare_digest(fingerprint.lower().encode(), known.encode()) for known in fingerprints)
