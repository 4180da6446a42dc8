"""Numbers for pairs: a phone stands on a number once, and stays on it until the quarantine is over."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.binding import Scheme, Slot
from virtual_numbers.errors import NumbersError, PoolExhausted, SlotRefused
from virtual_numbers.pairs import PairPool, PairState
from virtual_numbers.pool import PoolPolicy

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
ANNA, BORIS, COURIER, OTHER = (bytes([n]) * 16 for n in (1, 2, 3, 4))


def a_pool(numbers: int, *, pairs: int = 200, **policy: object) -> PairPool:
    pool = PairPool(
        PoolPolicy(Scheme.AXB, quarantine=3 * DAY, **policy), pairs_per_number=pairs, entropy=random.Random(1).randbytes  # type: ignore[arg-type]
    )  # fmt: skip
    for n in range(numbers):
        pool.load(f"1700000000{n}")
    return pool


def test_a_couriers_parcels_stand_on_as_many_numbers() -> None:
    pool = a_pool(5)
    slots = [pool.lease(NOW, (random.Random(n).randbytes(16), COURIER)) for n in range(5)]

    assert len({slot.x for slot in slots}) == 5
    with pytest.raises(PoolExhausted):
        pool.lease(NOW, (ANNA, COURIER))
    assert pool.lease(NOW, (ANNA, OTHER))


def test_both_phones_must_be_new_to_the_number() -> None:
    pool = a_pool(1)
    pool.lease(NOW, (ANNA, COURIER))

    for phones in ((ANNA, OTHER), (BORIS, COURIER)):
        with pytest.raises(PoolExhausted):
            pool.lease(NOW, phones)
    assert pool.lease(NOW, (BORIS, OTHER)).turn == 1


def test_a_number_carries_no_more_pairs_than_its_cap() -> None:
    pool = a_pool(1, pairs=2)
    pool.lease(NOW, (ANNA, COURIER))
    pool.lease(NOW, (BORIS, OTHER))

    with pytest.raises(PoolExhausted):
        pool.lease(NOW, (b"x" * 16, b"y" * 16))


def test_phones_stay_on_a_number_for_the_quarantine() -> None:
    pool = a_pool(1, exhaustion="queue")
    slot = pool.lease(NOW, (ANNA, COURIER))
    pool.give_back(slot, NOW)

    with pytest.raises(PoolExhausted) as refused:
        pool.lease(NOW + 3 * DAY - timedelta(seconds=1), (BORIS, COURIER))
    assert refused.value.retry_at == NOW + 3 * DAY
    assert pool.lease(NOW + 3 * DAY, (BORIS, COURIER)) == Slot(slot.x, "", 1)


def test_whoever_has_a_tombstone_on_a_number_is_kept_off_it() -> None:
    pool = a_pool(2)

    assert {pool.lease(NOW, (bytes([n]) * 16,), barred={"17000000000"}).x for n in range(10)} == {"17000000001"}


def test_a_courier_joins_a_pair_that_began_without_one() -> None:
    pool = a_pool(1)
    first, second = pool.lease(NOW, (ANNA,)), pool.lease(NOW, (BORIS,))
    pool.join(first, COURIER)

    with pytest.raises(SlotRefused) as refused:
        pool.join(second, COURIER)
    assert refused.value.code == "phone_on_number"
    with pytest.raises(SlotRefused):
        pool.join(second, OTHER, barred={second.x})
    pool.give_back(first, NOW)
    with pytest.raises(SlotRefused):
        pool.give_back(first, NOW)


def test_a_restart_keeps_phones_where_they_stand_and_turns_unused() -> None:
    pool = a_pool(0)
    used = [
        PairState(4, (ANNA, COURIER), None),
        PairState(3, (BORIS, COURIER), NOW - 9 * DAY),
        PairState(2, (OTHER,), NOW - DAY),
    ]
    pool.load("17000000009", used, next_turn=7)

    with pytest.raises(PoolExhausted):
        pool.lease(NOW, (b"x" * 16, COURIER))  # its long-cooled pair does not lift its live one
    with pytest.raises(PoolExhausted):
        pool.lease(NOW, (OTHER,))
    assert pool.lease(NOW, (BORIS,)).turn == 7
    assert pool.occupancy().live == 2


def test_a_withdrawn_number_takes_no_new_pair() -> None:
    pool = a_pool(1)
    pool.withdraw("17000000000")
    with pytest.raises(PoolExhausted):
        pool.lease(NOW, (ANNA,))
    pool.withdraw("17000000000", withdrawn=False)
    assert pool.lease(NOW, (ANNA,))


def test_effective_quarantine_goes_by_the_caps() -> None:
    pool = a_pool(2, pairs=10)
    pool.lease(NOW, (ANNA,))

    assert pool.effective_quarantine(1) == 19 * DAY
    assert pool.effective_quarantine(0) == timedelta.max


@pytest.mark.parametrize("x", ["", "+17", "1" * 16, "17000000000"])
def test_a_number_is_digits_and_loaded_once(x: str) -> None:
    with pytest.raises(SlotRefused):
        a_pool(1).load(x)


def test_other_schemes_have_another_pool() -> None:
    with pytest.raises(NumbersError):
        PairPool(PoolPolicy(Scheme.AXN_EXT))
