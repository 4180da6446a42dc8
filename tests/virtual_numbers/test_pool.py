"""The pool: what it gives out, what it holds back, and that it never shortens a quarantine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

import pytest

from virtual_numbers.binding import Scheme, Slot
from virtual_numbers.errors import NumbersError, PoolExhausted, SlotRefused
from virtual_numbers.pool import RUN, Pool, PoolPolicy, SlotState

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
X, Z = "17012345678", "17087654321"


def a_pool(*blocks: tuple[str, range], seed: int = 1, **policy: object) -> Pool:
    pool = Pool(PoolPolicy(**policy), entropy=random.Random(seed).randbytes)  # type: ignore[arg-type]
    for x, places in blocks:
        pool.load(x, places)
    return pool


def drain(pool: Pool, now: datetime = NOW) -> list[Slot]:
    slots = []
    while True:
        try:
            slots.append(pool.lease(now))
        except PoolExhausted:
            return slots


def test_a_lease_is_an_extension_of_the_pools_width_and_a_first_turn() -> None:
    slot = a_pool((X, range(7, 8))).lease(NOW)

    assert slot == Slot(X, "0007", 0)


def test_the_occupancy_cap_bounds_each_number() -> None:
    pool = a_pool((X, range(100)), (Z, range(1000)), ext_digits=3, occupancy=0.3)

    leased = Counter(slot.x for slot in drain(pool))

    assert leased == {X: 30, Z: 300}
    assert pool.occupancy().share == 1.0


def test_no_slot_is_leased_twice() -> None:
    slots = drain(a_pool((X, range(5000)), (Z, range(10000)), occupancy=1.0))

    assert len(set(slots)) == len(slots) == 15000


def test_extensions_are_random_and_not_a_walk() -> None:
    exts = [int(slot.ext) for slot in drain(a_pool((X, range(10000))))]
    steps = Counter(b - a for a, b in pairwise(exts))

    assert max(steps.values()) < 10, "no step repeats like a sequence's"
    assert max(exts[:100]) > 8000 and min(exts[:100]) < 2000


def test_two_processes_do_not_draw_the_same_extensions() -> None:
    one, two = Pool(PoolPolicy()), Pool(PoolPolicy())
    for pool in (one, two):
        pool.load(X, range(10000))

    assert [one.lease(NOW) for _ in range(8)] != [two.lease(NOW) for _ in range(8)]


def test_a_slot_rests_for_the_whole_quarantine() -> None:
    pool = a_pool((X, range(2)), quarantine=30 * DAY)
    slot = pool.lease(NOW)
    pool.give_back(slot, NOW)

    with pytest.raises(PoolExhausted):
        pool.lease(NOW + 30 * DAY - timedelta(seconds=1))
    drained = drain(pool, NOW + 30 * DAY)
    pool.give_back(drained[0], NOW + 30 * DAY)

    assert pool.occupancy().cooling == 1


def test_a_pool_outlives_its_century() -> None:
    pool, late = a_pool((X, range(1))), NOW.replace(year=2190)
    pool.give_back(pool.lease(late), late)

    assert pool.lease(late + 30 * DAY).turn == 1


def test_a_part_of_a_second_does_not_shorten_it() -> None:
    pool = a_pool((X, range(1)), quarantine=DAY)
    pool.give_back(pool.lease(NOW), NOW + timedelta(milliseconds=900))

    with pytest.raises(PoolExhausted):
        pool.lease(NOW + DAY + timedelta(milliseconds=500))


def test_a_clock_that_steps_back_does_not_shorten_it() -> None:
    pool = a_pool((X, range(4)), occupancy=0.5, quarantine=DAY)
    first, second = pool.lease(NOW), pool.lease(NOW)
    pool.give_back(first, NOW + DAY)
    pool.give_back(second, NOW - DAY)

    with pytest.raises(PoolExhausted):
        pool.lease(NOW + DAY)


def test_each_reuse_is_another_turn() -> None:
    pool = a_pool((X, range(1)), quarantine=DAY)
    turns = []
    for day in range(5):
        slot = pool.lease(NOW + 2 * day * DAY)
        turns.append(slot.turn)
        pool.give_back(slot, NOW + 2 * day * DAY)

    assert turns == [0, 1, 2, 3, 4]


def test_what_an_unknown_reader_saw_rests_for_the_tombstone_period() -> None:
    pool = a_pool((X, range(1)), quarantine=DAY, tombstone=366 * DAY)
    pool.give_back(pool.lease(NOW), NOW, unknown_reader=True)

    with pytest.raises(PoolExhausted):
        pool.lease(NOW + 365 * DAY)
    assert pool.lease(NOW + 366 * DAY).turn == 1


def test_the_longest_idle_come_first() -> None:
    pool = a_pool((X, range(1000)), ext_digits=3, occupancy=1.0, quarantine=DAY)
    slots = drain(pool)
    for minute, slot in enumerate(slots):
        pool.give_back(slot, NOW + timedelta(minutes=minute))
    order = {slot.ext: age for age, slot in enumerate(slots)}

    ages = [order[pool.lease(NOW + 10 * DAY).ext] for _ in range(800)]

    assert all(abs(age - position) < 600 for position, age in enumerate(ages))
    assert sum(ages[:100]) / 100 < 200, "the oldest are at the front"
    assert ages[:100] != sorted(ages[:100]), "and still not to be guessed"


@pytest.mark.parametrize("exhaustion", ["refuse", "queue"])
def test_exhaustion_refuses_or_tells_when_to_come_again(exhaustion: str) -> None:
    pool = a_pool((X, range(2)), quarantine=DAY, exhaustion=exhaustion)
    pool.give_back(pool.lease(NOW), NOW)

    with pytest.raises(PoolExhausted) as refused:
        pool.lease(NOW)

    assert refused.value.code == "pool_exhausted"
    assert refused.value.retry_at == (NOW + DAY if exhaustion == "queue" else None)


def test_ten_slots_and_a_hundred_who_want_one() -> None:
    pool = a_pool((X, range(20)), ext_digits=2)
    bound, refused = [], 0
    for _ in range(100):
        try:
            bound.append(pool.lease(NOW))
        except PoolExhausted:
            refused += 1

    assert (len(set(bound)), refused) == (10, 90)


def test_a_slot_is_given_back_once_and_by_its_own_turn() -> None:
    pool = a_pool((X, range(2)), quarantine=timedelta(0))
    slot = pool.lease(NOW)
    pool.give_back(slot, NOW)
    again = pool.lease(NOW)

    for stale in (slot, again._replace(turn=9), Slot(X, "0009", 0), Slot(Z, "0000", 0), Slot(X, "x", 0)):
        with pytest.raises(SlotRefused):
            pool.give_back(stale, NOW)


def test_a_return_takes_its_cooling_slot_back_and_the_later_release_counts() -> None:
    pool = a_pool((X, range(1)), quarantine=30 * DAY)
    slot = pool.lease(NOW)
    pool.give_back(slot, NOW)
    pool.reclaim(slot)
    assert pool.occupancy().live == 1
    pool.give_back(slot, NOW + 20 * DAY)

    with pytest.raises(PoolExhausted):
        pool.lease(NOW + 49 * DAY)
    assert pool.lease(NOW + 50 * DAY) == slot._replace(turn=1)
    with pytest.raises(SlotRefused) as refused:
        pool.reclaim(slot)
    assert refused.value.code == "slot_moved_on"


def test_a_recipient_is_kept_off_numbers_that_already_stand_for_them() -> None:
    numbers = [f"1700000{n:04d}" for n in range(40)]
    pool = a_pool(*((x, range(1000)) for x in numbers), ext_digits=3)
    anna = b"a" * 16
    for _ in range(500):
        pool.lease(NOW, random.Random(5).randbytes(16))

    held = [pool.lease(NOW, anna).x for _ in range(10)]

    assert len(set(held)) == 10
    assert [pool.lease(NOW, anna) for _ in range(100)], "preferred, never required"


def numbers_of(pool: Pool, moments: Iterable[datetime], party: bytes | None = None) -> list[str]:
    return [pool.lease(moment, party).x for moment in moments]


def test_what_comes_within_a_second_goes_to_one_number_up_to_a_bound_and_slow_leases_draw_each() -> None:
    numbers = [f"1700000{n:04d}" for n in range(100)]
    pool = a_pool(*((x, range(1000)) for x in numbers), ext_digits=3)

    fast = numbers_of(pool, [NOW + timedelta(milliseconds=n) for n in range(3 * RUN)])
    slow = numbers_of(pool, [NOW + timedelta(seconds=n) for n in range(1, 200)])

    runs = [len(list(run)) for _x, run in groupby(fast)]
    assert sum(runs) == 3 * RUN and all(run % RUN == 0 for run in runs)
    assert len(set(slow)) > 60 and max(Counter(slow).values()) < 15


def test_a_full_or_withdrawn_number_ends_its_run_and_a_party_that_stands_there_is_sent_elsewhere_alone() -> None:
    numbers = [f"1700000{n:04d}" for n in range(40)]
    pool = a_pool(*((x, range(20)) for x in numbers), ext_digits=3)
    assert max(Counter(numbers_of(pool, [NOW] * 100)).values()) == 10, "half of its places"
    pool = a_pool(*((x, range(1000)) for x in numbers), ext_digits=3)
    here = pool.lease(NOW, b"a" * 16).x
    assert pool.lease(NOW, b"a" * 16).x != here
    assert numbers_of(pool, [NOW] * 5, b"b" * 16)[0] == here == pool.lease(NOW).x
    pool.withdraw(here)
    assert here not in numbers_of(pool, [NOW] * 50)


def test_what_lasts_is_drawn_apart_from_what_comes_in_the_same_second() -> None:
    pool = a_pool(*((f"1700000{n:04d}", range(1000)) for n in range(100)), ext_digits=3)
    lasting = {pool.lease(NOW, lasting=True).x for _ in range(20)}
    here = pool.lease(NOW).x
    assert len(lasting) > 10
    assert {pool.lease(NOW, lasting=True).x for _ in range(20)} != {here} == {pool.lease(NOW).x for _ in range(20)}


def test_a_restart_restores_every_place_as_it_was() -> None:
    used = [
        SlotState("0000", 4, None, party=b"a" * 16),
        SlotState("0001", 2, NOW - 10 * DAY),
        SlotState("0002", 0, NOW - 40 * DAY),
        SlotState("0003", 7, NOW - 40 * DAY, unknown_reader=True),
    ]
    pool = Pool(PoolPolicy(occupancy=1.0))
    pool.load(X, range(6), used)

    leased = {pool.lease(NOW) for _ in range(3)}

    assert leased == {Slot(X, "0004", 0), Slot(X, "0005", 0), Slot(X, "0002", 1)}
    with pytest.raises(PoolExhausted):
        pool.lease(NOW)
    pool.give_back(Slot(X, "0000", 4), NOW)
    assert Slot(X, "0001", 3) == pool.lease(NOW + 20 * DAY)


def test_places_loaded_in_any_order_cool_down_in_their_own() -> None:
    ages = list(range(1, 60))
    random.Random(3).shuffle(ages)
    pool = Pool(PoolPolicy(occupancy=1.0, quarantine=30 * DAY))
    pool.load(X, range(59), [SlotState(f"{n:04d}", 0, NOW - age * DAY) for n, age in enumerate(ages)])

    assert len(drain(pool)) == 30


@pytest.mark.parametrize(
    ("x", "places"),
    [
        ("", range(5)),
        ("17012345678901234", range(5)),
        ("+17", range(5)),
        (X, range(0)),
        (X, range(10001)),
        (X, range(0, 9, 2)),
    ],
)
def test_a_malformed_block_is_refused(x: str, places: range) -> None:
    with pytest.raises(SlotRefused) as refused:
        a_pool((x, places))
    assert refused.value.code == "block_malformed"


def test_blocks_of_one_number_may_not_overlap() -> None:
    pool = a_pool((X, range(100)))
    pool.load(X, range(100, 200))

    with pytest.raises(SlotRefused) as refused:
        pool.load(X, range(199, 300))
    assert refused.value.code == "block_overlaps"


def test_a_used_place_outside_its_block_is_refused() -> None:
    for used in ([SlotState("0200", 0, None)], [SlotState("0001", 0, None), SlotState("0001", 0, None)]):
        with pytest.raises(SlotRefused):
            Pool(PoolPolicy()).load(X, range(100), used)


def test_a_prefix_of_700_numbers_gives_whole_numbers() -> None:
    pool = a_pool(("70012345678", range(10000)), scheme=Scheme.AXN700)
    slots = drain(pool)

    assert len(slots) == 10000, "a number dialled whole has no extension to guess, so no cap"
    assert all(len(s.x) == 15 and s.x.startswith("70012345678") and not s.ext for s in slots)
    pool.give_back(slots[0], NOW)
    assert pool.lease(NOW + 30 * DAY) == slots[0]._replace(turn=1)


def test_whole_numbers_rest_and_are_withdrawn_one_by_one() -> None:
    numbers = [f"1700000{n:04d}" for n in range(50)]
    pool = a_pool(*((x, range(0)) for x in numbers), scheme=Scheme.AXN)
    pool.withdraw(numbers[7])

    slots = drain(pool)

    assert {s.x for s in slots} == set(numbers) - {numbers[7]}
    pool.readmit(numbers[7])
    assert pool.lease(NOW) == Slot(numbers[7], "", 0)
    pool.give_back(slots[0], NOW)
    assert pool.lease(NOW + 30 * DAY) == slots[0]._replace(turn=1)


def test_a_withdrawn_number_leases_nothing_and_still_takes_back() -> None:
    pool = a_pool((X, range(100)), (Z, range(100)))
    moments = (NOW + timedelta(seconds=n) for n in range(50))
    slot = next(s for s in map(pool.lease, moments) if s.x == X)
    pool.withdraw(X)

    assert {s.x for s in drain(pool)} == {Z}
    pool.give_back(slot, NOW)
    pool.readmit(X)
    assert {s.x for s in drain(pool)} == {X}


def test_effective_quarantine_is_usable_over_rate_minus_hold() -> None:
    pool = a_pool((X, range(10000)))
    for _ in range(1500):
        pool.lease(NOW)  # 100 a day, held 15 days

    assert pool.effective_quarantine(100) == 35 * DAY  # 5000 / 100 - 15
    assert pool.effective_quarantine(0) == timedelta.max


@pytest.mark.parametrize(
    "policy",
    [
        {"occupancy": 0},
        {"occupancy": 1.1},
        {"ext_digits": 0},
        {"ext_digits": 7},
        {"tombstone": DAY},
        {"quarantine": -DAY},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy: dict[str, object]) -> None:
    with pytest.raises(NumbersError):
        PoolPolicy(**policy)  # type: ignore[arg-type]


def test_a_burst_of_expiries_does_not_stop_the_next_lease() -> None:
    pool = a_pool((X, range(10000)), (Z, range(10000)), occupancy=1.0, quarantine=DAY)
    for slot in drain(pool):
        pool.give_back(slot, NOW)

    pool.lease(NOW + DAY)

    assert pool.occupancy().cooling > 19_000, "it freed a few, and leaves the rest to the leases that follow"
