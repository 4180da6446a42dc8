from __future__ import annotations

from dataclasses import replace

import pytest

from masking.labels.errors import LabelRefused
from masking.labels.label import label_from_order, plain_parties
from masking.personal import MaskedParty, RelayNumber

ORDER = {
    "carrier": "sf-express",
    "waybill": "SF1234567890123",
    "routing_code": "755A-021-33",
    "parcel": {"number": 2, "of": 3},
    "flags": ["COD", "保价", "nonsense"],
    "goods": ["丝巾 13812345678"],
    "sender": {
        "name": "李雷",
        "phone": "0755-26806888",
        "address": {"country": "CN", "city": "深圳市", "street": "科技园路1号科兴科学园A栋3单元1201"},
    },
    "recipient": {
        "name": "欧阳娜娜",
        "phone": "13812345678",
        "relay_number": "17012345678-8812",
        "address": {
            "country": "CN",
            "city": "上海市",
            "district": "徐汇区12号楼301室",
            "street": "漕溪北路88号圣爱大厦12楼1203室",
            "postcode": "200030",
        },
    },
}


@pytest.fixture
def order_label(make_label):
    """A label of an order, with the ticket and print time of the others."""
    like = make_label()
    return lambda order, **more: label_from_order(order, ticket=like.ticket, printed_at=like.printed_at, **more)


def test_an_order_becomes_a_masked_label(order_label) -> None:
    label = order_label(ORDER)
    assert (label.recipient.name, label.recipient.phone, label.recipient.relay) == (
        "欧阳**",
        "17012345678-8812",
        RelayNumber("17012345678", "8812"),
    )
    assert (label.sender.name, label.sender.phone) == ("李**", "0755-******88")
    assert (label.parcel, label.flags[:2]) == ((2, 3), ("cod", "insured"))
    shown = repr(label.recipient) + repr(label.sender)
    for gone in ("娜", "雷", "13812345678", "26806888", "1203", "1201", "301室"):
        assert gone not in shown
    label.check()


def test_goods_stay_off_unless_asked_for_and_are_scrubbed(order_label) -> None:
    assert order_label(ORDER).goods == ()
    assert order_label(ORDER, show_goods=True).goods == ("丝巾 1******5678",)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"waybill": None}, "waybill"),
        ({"carrier": 3.5}, "carrier"),
        ({"recipient": "x"}, "recipient"),
        ({"recipient": {"name": ["张三"]}}, "recipient.name"),
        ({"recipient": {"address": "上海"}}, "recipient.address"),
        ({"recipient": {"address": {"street": {}}}}, "recipient.address.street"),
        ({"recipient": {"relay_number": "call me"}}, "recipient.relay_number"),
        ({"parcel": {"number": "1"}}, "parcel.number"),
        ({"flags": "cod"}, "flags"),
    ],
)
def test_a_misshapen_order_is_refused_with_its_place(order_label, change, path) -> None:
    with pytest.raises(LabelRefused) as refusal:
        order_label({**ORDER, **change})
    assert (refusal.value.code, refusal.value.path) == ("order_shape", path)


def test_a_carrier_whose_law_wants_the_plain_address_gets_no_masked_label(order_label) -> None:
    for label in (order_label({**ORDER, "carrier": "usps"}), order_label(ORDER, mask_allowed=False)):
        with pytest.raises(LabelRefused) as refusal:
            label.check()
        assert refusal.value.code == "plain_address_required"
    order_label({**ORDER, "carrier": "usps"}, mask_allowed=True).check()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": MaskedParty("张三", "1******5678")}, "name_not_masked"),
        ({"recipient": MaskedParty("张**", "13812345678")}, "phone_not_masked"),
        ({"sender": MaskedParty("李**", "13812345678")}, "phone_not_masked"),
        ({"parcel": (3, 2)}, "parcel_count"),
        ({"parcel": (0, 1)}, "parcel_count"),
        ({"routing_code": "13812345678"}, "routing_shape"),
        ({"routing_code": "a@b.com"}, "routing_shape"),
        ({"product": "call 138 1234 5678"}, "contact_in_text"),
        ({"batch": "zhang@example.com"}, "contact_in_text"),
        ({"goods": ("x", "13812345678")}, "contact_in_text"),
    ],
)
def test_what_must_not_be_printed_is_refused(make_label, change, code) -> None:
    with pytest.raises(LabelRefused) as refusal:
        replace(make_label(), **change).check()
    assert refusal.value.code == code and "138" not in str(refusal.value)


@pytest.mark.parametrize(
    "code", ["755A-021-33", "310-02 01 023", "2LUS87501+48000001", "210 021 03 05", "苏州-04 00", "10115.123.456.7", ""]
)
def test_the_carriers_sorting_codes_are_no_phones(make_label, code) -> None:
    replace(make_label(), routing_code=code, batch="20261125-0001", product="次日达 48h").check()


def test_a_label_shows_no_party_in_its_repr(make_label) -> None:
    assert repr(make_label()) == "<Label sf-express SF1234567890123 1/2>"


def test_the_plain_parties_are_those_of_the_order() -> None:
    sender, recipient = plain_parties(ORDER)
    assert (sender.name, recipient.phone, recipient.address.street[:4]) == ("李雷", "13812345678", "漕溪北路")
