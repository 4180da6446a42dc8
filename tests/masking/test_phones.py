"""Phones: six digits are hidden or none shows, no run of five survives, and one number has one canonical form."""

from __future__ import annotations

import random
import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.personal import RelayNumber
from masking.phones import mask_phone, normalise_phone, show_relay
from masking.policies import PolicyRefused
from tests.masking.maskers import disguises

CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")


def hides_enough(number: str, masked: str, hidden: int) -> bool:
    """At least so many digits are hidden, or none of the national number shows."""
    tail = (
        masked.partition(" ")[2]
        if masked.startswith("+")
        else masked.rpartition("-")[2]
        if re.match(r"0\d+-", masked)
        else masked
    )
    return tail.count("*") >= hidden or not any(ch.isdigit() for ch in tail)


def no_run_of_five(number: str, masked: str) -> bool:
    digits = "".join(ch for ch in number if ch.isdigit())
    kept = re.findall(r"\d+", masked)
    return not any(run in digits for group in kept for run in [group[i : i + 5] for i in range(len(group) - 4)])


def notations(mobile: str) -> list[str]:
    a, b, c = mobile[:3], mobile[3:7], mobile[7:]
    return [
        mobile, f"{a} {b} {c}", f"{a}-{b}-{c}", f"+86{mobile}", f"+86 {a} {b} {c}", f"0086{mobile}", f"86-{mobile}", f"0{mobile}",
        f"({a}){b}{c}", f"{a}.{b}.{c}", " ".join(mobile), mobile.translate(CHINESE), f"手机{mobile}", f"{mobile}(王先生)", f"Tel: {mobile}",
        f"{mobile[:3]}{mobile[3:7].translate(CHINESE)}{mobile[7:]}", *disguises(mobile),
    ]  # fmt: skip


def check_notations(seed: int, count: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        mobile = f"1{draw.randint(3, 9)}{draw.randrange(10**9):09d}"
        number = draw.choice(notations(mobile))
        assert mask_phone(number).text == "1******" + mobile[-4:], number
        assert mask_phone(number, "gb-strict").text == "1********" + mobile[-2:], number
        assert normalise_phone(number) == "+86" + mobile, number


def check_shapes(seed: int, count: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        digits = "".join(draw.choices("0123456789", k=draw.randint(1, 20)))
        cuts = sorted(draw.sample(range(len(digits) + 1), k=min(3, len(digits))))
        parts = [digits[i:j] for i, j in zip([0, *cuts], [*cuts, len(digits)])]
        number = draw.choice(["", "+", "00", "tel "]) + draw.choice(["-", " ", "", "/", "转", "x", ","]).join(parts)
        for policy, hidden in (("gb-last4", 6), ("gb-strict", 8)):
            masked = mask_phone(number, policy).text
            assert all(hides_enough(number, one.removesuffix("-****"), hidden) for one in masked.split("/")), number
            assert all(no_run_of_five(number, one) for one in masked.split("/")), number


def test_every_notation_of_a_mobile_gives_one_mask_and_one_canonical_form() -> None:
    for number in notations("13812345678"):
        assert (mask_phone(number).text, normalise_phone(number)) == ("1******5678", "+8613812345678"), number


def test_two_thousand_generated_numbers_hide_six_digits() -> None:
    check_notations(1, 1_000)
    check_shapes(2, 1_000)


@pytest.mark.slow
def test_a_hundred_thousand_generated_numbers_hide_six_digits() -> None:
    check_notations(3, 50_000)
    check_shapes(4, 50_000)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_example_numbers_of_every_region_are_hidden(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        for form in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.NATIONAL,
        ):
            number = phonenumbers.format_number(example, form)
            masked = mask_phone(number).text
            assert hides_enough(number, masked, 6), number
            assert no_run_of_five(number, masked), number
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert normalise_phone(e164) == e164
        assert (
            normalise_phone(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)) == e164
        )


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("13812345678", "CN", "+8613812345678"),
        ("13812345678转1234", "CN", "+8613812345678;ext=1234"),
        ("13812345678/0755-26806888", "CN", "+8613812345678"),
        ("13812345678\n13987654321", "CN", "+8613812345678"),
        ("0755-26806888", "CN", "+8675526806888"),
        ("(0755)26806888-801", "CN", "+8675526806888;ext=801"),
        ("02187654321", "CN", "+862187654321"),
        ("95338", "CN", "95338"),
        ("110", "CN", "110"),
        ("400-820-8820", "CN", "+864008208820"),
        ("700123456789012", "CN", "700123456789012"),
        ("+44 (0)7911 123456", "CN", "+447911123456"),
        ("07911 123456", "GB", "+447911123456"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("13125550123", "US", "+13125550123"),
        ("+86 138 1234 5678", "US", "+8613812345678"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("138****5678", "CN", ""),
        ("138****5678/13987654321", "CN", "+8613987654321"),
        ("wechat13812345678", "CN", "+8613812345678"),
        ("+0 12", "CN", "012"),
        ("1234567", "CN", "+861234567"),
        ("0000000", "CN", "+860000000"),
        ("+860000000", "CN", "+860000000"),
        ("+501 000000", "CN", "+501000000"),
        ("无", "CN", ""),
        ("", "CN", ""),
        ("  ", "GB", ""),
    ],
)
def test_the_canonical_form_is_what_is_dialled(text: str, region: str, expected: str) -> None:
    assert normalise_phone(text, region) == expected


@given(st.text(max_size=40) | st.from_regex(r"\+?(0{1,4}|86)?[0-9]{1,14}", fullmatch=True))
def test_the_canonical_form_is_its_own(text: str) -> None:
    once = normalise_phone(text)
    assert normalise_phone(once) == once
    assert re.fullmatch(r"(\+?[0-9]+(;ext=[0-9]{1,8})?)?", once)


@pytest.mark.parametrize(
    ("text", "masked", "reason"),
    [
        ("13812345678", "1******5678", "phone_mobile"),
        ("0755-26806888", "0755-******88", "phone_landline"),
        ("02126806888", "021-******88", "phone_landline"),
        ("0816-2345678", "0816-******8", "phone_landline"),
        ("+1 415 555 2671", "+1 ******2671", "phone_international"),
        ("95338", "*****", "phone_other"),
        ("123456", "******", "phone_other"),
        ("1234567", "******7", "phone_other"),
        ("1-800-FLOWERS", "***********", "phone_letters"),
        ("1-800-FLOWERS ext 12", "***********-****", "phone_letters"),
        ("3楼 95338", "*****", "phone_other"),
        ("13812345678/95338", "1******5678/*****", "phone_several"),
        ("none", "****", "phone_no_digits"),
        ("", "", "empty"),
    ],
)
def test_each_rule_says_why(text: str, masked: str, reason: str) -> None:
    assert mask_phone(text) == (masked, reason)


def test_an_unknown_policy_is_refused_without_the_number() -> None:
    with pytest.raises(PolicyRefused) as refusal:
        mask_phone("13812345678", "gb-last5")
    assert refusal.value.code == "policy_unknown"
    assert "1381234" not in str(refusal.value)


def test_only_a_relay_number_shows_whole() -> None:
    assert show_relay(RelayNumber("17012345678", "8888")) == ("17012345678-8888", "relay_in_clear")
    assert mask_phone("17012345678-8888", "virtual").text == "1******5678-****"
