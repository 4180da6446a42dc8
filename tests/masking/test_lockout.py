"""A hundred misses a minute, to the miss and to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from masking.lockout import MISSES, WINDOW, Lockout

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_the_hundredth_miss_locks_out_and_is_told_once() -> None:
    lockout = Lockout()
    told = [lockout.miss("a", NOW) for _ in range(MISSES + 50)]
    assert [i for i, locked in enumerate(told) if locked] == [MISSES - 1]
    assert lockout.locked("a", NOW)
    assert not lockout.locked("b", NOW)


def test_the_limit_is_a_hundred_a_minute() -> None:
    assert (100, timedelta(minutes=1)) == (MISSES, WINDOW)


def test_of_too_many_sources_the_one_quiet_longest_is_forgotten() -> None:
    lockout = Lockout(limit=1, sources=2)
    for source in ("first", "second", "third"):
        lockout.miss(source, NOW)
    assert [lockout.locked(source, NOW) for source in ("first", "second", "third")] == [False, True, True]


def test_one_miss_fewer_does_not() -> None:
    lockout = Lockout()
    for _ in range(MISSES - 1):
        lockout.miss("a", NOW)
    assert not lockout.locked("a", NOW)


def test_a_lockout_ends_when_its_misses_are_a_minute_old() -> None:
    lockout = Lockout()
    for _ in range(MISSES):
        lockout.miss("a", NOW)
    assert lockout.locked("a", NOW + WINDOW - timedelta(milliseconds=1))
    assert not lockout.locked("a", NOW + WINDOW)
    assert not lockout.miss("a", NOW + WINDOW)


def test_misses_while_locked_out_prolong_it() -> None:
    lockout = Lockout()
    for _ in range(MISSES):
        lockout.miss("a", NOW)
    for second in range(30, 60):
        for _ in range(4):
            lockout.miss("a", NOW + timedelta(seconds=second))
    assert lockout.locked("a", NOW + WINDOW + timedelta(seconds=20))


def test_misses_spread_out_never_lock() -> None:
    lockout = Lockout(limit=10)
    assert not any(lockout.miss("a", NOW + i * WINDOW / 9) for i in range(1000))


def test_memory_is_bounded_and_keeps_who_is_busy() -> None:
    lockout = Lockout(limit=3, sources=10)
    for i in range(1000):
        lockout.miss("busy", NOW)
        lockout.miss(f"made up {i}", NOW)
    assert len(lockout) == 10
    assert lockout.locked("busy", NOW)


def test_forgiving_forgets_one_source() -> None:
    lockout = Lockout(limit=1)
    lockout.miss("a", NOW)
    lockout.miss("b", NOW)
    lockout.forgive("a")
    lockout.forgive("nobody")
    assert (lockout.locked("a", NOW), lockout.locked("b", NOW)) == (False, True)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 5))
def test_a_source_is_locked_exactly_while_its_window_holds_the_limit(gaps: list[int], limit: int) -> None:
    lockout, window = Lockout(limit=limit, window=timedelta(seconds=100)), 100
    at, times = 0, []
    for gap in gaps:
        at += gap
        assert lockout.locked("a", NOW + timedelta(seconds=at)) is (sum(at - time < window for time in times) >= limit)
        lockout.miss("a", NOW + timedelta(seconds=at))
        times.append(at)
