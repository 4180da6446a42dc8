"""A party is masked whole: every field by its rule, the relay number in clear, the plain policy only under a full scope."""

from __future__ import annotations

import pytest

from masking.party import mask_party
from masking.personal import Party, PostalAddress, RelayNumber
from masking.policies import PolicyRefused

ZHANG = Party(
    name="张三",
    phone="13812345678",
    email="zhangsan@qq.com",
    company="枫晚科技有限公司",
    address=PostalAddress("CN", "青州省", "明远市", "北丘区", "丹桥路18号枫晚花园3栋2单元1201", "518000"),
    ids=("11010519491231002X",),
)


def test_every_field_is_masked_by_its_own_rule() -> None:
    masked = mask_party(ZHANG)
    assert masked.name == "张**"
    assert masked.phone == "1******5678"
    assert masked.email == "z***@qq.com"
    assert masked.company == "枫**"
    assert masked.relay is None
    assert masked.address == PostalAddress("CN", "青州省", "明远市", "北丘区", "丹桥路18号枫晚花园****", "518000")
    assert masked.reasons == (
        ("name", "name_first_letter"),
        ("phone", "phone_mobile"),
        ("address.street", "door_word"),
        ("company", "company_as_name"),
        ("email", "email_public_domain"),
        ("address.postcode", "postcode_routing"),
    )


def test_an_empty_party_stays_empty() -> None:
    masked = mask_party(Party())
    assert (masked.name, masked.phone, masked.email, masked.company, masked.address) == (
        "",
        "",
        "",
        "",
        PostalAddress(),
    )
    assert masked.reasons == (("name", "empty"), ("phone", "empty"), ("address.street", "empty"))


def test_a_relay_number_stands_in_clear_for_the_phone() -> None:
    relay = RelayNumber("17012345678", "8888")
    masked = mask_party(ZHANG, policy="virtual", relay=relay)
    assert (masked.phone, masked.relay) == ("17012345678-8888", relay)
    assert ("phone", "relay_in_clear") in masked.reasons


def test_the_virtual_policy_shows_no_phone_that_is_none() -> None:
    assert mask_party(ZHANG, policy="virtual").phone == "1******5678"


def test_the_strict_policy_hides_two_digits_more() -> None:
    assert mask_party(ZHANG, policy="gb-strict").phone == "1********78"


def test_the_plain_policy_needs_a_full_scope_and_covers_phone_and_mail_all_the_same() -> None:
    with pytest.raises(PolicyRefused) as refusal:
        mask_party(ZHANG, policy="none")
    assert refusal.value.code == "full_scope_required"
    masked = mask_party(ZHANG, policy="none", full_scope=True)
    assert (masked.name, masked.company, masked.address) == (ZHANG.name, ZHANG.company, ZHANG.address)
    assert (masked.phone, masked.email) == ("1******5678", "z***@qq.com")
    assert masked.reasons[0] == ("name", "plain_under_full_scope")
    assert [field for field, _ in masked.reasons] == ["name", "company", "address", "phone", "email"]


def test_a_full_scope_alone_shows_nothing_more() -> None:
    assert mask_party(ZHANG, full_scope=True) == mask_party(ZHANG)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(PolicyRefused) as refusal:
        mask_party(ZHANG, policy="plain")
    assert refusal.value.code == "policy_unknown"


@pytest.mark.parametrize(
    ("street", "expected"),
    [
        ("丹桥路张三杂货店", "丹桥路****杂货店"),
        ("丹桥 13812345678 大厦", "丹桥 大厦"),
        ("枫晚大厦11010519491231002X", "枫晚大厦****"),
        ("枫晚大厦zhangsan@qq.com", "枫晚大厦"),
        ("张三\n丹桥路18号", "****\n丹桥路****"),
    ],
)
def test_no_field_holds_another_fields_value(street: str, expected: str) -> None:
    masked = mask_party(Party(ZHANG.name, ZHANG.phone, ZHANG.email, "", PostalAddress(street=street), ZHANG.ids))
    assert masked.address.street == expected


def test_one_letter_of_a_name_may_stand_in_an_address() -> None:
    masked = mask_party(Party("丹", address=PostalAddress(street="丹桥大厦")))
    assert masked.address.street == "丹桥大厦"
    assert ("address.street", "no_unit") in masked.reasons
