"""Every personal field of every request that a profile describes, filled at once: none of it leaves beyond the scope.

The documents are made from the profiles' own claims, so that a new profile or a new field is tested without a line here; samples show a tenth
of a format's fields, this shows them all.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from carriers.compose import compose
from carriers.coverage import Row, rows
from carriers.fieldpath import parse
from carriers.finish import preview
from carriers.order import open_order
from carriers.profile import CarrierProfile, Operation, load_profiles
from carriers.rewrite import rewrite_answer
from carriers.veil import veil
from carriers.wire import WireReply, WireRequest
from masking.guard import Guard
from masking.personal import Kind, RelayNumber, Role

PROFILES = load_profiles()
RELAYS = {
    Role.SENDER: RelayNumber("17055500001", "1001"),
    Role.RECIPIENT: RelayNumber("17055500002", "2002"),
    Role.THIRD_PARTY: RelayNumber("17055500003", "3003"),
}
TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "text/xml"}
SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "ra", "su", "ti", "vo")


def word(number: int) -> str:
    """A made-up name that no other number has."""
    return "".join(SYLLABLES[int(digit)] for digit in f"{number:04}").capitalize()


def canary(kind: str, number: int) -> str:
    """A value of a kind, recognisable by its number."""
    match kind.partition(" ")[0]:
        case "name":
            return f"Quill {word(number)}"
        case "phone":
            return f"1390{number:07}"
        case "email":
            return f"{word(number)}@example.org".lower()
        case "company":
            return f"{word(number)} Vexmoor Handel GmbH"
        case "id":
            return f"ID77{number:07}"
    return f"{word(number)}street {number % 90 + 10}, Apt {number % 80 + 10}Z"


def requests() -> list[tuple[CarrierProfile, Operation]]:
    return [
        (profile, operation)
        for profile in PROFILES.values()
        for operation in profile.operations.values()
        if operation.effect in ("create", "update", "return", "label")
        and not profile.manner.ciphers
        and operation.root.inner is not None
    ]


@cache
def described(carrier: str) -> tuple[Row, ...]:
    return tuple(rows(PROFILES[carrier]))


def telling(carrier: str) -> set[str]:
    """Keys whose value tells a party's role."""
    return {row.party.removeprefix("by ") for row in described(carrier) if row.party.startswith("by ")}


def root_of(path: str) -> str:
    """What a document's paths share: the XML root element, or the list or object that JSON begins with."""
    return path.split("/")[1] if path.startswith("/") else path[:2].strip(".")


def filled(profile: CarrierProfile, name: str, direction: str = "request") -> tuple[bytes, dict[str, Row]]:
    """A document with every claimed field, and which canary stands for which row."""
    wanted = [row for row in described(profile.id) if (row.operation, row.direction) == (name, direction)]
    wanted = [
        row
        for row in wanted
        if row.path != "anything else" and not row.path.endswith("*") and "attachment" not in row.kind
    ]
    main = Counter(root_of(row.path) for row in wanted).most_common(1)
    leaves, planted, keys = [], {}, telling(profile.id)
    for number, row in enumerate(wanted):
        if root_of(row.path) != main[0][0]:
            continue
        value = "2" if re.split(r"[./\]]", row.path)[-1] in keys else "1"
        if row.group == "personal":
            value = (
                "1234"
                if "last4" in row.kind or "ext" in row.kind or "area" in row.kind or "country" in row.kind
                else canary(row.kind, number)
            )
            value = f"{number % 900 + 100}K" if "(house)" in row.kind else value
            if len(value) > 4:
                planted[value] = row
        elif row.group == "free_text":
            value = f"please call 1380{number:07} before noon"
            planted[f"1380{number:07}"] = row
        leaves.append((parse(row.path), value))
    return compose(leaves, profile.manner.charset), planted


@pytest.mark.parametrize(
    ("profile", "operation"), requests(), ids=[f"{profile.id}-{operation.id}" for profile, operation in requests()]
)
def test_no_field_that_a_profile_calls_personal_leaves_as_it_came(
    profile: CarrierProfile, operation: Operation
) -> None:
    body, planted = filled(profile, operation.id)
    order = open_order(
        operation,
        WireRequest(operation.method, operation.path, "", {"content-type": TYPES[operation.root.codec]}, body),
    )
    plain = [(kind.value, value) for _, kind, _, value in order.fields if kind is not Kind.FREE_TEXT]
    short = {role: RelayNumber(relay.x) for role, relay in RELAYS.items()}
    made = veil(
        order,
        relays=short if profile.manner.phone_digits else RELAYS,
        emails={role: f"alias-{role.value[0]}@relay.example" for role in Role},
    )
    paths = {path for path, _, _ in made.granted}
    granted = {leaf.value for leaf in order.sheet.leaves if leaf.path in paths}
    sent = preview(made).body.decode(operation.manner.charset) + made.clear_text
    assert planted or operation.effect == "label"
    assert [(row.path, row.kind) for value, row in planted.items() if value in sent and value not in granted] == []
    assert Guard(plain, made.kept).check(made.clear_text) == []
    assert {kind for _, kind, _ in made.granted} <= (
        {Kind.ADDRESS_LINE, Kind.ID} if profile.last_mile == "label" else set()
    )


def answers() -> list[tuple[CarrierProfile, Operation]]:
    return [(profile, operation) for profile in PROFILES.values() for operation in profile.operations.values()]


@pytest.mark.parametrize(
    ("profile", "operation"), answers(), ids=[f"{profile.id}-{operation.id}" for profile, operation in answers()]
)
def test_no_field_that_a_profile_calls_personal_reaches_the_shop_as_the_carrier_wrote_it(
    profile: CarrierProfile, operation: Operation
) -> None:
    body, planted = filled(profile, operation.id, "answer")
    head = body.partition(b"\r\n")[0].removeprefix(b"--").decode() if operation.answer.root.codec == "multipart" else ""
    content_type = f"multipart/form-data; boundary={head}" if head else TYPES.get(operation.answer.root.codec, "")
    answer = rewrite_answer(operation, None, WireReply(200, {"content-type": content_type}, body))
    assert answer.readable
    told = answer.body.decode()
    # A street without a door that the masker can see stays; these all have one, but a house number alone does not.
    assert [(row.path, row.kind) for value, row in planted.items() if value in told] == []
