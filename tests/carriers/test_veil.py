"""What stands in for a value: masks, relay numbers, nothing; and what goes whole is on the list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import envelope_json
from carriers.errors import CarrierRefusal
from carriers.finish import preview
from carriers.order import open_order
from carriers.rewrite import rewrite_answer
from carriers.veil import Veiled, split_number, veil
from carriers.wire import WireReply, WireRequest
from masking.guard import Guard
from masking.personal import Kind, RelayNumber, Role
from tests.carriers.acme import JSON_CARRIER, ORDER, RELAYS, XML_CARRIER, acme, opened, with_
from tests.carriers.test_order import SOAP


def out(document: Any = None, **options: Any) -> dict[str, Any]:
    return json.loads(preview(veil(opened(document), relays=RELAYS, **options)).body)


def person(**fields: Any) -> dict[str, Any]:
    return {"kind": "R", "name": "林徽", **fields}


def test_names_and_addresses_are_masked_and_plain_values_stay() -> None:
    sent = out()
    assert sent["people"][0]["name"] == "林**"
    assert "1501" not in sent["people"][0]["street"] and sent["people"][0]["street"].startswith("福建省福州市鼓楼区")
    assert (sent["weight"], sent["people"][0]["city"], sent["items"]) == (3, "福州", ORDER["items"])


def test_a_phone_field_never_carries_stars() -> None:
    sent = out()
    assert sent["people"][0]["phone"] == "17055500002"
    assert sent["people"][0]["ext"] == "2002"
    assert sent["people"][1]["mobile"] == "17055500001"


def test_without_a_field_for_it_the_extension_goes_into_the_number() -> None:
    profile = acme(JSON_CARRIER.replace('phone_ext = ["ext"]\n', ""))
    sent = json.loads(preview(veil(opened(profile=profile), relays=RELAYS)).body)
    assert sent["people"][0]["phone"] == "17055500002-2002"


def bare(digits: int) -> str:
    """A format whose phone has no field for an extension and room for so many characters."""
    return f"phone_digits = {digits}\n{JSON_CARRIER}".replace('phone_ext = ["ext"]\n', "")


@pytest.mark.parametrize(
    ("digits", "x", "sent"),
    [(10, "12125550146", "2125550146"), (10, "2125550146", "2125550146"), (15, "12125550146", "12125550146")],
)
def test_a_field_of_ten_digits_takes_a_north_american_number_without_its_country_code(
    digits: int, x: str, sent: str
) -> None:
    profile = acme(bare(digits))
    relays = dict.fromkeys(Role, RelayNumber(x))
    made = json.loads(preview(veil(opened(profile=profile), relays=relays)).body)
    assert made["people"][0]["phone"] == made["people"][1]["mobile"] == sent


def test_a_number_that_a_field_cannot_hold_is_refused() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        veil(opened(profile=acme(bare(10))), relays=RELAYS)
    assert refusal.value.code == "relay_too_long"


def test_a_phone_written_as_a_number_is_replaced_too() -> None:
    assert out(with_(people=[person(phone=13950427716)]))["people"][0]["phone"] == "17055500002"


def test_a_role_with_a_phone_and_no_relay_number_is_refused() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        veil(opened(), relays={Role.RECIPIENT: RELAYS[Role.RECIPIENT]})
    assert refusal.value.code == "relay_missing"


def test_a_third_party_is_reached_through_the_sender() -> None:
    sent = out(with_(payer={"name": "Ann Lee", "phone": "13811112222"}))
    assert sent["payer"]["phone"] == RELAYS[Role.SENDER].x


def test_the_same_person_in_several_places_gets_one_alias() -> None:
    sent = out(with_(payer={"name": "林徽", "phone": "13950427716"}))
    assert (sent["payer"]["name"], sent["payer"]["phone"]) == (sent["people"][0]["name"], sent["people"][0]["phone"])


def test_an_e_mail_is_dropped_or_aliased() -> None:
    assert "email" not in out()["people"][1]
    assert out(emails={Role.SENDER: "r1@relay.example"})["people"][1]["email"] == "r1@relay.example"


def stand_in(kind: Kind, value: str) -> str:
    return f"{kind}-of-{len(value)}@relay.example" if kind is Kind.EMAIL else f"alias{len(value)}"


def test_an_e_mail_that_must_stand_is_aliased_where_there_is_a_domain_and_dropped_where_there_is_none() -> None:
    profile = acme(JSON_CARRIER.replace('email = ["email"]', 'email_alias = ["email"]', 1))
    made = veil(opened(profile=profile), relays=RELAYS, aliases=stand_in)
    assert json.loads(preview(made).body)["people"][1]["email"].endswith("@relay.example")
    made = veil(opened(profile=profile), relays=RELAYS)
    assert "email" not in json.loads(preview(made).body)["people"][1]


def test_a_format_that_demands_an_e_mail_gets_an_alias_made() -> None:
    profile = acme("email_required = true\n" + JSON_CARRIER)
    made = veil(opened(profile=profile), relays=RELAYS, aliases=stand_in)
    assert json.loads(preview(made).body)["people"][1]["email"].endswith("@relay.example")


@pytest.mark.parametrize("last_mile", ["ticket", "label"])
def test_a_shops_id_of_a_person_never_leaves_whatever_the_last_mile_and_comes_back(last_mile: str) -> None:
    profile = acme(JSON_CARRIER.replace('id = ["tax"]', 'person_id = ["tax"]', 1))
    order = opened(
        with_(people=[person(tax="M-100177"), person(kind="S", tax="7")], payer={"tax": "M-100177"}), profile=profile
    )
    made = veil(order, relays=RELAYS, last_mile=last_mile, aliases=stand_in)
    sent = json.loads(preview(made).body)
    assert [sent["people"][0]["tax"], sent["payer"]["tax"]] == ["alias8", "alias8"]
    assert (Kind.ID, "alias8", "M-100177") in [(kind, out, plain) for _, kind, _, out, plain in made.restore_map]
    assert all(kind is not Kind.ID for _, kind, _ in made.granted)
    answered = b'{"ok":"true","to":{"kind":"R","tax":"ALIAS8"}}'
    reply = WireReply(200, {"content-type": "application/json"}, answered)
    assert json.loads(rewrite_answer(order.operation, made, reply).body)["to"]["tax"] == "M-100177"
    assert order.parties[Role.RECIPIENT].ids == ()
    assert [value for _, kind, _, value in order.fields if kind is Kind.ID] == ["M-100177", "M-100177"]


def test_without_aliases_a_shops_id_of_a_person_is_hidden_whole() -> None:
    profile = acme(JSON_CARRIER.replace('id = ["tax"]', 'person_id = ["tax"]', 1))
    made = veil(opened(with_(people=[person(tax="M-100177", phone="1")]), profile=profile), relays=RELAYS)
    assert json.loads(preview(made).body)["people"][0]["tax"] == "****"


def test_a_format_that_demands_an_e_mail_is_not_sent_without_an_alias() -> None:
    profile = acme("email_required = true\n" + JSON_CARRIER)
    with pytest.raises(CarrierRefusal) as refusal:
        veil(opened(profile=profile), relays=RELAYS)
    assert refusal.value.code == "email_alias_missing"


def test_what_the_profile_drops_does_not_go_out_and_is_still_sealed() -> None:
    order = opened(with_(notify=[{"mail": "a@example.com", "type": "1"}]))
    assert ("$.notify[0].mail", Kind.EMAIL, Role.THIRD_PARTY, "a@example.com") in order.fields
    assert "notify" not in json.loads(preview(veil(order, relays=RELAYS)).body)


@pytest.mark.parametrize(
    "remark",
    ["请打13800138000", "mail a.b@example.org", "送给林徽", "找诸葛文静拿", "tel 0592-5088417", "放在2座1501门口"],
)
def test_a_remark_loses_what_is_personal(remark: str) -> None:
    sent = out(with_(remark=remark))["remark"]
    assert not any(value in sent for value in ("13800138000", "a.b@example.org", "林徽", "诸葛文静", "5088417", "1501"))


def test_goods_stand_apart_from_remarks_and_hold_nobody_s_values() -> None:
    items = [{"name": "茶具", "count": 2}, {"name": "生日蛋糕 送林徽 13950427716", "count": 1}]
    order = opened(with_(remark="轻放", items=items))
    assert (order.remark, order.goods) == ("轻放", "茶具\n生日蛋糕 送林徽 13950427716")
    veiled = veil(order, relays=RELAYS)
    assert veiled.goods.splitlines()[0] == "茶具"
    assert "林徽" not in veiled.goods and "13950427716" not in veiled.goods
    assert order.sheet.levels[-1].tree["items"][1]["name"] == veiled.goods.splitlines()[1]


def test_a_first_name_alone_is_taken_out_of_a_remark() -> None:
    sent = out(with_(people=[person(name="Leopold Ferrante")], remark="Hand it to Leopold, not to Leopoldine"))
    assert sent["remark"] == "Hand it to L**, not to Leopoldine"


def test_the_label_scope_gives_addresses_and_ids_whole_and_lists_them() -> None:
    made = veil(
        opened(with_(people=[person(street="88 Vine Hollow Apt 2C", tax="730518", phone="1")])),
        relays=RELAYS,
        last_mile="label",
    )
    sent = json.loads(preview(made).body)["people"][0]
    assert (sent["street"], sent["tax"], sent["name"], sent["phone"]) == (
        "88 Vine Hollow Apt 2C",
        "730518",
        "林**",
        "17055500002",
    )
    assert {(kind, role) for _, kind, role in made.granted} == {
        (Kind.ADDRESS_LINE, Role.RECIPIENT),
        (Kind.ID, Role.RECIPIENT),
    }


def test_kinds_that_the_carrier_forbids_to_mask_go_whole_and_are_listed() -> None:
    profile = acme('mask_allowed = ["company", "phone", "email", "address_line", "id"]\n' + JSON_CARRIER)
    made = veil(opened(profile=profile), relays=RELAYS)
    assert json.loads(preview(made).body)["people"][0]["name"] == "林徽"
    assert ("$.people[0].name", Kind.NAME, Role.RECIPIENT) in made.granted


def test_an_unclaimed_text_is_scrubbed_under_the_mask_policy() -> None:
    profile = acme('unclassified = "mask"\n' + JSON_CARRIER)
    sent = json.loads(preview(veil(opened(with_(surprise=["ok", "13800138000"]), profile=profile), relays=RELAYS)).body)
    assert sent["surprise"][0] == "ok" and "13800138000" not in sent["surprise"][1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("contactName2", "Ada Quist"),
        ("联系人", "林慕白"),
        ("deliverTo", {"addressLine": "东街口花园2座1501"}),
        ("backupPhone", "2680-6888"),
    ],
)
def test_an_unclaimed_value_is_masked_by_its_meaning_under_the_mask_policy(key: str, value: object) -> None:
    profile = acme('unclassified = "mask"\n' + JSON_CARRIER)
    sent = json.loads(preview(veil(opened(with_(**{key: value}), profile=profile), relays=RELAYS)).body)
    told = value["addressLine"] if isinstance(value, dict) else value
    assert str(told) not in json.dumps(sent[key], ensure_ascii=False) and "*" in json.dumps(sent[key])


def test_an_order_is_veiled_once() -> None:
    order = opened()
    veil(order, relays=RELAYS)
    with pytest.raises(CarrierRefusal) as refusal:
        veil(order, relays=RELAYS)
    assert refusal.value.code == "veiled_twice"


def test_a_trace_call_gets_the_last_four_digits_or_is_refused() -> None:
    operation = acme().operations["trace"]
    request = WireRequest("POST", "/trace", "", {}, b'{"waybill":"W1","phone4":"0002"}')
    order = open_order(operation, request)
    assert order.last4_roles and not order.phone_roles
    assert json.loads(preview(veil(order, relays={}, last_four=dict.fromkeys(Role, "7716"))).body)["phone4"] == "7716"
    with pytest.raises(CarrierRefusal) as refusal:
        veil(open_order(operation, request), relays={})
    assert refusal.value.code == "last_four_missing"


def test_split_numbers_and_streets_are_filled_part_by_part() -> None:
    order = open_order(acme(XML_CARRIER).operations["create"], WireRequest("POST", "/soap", "", {}, SOAP))
    made = veil(order, relays={Role.RECIPIENT: RelayNumber("12065550123", "44")})
    sent = preview(made).body
    assert b"<Country>1</Country><Area>206</Area><Number>5550123-44</Number>" in sent
    assert b"<Street>Pandora Crescent</Street><No>12b</No>" in sent  # by label: whole, and on the list
    ticket = open_order(acme(XML_CARRIER).operations["create"], WireRequest("POST", "/soap", "", {}, SOAP))
    assert b"<No>**</No>" in preview(veil(ticket, relays=RELAYS, last_mile="ticket")).body


@pytest.mark.parametrize(
    ("relay", "parts", "values"),
    [
        (
            RelayNumber("12065550123"),
            {"country", "area", "number"},
            {"country": "1", "area": "206", "number": "5550123", "ext": ""},
        ),
        (RelayNumber("2065550123", "9"), {"area", "number", "ext"}, {"area": "206", "number": "5550123", "ext": "9"}),
        (RelayNumber("8617012345678"), {"country", "number"}, {"country": "86", "number": "17012345678", "ext": ""}),
        (RelayNumber("95013", "1"), {"number"}, {"number": "95013-1", "ext": "1"}),
    ],
)
def test_a_relay_number_spreads_over_the_fields_a_format_has(
    relay: RelayNumber, parts: set[str], values: dict[str, str]
) -> None:
    assert split_number(relay, parts) == values


NAMES = st.text(st.characters(whitelist_categories=("Lu", "Ll", "Lo")), min_size=3, max_size=12)


@given(
    NAMES,
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[\u4e00-\u9fa5]{2,6}路[1-9][0-9]{1,2}号[1-9]栋[1-9][0-9]{2,3}室", fullmatch=True),
)
def test_the_guard_finds_nothing_in_a_veiled_order(name: str, phone: str, street: str) -> None:
    order = opened(with_(people=[person(name=name, phone=phone, street=street)], remark=f"{name} {phone} {street}"))
    plain = [(kind.value, value) for _, kind, _, value in order.fields if kind is not Kind.FREE_TEXT]
    made = veil(order, relays=RELAYS)
    assert [hit for hit in Guard(plain, made.kept).check(made.clear_text) if hit.kind is Kind.PHONE] == []
    assert phone not in made.clear_text


def test_clear_text_is_what_the_carriers_parser_reads() -> None:
    made: Veiled = veil(opened(with_(weight=1, extra={"note": 'a "quoted" \\ and \u00e9\n13800138000'})), relays=RELAYS)
    assert 'a "quoted" \\ and é\n13800138000' in made.clear_text
    assert made.clear.decode() == made.clear_text


def test_the_way_back_is_plain_json() -> None:
    made = veil(opened(), relays=RELAYS)
    again = json.loads(envelope_json.dumps(made.restore_map))
    assert ["recipient", "name", "", "林**", "林徽"] in again


@pytest.mark.parametrize("last_mile", ["label", "ticket"])
def test_a_point_on_a_map_goes_where_the_street_goes_whole_and_nowhere_else(last_mile: str) -> None:
    profile = acme(JSON_CARRIER.replace('house = ["house"]', 'house = ["house"]\ncoordinates = ["lat"]'))
    document = with_(people=[person(phone="13950427716", street="东街口花园2座1501", lat=26.08751)])
    made = veil(opened(document, profile=profile), relays=RELAYS, last_mile=last_mile)
    sent = json.loads(preview(made).body)["people"][0]
    assert sent.get("lat") == (26.08751 if last_mile == "label" else None)
    assert ("address_line" in {kind.value for _, kind, _ in made.granted}) is (last_mile == "label")
