"""Who may ask at all, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from masking.couriers import Admission, Enrolment, EnrolmentInvalid, refusal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PRINT = "ab" * 32


def asked(admission: Admission | None = None, *, address: str = "", fingerprint: str = "", **facts: Any) -> str:
    enrolment = Enrolment(**{"enrolled_at": NOW - timedelta(days=400), **facts})
    return refusal(enrolment, admission or Admission(), now=NOW, address=address, fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, ""),
        ({"revoked_at": NOW}, "revoked"),
        ({"revoked_at": NOW + SECOND}, "revoked"),
        ({"suspended": True}, "suspended"),
        ({"expires_at": NOW + SECOND}, ""),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW - SECOND}, "expired"),
    ],
)
def test_an_enrolment_lets_in_until_it_ends(facts: dict[str, Any], reason: str) -> None:
    assert asked(**facts) == reason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"last_used_at": NOW - timedelta(days=30) + SECOND}, ""),
        ({"last_used_at": NOW - timedelta(days=30)}, "unused_too_long"),
        ({"last_used_at": None}, "unused_too_long"),
        ({"enrolled_at": NOW - timedelta(days=29)}, ""),
        ({"last_used_at": NOW + SECOND}, ""),
    ],
)
def test_an_account_that_nobody_uses_is_closed(facts: dict[str, Any], reason: str) -> None:
    assert asked(Admission.of(idle_days=30), **facts) == reason
    assert asked(Admission.of(), **facts) == ""


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.1.2.3", ""),
        ("::ffff:10.1.2.3", ""),
        ("2001:db8::1", ""),
        ("10.2.0.0", "address_not_allowed"),
        ("2001:db9::1", "address_not_allowed"),
        ("", "address_not_allowed"),
        ("10.1.2.3, 10.1.2.4", "address_not_allowed"),
        ("localhost", "address_not_allowed"),
    ],
)
def test_a_carrier_may_admit_its_own_networks_only(address: str, reason: str) -> None:
    assert asked(Admission.of(networks=("10.1.0.0/16", "2001:db8::/32")), address=address) == reason
    assert asked(Admission.of(), address=address) == ""


@pytest.mark.parametrize(
    ("fingerprint", "reason"),
    [(PRINT, ""), (PRINT.upper(), ""), ("", "certificate_not_allowed"), ("cd" * 32, "certificate_not_allowed")],
)
def test_a_carrier_may_admit_its_own_certificates_only(fingerprint: str, reason: str) -> None:
    assert asked(Admission.of(fingerprints=(PRINT.upper(), "00" * 32)), fingerprint=fingerprint) == reason


def test_the_strongest_reason_is_told_first() -> None:
    closed = Admission.of(idle_days=1, networks=("10.0.0.0/8",), fingerprints=(PRINT,))
    assert asked(closed, revoked_at=NOW, suspended=True, expires_at=NOW) == "revoked"
    assert asked(closed, suspended=True, expires_at=NOW) == "suspended"
    assert asked(closed, expires_at=NOW) == "expired"
    assert asked(closed) == "unused_too_long"
    assert asked(closed, last_used_at=NOW) == "address_not_allowed"
    assert asked(closed, last_used_at=NOW, address="10.0.0.1") == "certificate_not_allowed"
    assert asked(closed, last_used_at=NOW, address="10.0.0.1", fingerprint=PRINT) == ""


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ({"idle_days": 0}, "idle_days"),
        ({"networks": ("10.0.0.1/8",)}, "networks"),
        ({"networks": ("x",)}, "networks"),
        ({"fingerprints": ("ab",)}, "fingerprints"),
        ({"fingerprints": ("zz" * 32,)}, "fingerprints"),
    ],
)
def test_a_setting_that_is_none_is_refused(setting: dict[str, Any], path: str) -> None:
    with pytest.raises(EnrolmentInvalid) as refused:
        Admission.of(**setting)
    assert refused.value.path == path
