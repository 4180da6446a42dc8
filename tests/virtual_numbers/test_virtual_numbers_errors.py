"""Errors of this wing: stable codes, and a way back where the pool queues."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from masking.errors import VeilwayError
from virtual_numbers import errors


@pytest.mark.parametrize(
    "kind",
    [errors.NumbersError, errors.BindingRefused, errors.SlotRefused, errors.PoolExhausted, errors.ProviderRefused],
)
def test_every_error_is_one_of_veilways_and_has_a_code(kind: type[VeilwayError]) -> None:
    assert issubclass(kind, VeilwayError)
    assert kind("what and where").code == kind.code


def test_exhaustion_may_say_when_to_come_again() -> None:
    at = datetime(2026, 11, 25, tzinfo=UTC)

    assert errors.PoolExhausted("full").retry_at is None
    assert errors.PoolExhausted("full", retry_at=at).retry_at == at
