"""An order as groups and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.personal import Party, PostalAddress
from masking.policy import FIELDS, PARTS
from masking.record import GROUP_OF, Order, RecordInvalid, filled_parts, from_groups, restore_from, role_of, to_groups

texts = st.text(st.characters(codec="utf-8"), max_size=8)
addresses = st.builds(PostalAddress, texts, texts, texts, texts, texts, texts)
parties = st.builds(Party, texts, texts, texts, texts, addresses, st.lists(texts, max_size=2).map(tuple))
orders = st.builds(
    Order,
    st.dictionaries(st.sampled_from(["sender", "recipient", "third_party", "third_party:2"]), parties),
    texts,
    texts,
)
WANG = Party(
    "王一", "13800138000", "w@example.com", "某店", PostalAddress("CN", "省", "市", "区", "路1号", "100000"), ("110",)
)


@settings(max_examples=100)
@given(orders)
def test_an_order_survives_its_groups(order: Order) -> None:
    assert from_groups(to_groups(order)) == order


def test_each_group_holds_its_own_and_no_other() -> None:
    groups = to_groups(Order({"recipient": WANG}, remark="备注", goods="物品"), restore={"a": "b"})
    assert sorted(groups) == ["address", "name", "other", "phone", "restore"]
    for group, values in {
        "name": ["王一"],
        "phone": ["13800138000"],
        "address": ["路1号", "100000", "省"],
        "other": ["w@example.com", "某店", "110", "备注", "物品"],
    }.items():
        for value in values:
            assert [name for name, held in groups.items() if f'"{value}"'.encode() in held] == [group]


def test_what_was_not_opened_is_empty() -> None:
    groups = to_groups(Order({"recipient": WANG}, remark="备注"))
    assert from_groups({"name": groups["name"]}) == Order({"recipient": Party(name="王一")})
    assert from_groups({}) == Order()


def test_a_record_sealed_before_goods_stood_apart_still_opens() -> None:
    sealed = b'{"parties":{"recipient":{"email":"w@example.com"}},"remark":"\xe8\x8c\xb6\xe5\x85\xb7"}'
    assert from_groups({"other": sealed}) == Order({"recipient": Party(email="w@example.com")}, remark="茶具")


def test_all_four_groups_are_there_whatever_the_order_has() -> None:
    assert sorted(to_groups(Order())) == ["address", "name", "other", "phone"]


def test_a_group_of_a_later_release_reads_as_far_as_it_is_known() -> None:
    groups = to_groups(Order({"recipient": WANG}))
    address = json.loads(groups["address"])
    address["recipient"]["latitude"] = 1
    assert from_groups({"address": json.dumps(address).encode()}).parties["recipient"].address == WANG.address


@pytest.mark.parametrize("group", ["name", "phone", "address", "other"])
def test_a_group_that_does_not_read_back_is_refused_without_quoting_it(group: str) -> None:
    for held in (b"", b"{", b'["secret"]', b'{"recipient":["secret"],"parties":["secret"]}'):
        with pytest.raises(RecordInvalid) as refused:
            from_groups({group: held})
        assert refused.value.__cause__ is None
        assert "secret" not in str(refused.value)


def test_originals_survive() -> None:
    originals = {"$.a": "王一", "form:x~$.y": ""}
    assert restore_from(to_groups(Order(), restore=originals)["restore"]) == originals
    with pytest.raises(RecordInvalid):
        restore_from(b'{"a":1}')


@pytest.mark.parametrize("name", ["", "boss", "recipients", ":2"])
def test_a_party_under_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(RecordInvalid):
        to_groups(Order({name: WANG}))


def test_a_second_third_party_has_the_role_of_the_first() -> None:
    assert role_of("third_party:2") == role_of("third_party") == "third_party"


def test_every_field_of_the_policy_has_a_group() -> None:
    assert {name.rpartition(".")[2] for name in FIELDS} == set(GROUP_OF)


def test_filled_parts_are_those_with_something_in_them() -> None:
    assert filled_parts(WANG) == list(PARTS)
    assert filled_parts(Party()) == []
    for spot in ("country", "state", "city", "district", "postcode"):
        assert filled_parts(Party(address=PostalAddress(**{spot: "x"}))) == ["region"]
    assert filled_parts(Party(address=PostalAddress(street="x"))) == ["street"]


def test_repr_tells_whose_and_not_what() -> None:
    assert repr(Order({"recipient": WANG}, remark="备注")) == "<Order recipient>"
