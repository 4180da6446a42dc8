"""The plain values tell their shape and never their content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.personal import MaskedParty, Party, PostalAddress, RelayNumber, as_dict
from tests.canary import RECIPIENT

VALUES = RECIPIENT.values
ADDRESS = PostalAddress(country="CN", city="杭州市", street=VALUES["street"] + VALUES["door"], postcode="310000")
PARTY = Party(VALUES["name"], VALUES["phone"], VALUES["email"], address=ADDRESS, ids=(VALUES["id"],))


@pytest.mark.parametrize("value", [PARTY, ADDRESS])
def test_repr_names_the_filled_fields_and_shows_none(value: object) -> None:
    assert RECIPIENT.seen_in(repr(value), f"{value}", f"{value!r:>200}") == []
    assert type(value).__name__ in repr(value)


def test_repr_of_a_filled_party_tells_which_fields_are_there() -> None:
    assert repr(Party(name=VALUES["name"])) == "<Party name>"
    assert repr(Party()) == "<Party empty>"


def test_an_address_is_false_only_where_nothing_is_filled() -> None:
    assert not PostalAddress()
    assert PostalAddress(postcode="310000")


@pytest.mark.parametrize(
    ("relay", "dial"), [(RelayNumber("95013", "0042"), "95013-0042"), (RelayNumber("95013"), "95013")]
)
def test_a_relay_number_dials_as_one_string(relay: RelayNumber, dial: str) -> None:
    assert relay.dial == dial


def test_as_dict_holds_the_filled_fields_and_no_others() -> None:
    assert as_dict(PARTY) == {
        "name": VALUES["name"],
        "phone": VALUES["phone"],
        "email": VALUES["email"],
        "address": {"country": "CN", "city": "杭州市", "street": ADDRESS.street, "postcode": "310000"},
        "ids": [VALUES["id"]],
    }


@given(st.text(max_size=20), st.text(max_size=20), st.lists(st.text(min_size=1, max_size=9), max_size=3))
def test_a_party_is_made_again_from_its_dict(name: str, phone: str, ids: list[str]) -> None:
    party = Party(name=name, phone=phone, ids=tuple(ids))
    kept = as_dict(party)
    assert Party(**{key: tuple(item) if key == "ids" else item for key, item in kept.items()}) == party


def test_values_do_not_change() -> None:
    with pytest.raises(AttributeError):
        PARTY.name = "x"  # type: ignore[misc]


def test_a_masked_party_and_a_plain_one_are_never_equal() -> None:
    assert Party(name="麦**") != MaskedParty(name="麦**")
