"""A level applied: never more of a value than the level says."""

from __future__ import annotations

import pytest

from masking.levels import show_ids, show_party, show_text
from masking.personal import MaskedParty, Party, PostalAddress, RelayNumber
from masking.policy import PARTS, Level

ADDRESS = PostalAddress("US", "CA", "Springfield", "North", "742 Evergreen Terrace Apt 12B", "94107-1234")
HOMER = Party("诸葛文静", "13950427716", "homer@example.com", "Plant Seven", ADDRESS, ("350102199001011234",))
RELAY = RelayNumber("17000000001", "4321")


def shown(**levels: Level) -> MaskedParty:
    return show_party(HOMER, lambda part: levels.get(part, Level.HIDDEN), relay=RELAY, alias="r-x@mail.example")


def everything_in(party: MaskedParty) -> str:
    address = [getattr(party.address, name) for name in PostalAddress.__struct_fields__]
    return "\n".join([party.name, party.phone, party.company, party.email, *address])


def test_hidden_shows_nothing() -> None:
    assert shown() == MaskedParty()


def test_full_shows_the_value_itself() -> None:
    party = shown(**dict.fromkeys(PARTS, Level.FULL))
    assert (party.name, party.phone, party.email, party.company) == (
        HOMER.name,
        HOMER.phone,
        HOMER.email,
        HOMER.company,
    )
    assert (party.address, party.relay, party.reasons) == (ADDRESS, None, ())


def test_masked_shows_the_masks_and_their_reasons() -> None:
    party = shown(**dict.fromkeys(PARTS, Level.MASKED))
    assert (party.name, party.phone) == ("诸葛**", "1******7716")
    assert "homer" not in party.email
    assert "12B" not in party.address.street
    assert [field for field, _ in party.reasons] == ["name", "company", "phone", "email", "address.street"]


def test_a_relay_level_shows_the_stand_ins_only() -> None:
    party = shown(**dict.fromkeys(PARTS, Level.RELAY))
    assert (party.phone, party.relay, party.email) == ("17000000001-4321", RELAY, "r-x@mail.example")
    assert everything_in(party).split() == ["17000000001-4321", "r-x@mail.example"]


def test_a_relay_number_is_shown_under_no_other_level() -> None:
    for level in (Level.HIDDEN, Level.MASKED, Level.FULL):
        party = shown(phone=level, email=level)
        assert party.relay is None
        assert "17000000001" not in party.phone
        assert "r-x" not in party.email


def test_without_a_stand_in_a_relay_level_shows_nothing() -> None:
    assert show_party(HOMER, lambda _: Level.RELAY) == MaskedParty()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("level", Level)
def test_each_part_follows_its_own_level_alone(part: str, level: Level) -> None:
    party = everything_in(shown(**{part: level}))
    whole = {
        "name": HOMER.name,
        "phone": HOMER.phone,
        "email": HOMER.email,
        "company": HOMER.company,
        "region": "North",
        "street": ADDRESS.street,
        "ids": HOMER.ids[0],
    }
    for other, value in whole.items():
        assert (value in party) is (other == part and level is Level.FULL and other != "ids")


def test_region_and_postcode_go_as_deep_as_their_levels() -> None:
    assert shown(region=Level.MASKED).address == PostalAddress("US", "CA", "Springfield")
    masked = shown(region=Level.FULL).address
    assert (masked.district, masked.street) == ("North", "")
    assert masked.postcode.startswith("94107")
    assert "1234" not in masked.postcode
    assert shown(region=Level.FULL, street=Level.FULL).address.postcode == "94107-1234"
    assert shown(street=Level.FULL).address == PostalAddress(street=ADDRESS.street)


def test_ids_at_each_level() -> None:
    assert show_ids(HOMER.ids, Level.FULL) == HOMER.ids
    (masked,) = show_ids(HOMER.ids, Level.MASKED)
    assert masked == "3****************4"
    assert show_ids(HOMER.ids, Level.HIDDEN) == show_ids(HOMER.ids, Level.RELAY) == ()


def test_free_text_at_each_level() -> None:
    text = "请打13950427716"
    assert show_text(text, Level.FULL) == text
    assert "13950427716" not in show_text(text, Level.MASKED)
    assert show_text(text, Level.MASKED).startswith("请打")
    assert show_text(text, Level.HIDDEN) == show_text(text, Level.RELAY) == show_text("", Level.MASKED) == ""
