"""The one door: nothing more than granted comes out, nothing comes out unrecorded, and the record holds no value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from masking.disclosure import (
    Disclosure,
    DisclosureInvalid,
    Record,
    Scope,
    View,
    disclose,
    disclose_answer,
    disclose_for_label,
    disclose_for_restore,
    disclose_phone_for_call,
    disclosure_entry,
)
from masking.errors import VeilwayError
from masking.keyring import Keyring
from masking.personal import Party, PostalAddress, RelayNumber
from masking.policy import FIELDS, Audience, Decision, Level, Occasion, Reader
from masking.policy_diff import recall
from masking.policy_load import built_in, load_policy
from masking.record import Order, to_groups
from masking.stage import Stage
from masking.vault import seal, seal_more

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS = Keyring.generate()


def person(number: int) -> Party:
    address = PostalAddress(
        "CN",
        f"省份{number}",
        f"城市{number}",
        f"区划{number}",
        f"湖滨路{number}1号西楼9层90{number}6",
        f"36100{number}",
    )
    return Party(
        f"诸葛文静{number}",
        f"1395042771{number}",
        f"mail{number}@example.org",
        f"榕树下书店{number}",
        address,
        (f"35010219900101123{number}",),
    )


ORDER = Order(
    {"sender": person(1), "recipient": person(2), "third_party": person(3)},
    "放在东门柜子里，电话13950427799",
    "陶瓷茶具",
)
SEALED = seal(KEYS, tenant="t", record="r", groups=to_groups(ORDER, restore={"$.a": "诸葛文静2"}))
KEPT = seal_more(KEYS, SEALED.wrapped, tenant="t", record="r", groups={"answer": b"\x00kept\xff"})
RECORD = Record("t", "r", SEALED.wrapped, {**SEALED.groups, **KEPT})
RELAYS = {"sender": RelayNumber("17000000001", "1111"), "recipient": RelayNumber("17000000002", "2222")}
ALIASES = {"sender": "r-a@mail.example", "recipient": "r-b@mail.example"}
QUESTIONS: list[dict[str, str]] = [
    {},
    {"reason": "address_unclear"},
    {"purpose": "customs"},
    {"purpose": "last_mile_label"},
    {"purpose": "call"},
]


def audience(reader: Reader = Reader.DELIVERY) -> Audience:
    return Audience(reader, f"{reader.value}:x1", "sf-express")


def occasion(stage: Stage = Stage.OUT_FOR_DELIVERY, own: bool = True, **facts: Any) -> Occasion:
    return Occasion(stage, NOW, own, **facts)


def asked(reader: Reader, stage: Stage, *, record: Record = RECORD, own: bool = True, **facts: Any) -> Disclosure[View]:
    return disclose(
        record,
        keyring=KEYS,
        policy=built_in(),
        audience=audience(reader),
        occasion=occasion(stage, own, **facts),
        relays=RELAYS,
        aliases=ALIASES,
    )


def plain_values() -> dict[str, list[str]]:
    """Every plain value with the field that has to be full for it to be seen."""
    values: dict[str, list[str]] = {"remark": [ORDER.remark, "13950427799"], "goods": [ORDER.goods]}
    for name, party in ORDER.parties.items():
        address = party.address
        values |= {
            f"{name}.name": [party.name],
            f"{name}.phone": [party.phone],
            f"{name}.email": [party.email],
            f"{name}.company": [party.company],
            f"{name}.region": [address.district],
            f"{name}.street": [address.street, address.street[-7:]],
            f"{name}.ids": list(party.ids),
        }
    return values


PLAIN = plain_values()


def written(view: View) -> str:
    """All that a view shows, as one text."""
    told = [view.remark, view.goods, *(number for ids in view.ids.values() for number in ids)]
    for party in view.parties.values():
        told += [party.name, party.phone, party.company, party.email]
        told += [getattr(party.address, name) for name in PostalAddress.__struct_fields__]
    return "\n".join(told)


def detail(made: Disclosure[Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(made.entry)
    return told


def test_no_reader_sees_a_plain_value_that_the_policy_does_not_grant_in_full() -> None:
    """Every reader x stage x question x own or foreign, over every plain value. Leaks: 0."""
    for reader, stage, question, own in product(Reader, Stage, QUESTIONS, (True, False)):
        made = asked(reader, stage, own=own, **question)
        seen = written(made.view)
        decided = built_in().decide(audience(reader), occasion(stage, own, **question))
        for name, values in PLAIN.items():
            full = own and decided.get(name, Decision()).level is Level.FULL
            for value in values:
                assert (value in seen) is full, (reader, stage, question, own, name)


def test_no_audit_entry_holds_a_plain_value_or_a_stand_in() -> None:
    stand_ins = [relay.x for relay in RELAYS.values()] + list(ALIASES.values())
    values = [value for held in PLAIN.values() for value in held] + stand_ins
    for reader, stage, question in product(Reader, Stage, QUESTIONS):
        entry = asked(reader, stage, **question).entry.decode()
        assert not [value for value in values if value in entry]


def test_the_entry_names_who_what_why_and_by_which_rule() -> None:
    told = detail(asked(Reader.DELIVERY, Stage.OUT_FOR_DELIVERY, reason="address_unclear"))
    assert (told["tag"], told["actor"], told["subject"], told["tenant"]) == ("disclosure.made", "delivery:x1", "r", "t")
    assert told["at"] == "2026-11-25T12:00:00.000000Z"
    shown = told["detail"]["shown"]
    assert shown["full"] == [
        "sender.region",
        "recipient.name",
        "recipient.region",
        "recipient.street",
        "third_party.region",
    ]
    assert shown["relay"] == ["sender.phone", "recipient.phone"]
    assert {"delivery-door", "held-up-name"} <= set(told["detail"]["rules"])
    assert told["detail"]["policy"] == built_in().digest
    assert (told["detail"]["reason"], told["detail"]["carrier"]) == ("address_unclear", "sf-express")


def test_the_entry_tells_which_condition_kept_a_field_back() -> None:
    told = detail(asked(Reader.DELIVERY, Stage.EXCEPTION))
    assert told["detail"]["refused"] == {"recipient.street": "reason_missing"}


def test_the_entry_lists_only_fields_that_held_something() -> None:
    groups = to_groups(Order({"recipient": Party(name="诸葛文静")}))
    sealed = seal(KEYS, tenant="t", record="r", groups=groups)
    made = asked(Reader.SHOP, Stage.CREATED, record=Record("t", "r", sealed.wrapped, sealed.groups))
    assert detail(made)["detail"]["shown"] == {"full": ["recipient.name"]}


def test_a_recorded_question_can_be_put_again() -> None:
    for reader, stage, question, own in product(Reader, Stage, QUESTIONS, (True, False)):
        told = detail(asked(reader, stage, own=own, **question))
        again = recall(told["detail"], at=datetime.fromisoformat(told["at"]), actor=told["actor"])
        assert built_in().decide(*again) == built_in().decide(audience(reader), occasion(stage, own, **question))


def test_a_foreign_parcel_is_not_even_opened() -> None:
    """With ciphertexts that would raise if anything touched them; and it looks like a record without anything in it."""
    broken = Record("t", "r", b"broken", dict.fromkeys(SEALED.groups, b"broken"))
    for reader in Reader:
        made = asked(reader, Stage.CREATED, record=broken, own=False)
        assert not made.shown
        assert written(made.view).strip() == ""
        assert detail(made)["tag"] == "disclosure.refused"
        assert detail(made)["detail"]["own"] is False


def test_only_what_is_granted_is_opened() -> None:
    """A line-haul reader needs the region: with every other group broken the view still comes."""
    groups = {**dict.fromkeys(SEALED.groups, b"broken"), "address": SEALED.groups["address"]}
    made = asked(Reader.LINEHAUL, Stage.IN_TRANSIT, record=replace(RECORD, groups=groups))
    assert made.view.parties["recipient"].address.city == "城市2"
    with pytest.raises(VeilwayError):
        asked(Reader.SHOP, Stage.IN_TRANSIT, record=replace(RECORD, groups=groups))


def test_a_stand_in_needs_no_key_at_all() -> None:
    broken = Record("t", "r", b"broken", {})
    made = asked(Reader.LINEHAUL, Stage.IN_TRANSIT, record=broken)
    assert made.view.parties["recipient"].phone == "17000000002-2222"


def test_a_field_that_was_not_asked_for_is_neither_shown_nor_recorded() -> None:
    made = disclose(
        RECORD,
        keyring=KEYS,
        policy=built_in(),
        audience=audience(Reader.SHOP),
        occasion=occasion(),
        fields=["recipient.name"],
    )
    assert written(made.view).strip() == "诸葛文静2"
    assert detail(made)["detail"]["shown"] == {"full": ["recipient.name"]}


def test_without_a_relay_number_a_courier_sees_no_phone_and_a_label_its_mask() -> None:
    def phone(reader: Reader) -> tuple[str, Disclosure[View]]:
        made = disclose(RECORD, keyring=KEYS, policy=built_in(), audience=audience(reader), occasion=occasion())
        return made.view.parties["recipient"].phone, made

    assert phone(Reader.DELIVERY)[0] == ""
    assert detail(phone(Reader.DELIVERY)[1])["detail"]["refused"]["recipient.phone"] == "no_stand_in"
    assert phone(Reader.LABEL)[0] == "1******7712"
    assert "recipient.phone" in detail(phone(Reader.LABEL)[1])["detail"]["shown"]["masked"]


@pytest.mark.parametrize("word", ["My Name", "诸葛文静", "a" * 41, "1a", "a-b", "a\n"])
def test_a_reason_or_purpose_that_is_no_code_is_refused_before_anything_is_recorded(word: str) -> None:
    for facts in ({"reason": word}, {"purpose": word}):
        with pytest.raises(DisclosureInvalid) as refused:
            asked(Reader.DELIVERY, Stage.OUT_FOR_DELIVERY, **facts)
        assert word not in str(refused.value)


def test_a_changed_record_is_refused() -> None:
    for record in (replace(RECORD, tenant="u"), replace(RECORD, id="s"), replace(RECORD, version=2)):
        with pytest.raises(VeilwayError) as refused:
            asked(Reader.SHOP, Stage.CREATED, record=record)
        assert refused.value.code == "unseal_failed"


# -- the narrow doors ---------------------------------------------------------------------------------------------------------


def call(party: str = "recipient", stage: Stage = Stage.IN_TRANSIT, **facts: Any) -> Disclosure[str]:
    return disclose_phone_for_call(
        RECORD,
        keyring=KEYS,
        policy=built_in(),
        audience=Audience(Reader.SWITCH, "relay:sandbox"),
        occasion=occasion(stage, **{"purpose": "call", **facts}),
        party=party,
    )


def test_a_call_is_given_the_one_number_to_dial() -> None:
    for party, number in (("recipient", "+8613950427712"), ("sender", "+8613950427711")):
        made = call(party)
        assert (made.view, made.shown) == (number, True)
        assert detail(made)["detail"]["shown"] == {"full": [f"{party}.phone"]}


def test_a_call_opens_phones_and_nothing_else() -> None:
    groups = {"phone": SEALED.groups["phone"], "name": b"broken", "address": b"broken", "other": b"broken"}
    made = disclose_phone_for_call(
        replace(RECORD, groups=groups),
        keyring=KEYS,
        policy=built_in(),
        audience=Audience(Reader.SWITCH, "relay:sandbox"),
        occasion=occasion(purpose="call"),
        party="recipient",
    )
    assert made.view == "+8613950427712"


@pytest.mark.parametrize("facts", [{"stage": Stage.CLOSED}, {"purpose": ""}, {"purpose": "other"}, {"own": False}])
def test_a_call_out_of_scope_is_given_no_number(facts: dict[str, Any]) -> None:
    made = call(**facts)
    assert (made.view, made.shown, detail(made)["tag"]) == ("", False, "disclosure.refused")


def test_a_party_that_the_order_does_not_have_is_given_no_number() -> None:
    assert call("third_party:2").view == ""
    with pytest.raises(VeilwayError):
        call("boss")


def shop_asks(door: Any, policy: Any = None, own: bool = True, record: Record = RECORD) -> Disclosure[Any]:
    made: Disclosure[Any] = door(
        record, keyring=KEYS, policy=policy or built_in(), audience=audience(Reader.SHOP), occasion=occasion(own=own)
    )
    return made


def test_the_shop_gets_back_what_it_sent_and_its_kept_answer() -> None:
    assert shop_asks(disclose_for_restore).view == {"$.a": "诸葛文静2"}
    assert detail(shop_asks(disclose_for_restore))["detail"]["shown"] == {"group": "restore"}
    assert shop_asks(disclose_answer).view == b"\x00kept\xff"
    assert detail(shop_asks(disclose_answer))["detail"]["shown"] == {"group": "answer"}


def test_a_shop_from_which_anything_is_hidden_gets_no_originals() -> None:
    narrow = load_policy(
        'name="x"\nbase="built-in"\ndrop=["shop-own"]\n[[rule]]\nid="s"\nreaders=["shop"]\nsee=["sender.*","recipient.*","third_party.name"]\nlevel="full"\nstages="any"\n'
    )
    for door in (disclose_for_restore, disclose_answer):
        made = shop_asks(door, narrow)
        assert (not made.view, made.shown, detail(made)["tag"]) == (True, False, "disclosure.refused")
        assert not shop_asks(door, own=False).view


def test_an_order_without_a_kept_answer_gives_none() -> None:
    assert shop_asks(disclose_answer, record=replace(RECORD, groups=SEALED.groups)).view == b""


def test_a_label_gets_masked_parties_with_their_relay_numbers() -> None:
    made = disclose_for_label(
        RECORD,
        keyring=KEYS,
        policy=built_in(),
        audience=audience(Reader.LABEL),
        occasion=occasion(Stage.CREATED),
        relays=RELAYS,
    )
    party = made.view.parties["recipient"]
    assert (party.name, party.phone, party.relay) == ("诸葛**", "17000000002-2222", RELAYS["recipient"])
    assert party.address.city == "城市2"
    assert "9层" not in party.address.street
    assert made.shown and made.view.goods == ""


def test_goods_are_on_a_label_where_the_folder_s_policy_grants_them() -> None:
    granted = load_policy(
        'name="x"\nbase="built-in"\n[[rule]]\nid="label-goods"\nreaders=["label"]\nsee=["goods"]\nlevel="full"\nstages="open"\n'
    )
    common: dict[str, Any] = {"keyring": KEYS, "audience": audience(Reader.LABEL), "occasion": occasion(Stage.CREATED)}
    made = disclose_for_label(RECORD, policy=granted, relays=RELAYS, **common)
    assert made.view.goods == ORDER.goods and not made.view.remark


def test_each_narrow_door_is_for_its_own_reader() -> None:
    common: dict[str, Any] = {"keyring": KEYS, "policy": built_in(), "occasion": occasion(purpose="call")}
    for reader in Reader:
        wrong = {"audience": audience(reader), **common}
        for door, own, more in (
            (disclose_phone_for_call, Reader.SWITCH, {"party": "recipient"}),
            (disclose_for_label, Reader.LABEL, {"relays": RELAYS}),
            (disclose_for_restore, Reader.SHOP, {}),
            (disclose_answer, Reader.SHOP, {}),
        ):
            if reader is not own:
                with pytest.raises(DisclosureInvalid):
                    door(RECORD, **wrong, **more)  # type: ignore[operator]


def test_an_order_on_its_way_out_is_recorded_in_the_same_form() -> None:
    decided = built_in().decide(audience(Reader.CARRIER_API), occasion(Stage.CREATED, purpose="last_mile_label"))
    entry = disclosure_entry(
        tenant="t",
        subject="r",
        policy=built_in(),
        audience=audience(Reader.CARRIER_API),
        occasion=occasion(Stage.CREATED, purpose="last_mile_label"),
        scope=Scope(decided),
    )
    told = json.loads(entry)
    assert told["tag"] == "disclosure.made"
    assert "recipient.street" in told["detail"]["shown"]["full"]
    assert "order-printed-door" in told["detail"]["rules"]


def test_no_repr_tells_content() -> None:
    made = asked(Reader.SHOP, Stage.CREATED)
    for shown in (repr(made), repr(made.view), repr(RECORD)):
        assert not [value for values in PLAIN.values() for value in values if value in shown]
    assert repr(made) == "<Disclosure made>"


def test_a_scope_answers_for_fields_it_does_not_know() -> None:
    assert Scope({}).level("recipient.name") is Level.HIDDEN
    assert Scope({}).refusals() == {}
    assert set(asked(Reader.SHOP, Stage.CREATED).view.scope.decisions) <= set(FIELDS)
