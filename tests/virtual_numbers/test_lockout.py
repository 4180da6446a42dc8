"""Lockout counts: per caller, per number and minute, in bounded space."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from virtual_numbers.lockout import Lockout

NOW = datetime(2026, 11, 25, tzinfo=UTC)
A, B, X, Z = b"a" * 16, b"b" * 16, "17000000001", "17000000002"


def test_misses_are_counted_by_caller_and_number_and_forgotten_after_the_window() -> None:
    lockout = Lockout(window=timedelta(hours=1))
    for _ in range(3):
        lockout.record(A, X, NOW, stranger=True)

    assert (lockout.caller(A, X, NOW), lockout.caller(B, X, NOW), lockout.caller(A, Z, NOW)) == (3, 0, 0)
    assert lockout.caller(A, X, NOW + timedelta(minutes=59)) == 3
    assert lockout.caller(A, X, NOW + timedelta(hours=1)) == 0


def test_a_number_counts_a_sliding_minute_of_strangers_only() -> None:
    lockout = Lockout()
    for second in range(0, 50, 5):
        lockout.record(A, X, NOW + timedelta(seconds=second), stranger=True)
    lockout.record(B, X, NOW, stranger=False)

    assert lockout.number(X, NOW + timedelta(seconds=45)) == 10
    assert lockout.number(X, NOW + timedelta(seconds=62)) == 9
    assert lockout.number(Z, NOW) == 0


def test_a_caller_who_gets_through_starts_anew() -> None:
    lockout = Lockout()
    lockout.record(A, X, NOW, stranger=True)
    lockout.forgive(A, X)

    assert lockout.caller(A, X, NOW) == 0
    assert lockout.number(X, NOW) == 1, "the number's own count stays"


def test_memory_is_bounded_and_the_busiest_are_kept() -> None:
    lockout = Lockout(most=100)
    for n in range(5000):
        lockout.record(n.to_bytes(16, "big"), X, NOW, stranger=True)
        lockout.record(A, X, NOW, stranger=True)

    assert repr(lockout) == "<Lockout 100 callers, 1 numbers>"
    assert lockout.caller(A, X, NOW) == 5000
    assert lockout.number(X, NOW) >= 10


def test_a_clock_that_steps_back_forgives_nothing() -> None:
    lockout = Lockout()
    lockout.record(A, X, NOW, stranger=True)

    assert lockout.caller(A, X, NOW - timedelta(days=2)) == 1
    assert lockout.number(X, NOW - timedelta(days=2)) == 1
