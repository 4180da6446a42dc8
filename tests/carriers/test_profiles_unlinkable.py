"""One person, every carrier: what stands in for them at one carrier stands at no other, and nothing else of them leaves but masks.

The documents are made from the profiles' own claims, every personal field filled with the same person's values.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carriers.compose import compose
from carriers.fieldpath import parse
from carriers.order import open_order
from carriers.profile import CarrierProfile, Operation
from carriers.veil import Veiled, veil
from carriers.wire import WireRequest
from masking.alias import alias
from masking.keyring import Keyring
from masking.personal import Kind, RelayNumber, Role
from tests.carriers.test_profiles_payloads_canaries import TYPES, described, requests, root_of, telling
from tests.masking.test_alias import KEYS, NOW

STOOD_IN = {"phone", "email"}
ALIASED = {"email", "id"}
_slots = count(1)


def document(profile: CarrierProfile, operation: Operation, person: dict[str, str]) -> bytes:
    """A request in which every personal field speaks of one person."""
    wanted = [row for row in described(profile.id) if (row.operation, row.direction) == (operation.id, "request")]
    wanted = [
        row
        for row in wanted
        if row.path != "anything else" and not row.path.endswith("*") and "attachment" not in row.kind
    ]
    main = Counter(root_of(row.path) for row in wanted).most_common(1)[0][0]
    leaves, keys = [], telling(profile.id)
    for row in wanted:
        if root_of(row.path) == main:
            value = "2" if re.split(r"[./\]]", row.path)[-1] in keys else "1"
            kind = row.kind.partition(" ")[0]
            if row.group == "personal":
                value = "1234" if re.search("last4|ext|area|country|house", row.kind) else person[kind]
            leaves.append((parse(row.path), value))
    return compose(leaves, profile.manner.charset)


def sent(profile: CarrierProfile, operation: Operation, person: dict[str, str], keys: Keyring, parcel: str) -> Veiled:
    """The order as it goes to this carrier, with numbers and aliases of its own as the gateway makes them."""
    headers = {"content-type": TYPES[operation.root.codec]}
    body = document(profile, operation, person)
    order = open_order(operation, WireRequest(operation.method, operation.path, "", headers, body))
    # A format of ten digits takes a North American number, which is that long without its country code.
    x, ext = ("1202555{:04}", "") if profile.manner.phone_digits else ("1705{:07}", "1")
    relays = {role: RelayNumber(x.format(next(_slots) % 10_000), ext) for role in Role}

    def stand_in(kind: Kind, value: str) -> str:
        made = alias(
            keys, tenant="shop", carrier=profile.id, kind=kind.value, normalised=value, now=NOW, lifetime=NOW - NOW,
            shipment=parcel,
        )  # fmt: skip
        return made.email("alias.example") if kind is Kind.EMAIL else made.token

    return veil(order, relays=relays, aliases=stand_in)


def stand_ins(made: Veiled) -> set[str]:
    """What stands in for phones, e-mails and shops' ids. Names, addresses and ids of a person's own are masked: that is their scope."""
    return {
        out
        for _role, kind, part, out, plain in made.restore_map
        if out
        and (kind in STOOD_IN or part == "alias")
        and part not in ("last4", "ext", "area", "country")
        and out != plain
    }


CREATES = [(profile, operation) for profile, operation in requests() if operation.effect == "create"]
people = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Quill Bakido", "诸葛文静", "麦田"]),
        "phone": st.integers(13_000_000_000, 19_999_999_999).map(str),
        "email": st.integers(10**6, 10**9).map(lambda number: f"quill{number}@example.org"),
        "company": st.just("Vexmoor Handel GmbH"),
        "id": st.integers(10**7, 10**9).map(lambda number: f"ID77{number}"),
        "address_line": st.just("Kiludo street 41, Apt 12Z"),
    }
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(people)
def test_no_two_carriers_are_given_the_same_stand_in_for_one_person(person: dict[str, str]) -> None:
    given_to: dict[str, str] = {}
    for profile, operation in CREATES:
        for value in stand_ins(sent(profile, operation, person, KEYS, "p1")):
            assert given_to.setdefault(value, profile.id) == profile.id
            assert person["phone"] not in value and person["email"] not in value and person["id"] not in value
    assert len(set(given_to.values())) > len(CREATES) // 2


@pytest.mark.parametrize("carrier", ["gls", "fedex", "mydhl", "usps", "canadapost"])
def test_an_id_or_an_e_mail_in_several_places_of_one_order_has_one_alias_and_in_the_next_order_another(
    carrier: str,
) -> None:
    profile, operation = next(pair for pair in CREATES if pair[0].id == carrier)
    person = {
        "name": "Quill Bakido", "phone": "13900000001", "email": "quill@example.org", "company": "Vexmoor GmbH",
        "id": "ID770000001", "address_line": "Kiludo street 41, Apt 12Z",
    }  # fmt: skip

    def aliases(parcel: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for _role, kind, part, out, _plain in sent(profile, operation, person, KEYS, parcel).restore_map:
            if part == "alias":
                found.setdefault(kind, set()).add(out)
        return found

    one, other = aliases("p1"), aliases("p2")
    assert one and set(one) <= ALIASED
    assert all(len(values) == 1 for values in one.values())
    assert all(one[kind].isdisjoint(other[kind]) for kind in one)


def test_the_check_sees_a_value_that_two_carriers_share() -> None:
    profile, operation = CREATES[0]
    person = {"name": "Quill", "phone": "13900000001", "email": "q@example.org", "company": "V", "id": "ID770000001"}
    person["address_line"] = "Kiludo street 41"
    headers = {"content-type": TYPES[operation.root.codec]}
    shared = {role: RelayNumber("17050000001", "1") for role in Role}
    made = []
    for _ in range(2):
        order = open_order(
            operation, WireRequest(operation.method, operation.path, "", headers, document(profile, operation, person))
        )
        made.append(stand_ins(veil(order, relays=shared)))
    assert made[0] & made[1]
