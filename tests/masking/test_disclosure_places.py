"""Where a parcel goes is read from its sealed record, only where the policy asks for it, and decides without being shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from masking.disclosure import Record, disclose
from masking.keyring import Keyring
from masking.personal import Party, PostalAddress
from masking.policy import Audience, Level, Occasion, Reader, ScopePolicy
from masking.policy_diff import recall
from masking.policy_load import load_policy
from masking.record import Order, to_groups
from masking.stage import Stage
from masking.vault import seal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS = Keyring.generate()
SHENZHEN = PostalAddress("CN", "广东省", "深圳市", "南山区", "科技园路1号", "518000")
BERLIN = PostalAddress("DE", "Berlin", "Berlin", "", "Musterstraße 12", "10115")
NOWHERE = PostalAddress(street="somewhere")
RULE = 'name="p"\n[[rule]]\nid="r"\nreaders=["delivery"]\nsee=["recipient.name"]\nlevel="full"\nstages="any"\n'


def shown(
    policy: ScopePolicy, address: PostalAddress, *, home: str = "", stage: Stage = Stage.CREATED, **who: Any
) -> Level:
    """The level of the recipient's name for a delivery courier, the sender living in Berlin."""
    parties = {"recipient": Party("Quill", address=address), "sender": Party("Bakido", address=BERLIN)}
    sealed = seal(KEYS, tenant="t", record="r", groups=to_groups(Order(parties)))
    audience = Audience(Reader.DELIVERY, "c", "zto", **who)
    made = disclose(
        Record("t", "r", sealed.wrapped, sealed.groups), keyring=KEYS, policy=policy, audience=audience,
        occasion=Occasion(stage, NOW, own=True), home=home,
    )  # fmt: skip
    told = json.loads(made.entry)
    assert "深圳" not in made.entry.decode() and "Berlin" not in made.entry.decode()
    asked = recall(told["detail"], at=NOW, actor="c")
    assert policy.decide(*asked).keys() == made.view.scope.decisions.keys() or not made.shown
    assert policy.decide_one(*asked, "recipient.name").level is made.view.scope.level("recipient.name")
    return made.view.scope.level("recipient.name")


@pytest.mark.parametrize(
    ("regions", "address", "level"),
    [
        ({"CN/广东/深圳"}, SHENZHEN, Level.FULL),
        ({"CN/广东/广州", "CN:518"}, SHENZHEN, Level.FULL),
        ({"CN/广东/广州"}, SHENZHEN, Level.HIDDEN),
        ({"CN/广东/深圳"}, BERLIN, Level.HIDDEN),
        ({"CN/广东/深圳"}, NOWHERE, Level.HIDDEN),
        (set(), SHENZHEN, Level.HIDDEN),
    ],
)
def test_a_region_is_the_readers_own_or_the_field_is_hidden(
    regions: set[str], address: PostalAddress, level: Level
) -> None:
    policy = load_policy(RULE + "own_region = true\n")
    assert shown(policy, address, regions=frozenset(regions)) is level
    assert shown(load_policy(RULE), address, regions=frozenset(regions)) is Level.FULL


@pytest.mark.parametrize(
    ("country", "address", "home", "level"),
    [
        ("CN", SHENZHEN, "", Level.FULL),
        ("DE", SHENZHEN, "CN", Level.HIDDEN),
        ("", SHENZHEN, "CN", Level.HIDDEN),
        ("DE", BERLIN, "CN", Level.FULL),
        ("CN", NOWHERE, "CN", Level.FULL),
        ("CN", NOWHERE, "", Level.HIDDEN),
    ],
)
def test_data_stays_in_the_recipients_country(country: str, address: PostalAddress, home: str, level: Level) -> None:
    by_rule = load_policy(RULE + "own_country = true\n")
    by_terms = load_policy(RULE + "[terms.zto]\nown_country = true\n")
    with_basis = load_policy(RULE + 'own_country = true\n[terms.zto]\nbasis = "scc-7"\n')
    assert shown(by_rule, address, home=home, country=country) is level
    assert shown(by_terms, address, home=home, country=country) is level
    assert shown(with_basis, address, home=home, country=country) is Level.FULL


def test_a_parcel_that_goes_back_goes_to_its_sender() -> None:
    policy = load_policy(RULE + "own_region = true\n")
    berlin, shenzhen = frozenset({"DE/Berlin"}), frozenset({"CN/广东"})
    assert shown(policy, SHENZHEN, stage=Stage.RETURNED, regions=berlin) is Level.FULL
    assert shown(policy, SHENZHEN, stage=Stage.RETURNED, regions=shenzhen) is Level.HIDDEN


def test_nothing_is_opened_where_nobody_asks_or_the_parcel_is_foreign() -> None:
    broken = Record("t", "r", b"no key", {"address": b"no address"})
    audience, occasion = Audience(Reader.DELIVERY, "c", "zto"), Occasion(Stage.CREATED, NOW, own=False)
    policy = load_policy(RULE + "own_region = true\n")
    assert not disclose(broken, keyring=KEYS, policy=policy, audience=audience, occasion=occasion).shown
    hidden = load_policy(RULE.replace("full", "hidden"))
    own = structs.replace(occasion, own=True)
    assert not disclose(broken, keyring=KEYS, policy=hidden, audience=audience, occasion=own).shown
