"""What all providers share: values that hide their numbers, comparisons in constant time, documents of sane size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.providers.wire import (
    Asked,
    Fault,
    ProviderFault,
    Request,
    digits,
    fresh,
    must_be_object,
    read_json,
    same,
    text_of,
)

NUMBER = "+8613800000001"


def test_values_that_hold_a_number_do_not_show_it() -> None:
    shown = repr(Request("GET", f"https://h/?a={NUMBER}", {"x": NUMBER}, NUMBER.encode())) + repr(
        Asked("sip", "sms", "c", NUMBER, "170", text=NUMBER)
    )

    assert NUMBER not in shown and "GET" in shown and "170" in shown


def test_a_faults_code_is_its_kind_and_its_message_holds_little_of_theirs() -> None:
    fault = ProviderFault(Fault.RETRY, "x" * 500)

    assert (fault.code, fault.fault) == ("provider_retry", Fault.RETRY)
    assert len(str(fault)) < 100


def test_only_ascii_digits_are_digits() -> None:
    assert digits("+86 (138) ００12-٣") == "8613812"


def test_signatures_are_compared_as_bytes_whatever_they_hold() -> None:
    assert same("abc", b"abc")
    assert not same("abc", "abd")
    assert not same("é\udc80", "e")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b" " * (1 << 21)])
def test_a_body_that_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderRefused) as refused:
        read_json(body)
    assert refused.value.code == "provider_body_malformed"


def test_only_an_object_is_an_object() -> None:
    assert must_be_object({"a": 1}) == {"a": 1}
    for other in ([], None, "x", 1):
        with pytest.raises(ProviderRefused):
            must_be_object(other, "path")


def test_a_field_is_read_as_text_or_as_nothing() -> None:
    document = {"n": 12, "s": "x", "z": None, "o": {}, "l": [1], "b": True}

    assert [text_of(document, name) for name in ("n", "s", "z", "o", "l", "b", "absent")] == [
        "12",
        "x",
        "",
        "",
        "",
        "",
        "",
    ]


def test_freshness_counts_both_ways() -> None:
    now, minute = datetime(2026, 11, 25, tzinfo=UTC), timedelta(minutes=1)

    assert fresh(now - minute, now, minute) and fresh(now + minute, now, minute)
    assert not fresh(now - 2 * minute, now, minute)
