"""The masking policies as data: how much of each kind of value may stand on a label or go to a carrier.

Knows figures and their sources; the maskers read them and never decide how much.
"""

from __future__ import annotations

from dataclasses import dataclass

from masking.errors import VeilwayError


class PolicyRefused(VeilwayError):
    """An unknown policy, or a plain one without the full scope it needs."""

    code = "policy_unknown"


@dataclass(frozen=True, slots=True)
class Policy:
    """How much of a party may be seen."""

    name: str
    phone_tail: int
    """At most so many last digits of a phone stay."""
    phone_hidden: int
    """At least so many digits of a phone are hidden; fewer digits than that are hidden whole."""
    plain_address: bool = False
    """Name and address go whole: only under a full scope that is named and audited."""


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        # GB/T 41833-2022 hides six digits or more; the last four are what stations and tracking services ask for.
        Policy("gb-last4", phone_tail=4, phone_hidden=6),
        # Two digits fewer leave a hundred times as many numbers that match.
        Policy("gb-strict", phone_tail=2, phone_hidden=8),
        # A relay number stands in clear (`party.py`); a phone that is not one is masked as in gb-last4.
        Policy("virtual", phone_tail=4, phone_hidden=6),
        # USPS DMM 602.1.3: a piece must bear name, street number and apartment. Phones and e-mails stay covered.
        Policy("none", phone_tail=4, phone_hidden=6, plain_address=True),
    )
}
DEFAULT = "gb-last4"


def policy_named(name: str) -> Policy:
    """The policy of that name; an unknown one is refused, never replaced by a weaker one."""
    policy = POLICIES.get(name)
    if policy is None:
        raise PolicyRefused(f"there is no masking policy of this name; choose one of {', '.join(POLICIES)}")
    return policy
