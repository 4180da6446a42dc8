from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.labels.codes import (
    _read_modules,
    check_digit_finding,
    gs1_check_digit,
    s10_check_digit,
    ticket_matrix,
    waybill_bars,
)
from masking.labels.errors import LabelRefused

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"


def test_check_digits_follow_their_standards() -> None:
    assert s10_check_digit("47312482") == 9  # the UPU's own example, RR473124829
    assert [s10_check_digit(serial) for serial in ("00000000", "00000012")] == [5, 0]  # remainders 0 and 1
    assert gs1_check_digit("37610425002123456") == 9  # GS1's own SSCC example
    assert gs1_check_digit("629104150021") == 3


@pytest.mark.parametrize(
    ("waybill", "finding"),
    [
        ("RR473124829GB", None),
        ("RR473124828GB", "s10_check_digit"),
        ("00376104250021234569", None),
        ("00376104250021234568", "sscc_check_digit"),
        ("SF1234567890123", None),
    ],
)
def test_a_wrong_check_digit_is_found_and_no_refusal(waybill: str, finding: str | None) -> None:
    assert check_digit_finding(waybill) == finding
    assert waybill_bars(waybill).modules


@settings(max_examples=120)
@given(st.text(ALPHABET, min_size=4, max_size=28).filter(lambda text: text[0] != "-"))
def test_every_waybill_reads_back_as_itself(waybill: str) -> None:
    bars = waybill_bars(waybill)
    assert bars.gs1 or bars.content == waybill
    assert _read_modules(bars.modules) == bars.content
    assert len(bars.modules) % 11 == 2 and bars.modules.startswith("11010") and bars.modules.endswith("1100011101011")


@settings(max_examples=40)
@given(st.integers(0, 10**10 - 1))
def test_a_leading_99_is_not_lost(number: int) -> None:
    waybill = f"99{number:010d}"
    assert _read_modules(waybill_bars(waybill).modules) == waybill


def test_bars_are_as_short_as_the_printers_own_packing() -> None:
    assert (
        len(waybill_bars("SF1234567890123").modules) == 11 * (1 + 3 + 1 + 6 + 1) + 13
    )  # B S F 1, C, six pairs, check, stop


def test_an_sscc_becomes_gs1_128() -> None:
    bars = waybill_bars("00376104250021234569")
    assert bars.gs1 and bars.content == "(00)376104250021234569" and len(bars.modules) == 156


@pytest.mark.parametrize("waybill", ["", "ABC", "SF 123456", "SF123\n456", "顺丰12345", "A" * 49, "-12345", "SF123*56"])
def test_what_is_no_waybill_is_refused(waybill: str) -> None:
    with pytest.raises(LabelRefused) as refusal:
        waybill_bars(waybill)
    assert (refusal.value.code, refusal.value.path) == ("waybill_shape", "waybill")
    assert not waybill or waybill not in str(refusal.value)


def test_the_ticket_fits_version_six_for_a_short_host() -> None:
    payload = "A2" * 66 + "B"
    assert len(ticket_matrix(f"HTTPS://{'H' * 10}/Q/{payload}").rows) == 41
    assert len(ticket_matrix(f"HTTPS://{'H' * 11}/Q/{payload}").rows) == 45
