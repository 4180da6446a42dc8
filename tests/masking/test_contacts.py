"""E-mails and identity numbers: what has not the shape is hidden whole, and what has shows one sign at each end at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.contacts import PUBLIC_PROVIDERS, mask_email, mask_id


@pytest.mark.parametrize("domain", sorted(PUBLIC_PROVIDERS))
def test_an_open_domain_stays(domain: str) -> None:
    assert mask_email(f"zhangsan@{domain}") == (f"z***@{domain}", "email_public_domain")
    assert domain not in mask_email(f"zhangsan@my-{domain}").text


@pytest.mark.parametrize(
    ("mail", "expected", "reason"),
    [
        ("zhangsan@zhangsan.cn", "z***@***.cn", "email_private_domain"),
        ("z@zhangsan.cn", "***@***.cn", "email_private_domain"),
        (".z@zhangsan.cn", "***@***.cn", "email_private_domain"),
        ("zhangsan@mail.zhang.com", "z***@***.com", "email_private_domain"),
        ("zhangsan@firma.zhang", "z***@***.***", "email_private_domain"),
        ("zhangsan@firma.例子", "z***@***.***", "email_private_domain"),
        ("zhangsan@firma.国国", "z***@***.***", "email_private_domain"),
        ("ZHANG@QQ.COM", "Z***@qq.com", "email_public_domain"),
        ("zhangsan@localhost", "***", "email_malformed"),
        ("zhangsan", "***", "email_malformed"),
        ("@qq.com", "***", "email_malformed"),
        ("zhang san@qq.com", "***", "email_malformed"),
        ("a@b@qq.com", "***", "email_malformed"),
        ("zhangsan@qq..com", "***", "email_malformed"),
        ("a" * 313 + "@qq.com", "a***@qq.com", "email_public_domain"),
        ("a" * 314 + "@qq.com", "***", "email_malformed"),
        ("", "", "empty"),
    ],
)
def test_the_rule_for_mail(mail: str, expected: str, reason: str) -> None:
    assert mask_email(mail) == (expected, reason)


@pytest.mark.parametrize(
    ("number", "expected", "reason"),
    [
        ("11010519491231002X", "1****************X", "id_ends"),
        ("A123456(3)", "A******3", "id_ends"),
        ("E12345678", "E*******8", "id_ends"),
        ("123456", "1****6", "id_ends"),
        ("12345", "*****", "id_short"),
        ("1", "*", "id_short"),
        ("ABCDEF", "A****F", "id_ends"),
        ("ID 123456", "1****6", "id_ends"),
        ("123456 Zhang", "1****6", "id_ends"),
        ("123456 张三", "1****6", "id_ends"),
        ("12-34-56", "1****6", "id_ends"),
        ("1****6", "1****6", "id_ends"),
        ("1" * 64, "1" + "*" * 62 + "1", "id_ends"),
        ("1" * 65, "***", "id_malformed"),
        ("--", "***", "id_malformed"),
        ("张三", "***", "id_malformed"),
        ("", "", "empty"),
    ],
)
def test_the_rule_for_ids(number: str, expected: str, reason: str) -> None:
    assert mask_id(number) == (expected, reason)


@given(st.text("abcdefgh0123456789", min_size=3, max_size=30), st.text("abcdefgh", min_size=3, max_size=20))
def test_no_third_sign_of_a_mail_or_an_id_shows(local: str, domain: str) -> None:
    masked = mask_email(f"{local}@{domain}.example").text
    assert masked == f"{local[0]}***@***.***"
    assert len([ch for ch in mask_id(local).text if ch != "*"]) <= 2
