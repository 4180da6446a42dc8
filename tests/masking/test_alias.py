"""Aliases: stable for one, unlinkable for the others."""

from __future__ import annotations

import hmac
import struct
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.alias import Alias, AliasError, alias, email_token
from masking.keyring import Keyring

NOW = datetime(2026, 11, 25, tzinfo=UTC)
KEYS = Keyring.from_dict(
    {
        "version": 1,
        "current": 1,
        "keks": {"1": {"key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}},
        "index_root": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=",
        "audit_root": "YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=",
    }
)
SOMEONE: dict[str, Any] = {"tenant": "shop", "carrier": "sf-express", "kind": "email", "normalised": "wang@example.com"}


def lp(text: str) -> bytes:
    return struct.pack(">I", len(text)) + text.encode()


def made(**changed: Any) -> Alias:
    return alias(KEYS, **{**SOMEONE, "now": NOW, "lifetime": timedelta(days=30), **changed})


def test_one_recipient_has_one_alias_within_shop_and_carrier() -> None:
    assert made() == made()
    assert made(now=NOW + timedelta(days=1)).token == made().token


def test_aliases_of_one_person_differ_by_carrier_shop_kind_and_parcel() -> None:
    tokens = [
        made().token,
        made(carrier="zto").token,
        made(tenant="other").token,
        made(kind="id").token,
        made(normalised="li@example.com").token,
        made(shipment="p1").token,
        made(shipment="p2").token,
        alias(Keyring.generate(), **SOMEONE, now=NOW, lifetime=timedelta(days=30)).token,
    ]
    assert len(set(tokens)) == len(tokens)


def test_parts_of_an_alias_do_not_run_together() -> None:
    assert made(kind="ab", normalised="c").token != made(kind="a", normalised="bc").token
    assert made(normalised="a", shipment="b").token != made(normalised="ab", shipment="").token


def test_the_format_never_changes() -> None:
    """Derived by hand: HKDF for the shop, HMAC for carrier, kind and value, 80 bits of it in Base32."""
    key = HKDF(SHA256(), 32, None, lp("vw1") + lp("alias") + lp("shop")).derive(bytes(range(64, 96)))
    told = lp("sf-express") + lp("email") + lp("wang@example.com") + lp("")
    token = b32encode(hmac.digest(key, told, "sha256")[:10]).decode().lower()
    assert made().email("mail.example") == f"r-{token}@mail.example" == "r-7yrpqdbwhxfs7pl2@mail.example"


def test_an_alias_is_alive_until_its_last_moment() -> None:
    held = made(lifetime=timedelta(hours=1))
    assert held.alive(NOW + timedelta(hours=1) - timedelta(microseconds=1))
    assert not held.alive(NOW + timedelta(hours=1))


@settings(max_examples=50)
@given(st.text(max_size=20))
def test_an_address_leads_back_to_its_token(normalised: str) -> None:
    held = made(normalised=normalised.encode("utf-8", "ignore").decode())
    address = held.email("mail.example")
    assert email_token(address, "mail.example") == held.token
    assert email_token(f" {address.upper()}\n", "mail.example") == held.token


@pytest.mark.parametrize(
    "address",
    [
        "r-qdb7ieu4xkqmrfwf@other.example",
        "qdb7ieu4xkqmrfwf@mail.example",
        "r-qdb7ieu4xkqmrfw@mail.example",
        "r-qdb7ieu4xkqmrfwff@mail.example",
        "r-qdb7ieu4xkqmrfw1@mail.example",
        "r-qdb7ieu4xkqmrfwf@mail.example.org",
        "x@r-qdb7ieu4xkqmrfwf@mail.example",
        "ſ-qdb7ieu4xkqmrfwf@mail.example",
        "",
    ],
)
def test_what_is_no_alias_of_ours_has_no_token(address: str) -> None:
    assert email_token(address, "mail.example") is None


@pytest.mark.parametrize(
    "domain",
    ["", "example", "UPPER.example", "a b.example", "-a.example", "a..example", "a.example\n", "x" * 250 + ".example"],
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(AliasError):
        made().email(domain)
