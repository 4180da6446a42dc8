"""The policies are data, and none shows more of a phone than the standard allows."""

from __future__ import annotations

import pytest

from masking.policies import DEFAULT, POLICIES, PolicyRefused, policy_named

HIDDEN_BY_LAW = 6  # GB/T 41833-2022


def test_the_four_policies_are_there_and_the_default_is_one() -> None:
    assert set(POLICIES) == {"gb-last4", "gb-strict", "virtual", "none"}
    assert DEFAULT == "gb-last4"
    assert [name for name, policy in POLICIES.items() if policy.plain_address] == ["none"]


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_no_policy_hides_fewer_digits_than_the_standard(name: str) -> None:
    policy = policy_named(name)
    assert policy.name == name
    assert policy.phone_hidden >= HIDDEN_BY_LAW
    assert policy.phone_tail + policy.phone_hidden == 10


def test_an_unknown_policy_is_refused_and_the_known_are_told() -> None:
    with pytest.raises(PolicyRefused, match="gb-last4, gb-strict, virtual, none"):
        policy_named("gb")
