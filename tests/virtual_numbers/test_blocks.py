"""A number's places, the queues behind them, and random numbers that are fetched in batches."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.blocks import FRESH, WINDOW, Block, Dice, Fifo, Wheel


@given(st.lists(st.one_of(st.integers(0, 10**6), st.none()), max_size=200))
@settings(max_examples=100, deadline=None)
def test_a_fifo_is_first_in_first_out(moves: list[int | None]) -> None:
    fifo, model = Fifo("I"), list[int]()
    for move in moves:
        if move is not None:
            fifo.push(move)
            model.append(move)
        elif model:
            assert fifo.peek() == model[0]
            assert fifo.pop() == model.pop(0)
        assert len(fifo) == len(model)
    assert fifo.drain() == model


def test_a_fifo_gives_its_memory_back() -> None:
    fifo = Fifo("I")
    for n in range(10_000):
        fifo.push(n)
        fifo.pop()

    assert len(fifo) == 0
    assert len(fifo._items) < 3_000


def test_taking_ahead_leaves_nothing_out() -> None:
    fifo = Fifo("I")
    for n in range(10):
        fifo.push(n)

    assert fifo.pop(4) == 4
    assert sorted(fifo.drain()) == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_a_wheel_lets_nothing_go_before_its_rest_is_over() -> None:
    wheel = Wheel(timedelta(seconds=10.2))
    assert wheel.push(100, 3, 7) == 111, "a part of a second counts as a whole one"

    assert wheel.pop_due(110) is None
    assert wheel.pop_due(111) == (111, 3, 7)
    assert wheel.next_due() is None


def test_a_wheel_filled_in_disorder_turns_in_order() -> None:
    wheel = Wheel(timedelta(0))
    for since in (30, 10, 20):
        wheel.push(since, 0, since)

    assert wheel.next_due() == 10
    assert [wheel.pop_due(99) for _ in range(4)] == [(10, 0, 10), (20, 0, 20), (30, 0, 30), None]


def test_dice_are_fair_and_fetch_entropy_by_the_batch() -> None:
    fetched: list[int] = []
    source = random.Random(1)

    def entropy(count: int) -> bytes:
        fetched.append(count)
        return source.randbytes(count)

    dice = Dice(entropy)
    rolls = Counter(dice.below(6) for _ in range(6_000))

    assert set(rolls) == set(range(6))
    assert max(rolls.values()) - min(rolls.values()) < 250
    assert len(fetched) == 12


def test_places_are_written_with_their_digits() -> None:
    extension = Block("17000000001", range(40, 50), digits=4, whole=False)
    tail = Block("70012345678", range(40, 50), digits=4, whole=True)

    assert extension.slot(2) == ("17000000001", "0042", 0)
    assert tail.slot(2) == ("700123456780042", "", 0)


def test_every_place_comes_up_once_and_within_the_window_of_its_turn() -> None:
    block = Block("17000000001", range(500), digits=3, whole=False)
    dice = Dice(random.Random(2).randbytes)
    fresh = [block.take(dice) for _ in range(500)]
    for place in range(500):
        block.ready.push(place)
    ready = [block.take(dice) for _ in range(500)]

    assert sorted(fresh) == sorted(ready) == list(range(500))
    assert all(place <= position + WINDOW for position, place in enumerate(ready))
    assert block.take(dice) == -1


def test_a_withdrawn_name_is_set_aside_until_it_comes_back() -> None:
    block = Block("", range(0), digits=0, whole=True)
    block.names += ["17000000001", "17000000002"]
    block.grow(2)
    block.set_withdrawn("17000000001", True)
    dice = Dice(random.Random(3).randbytes)

    assert [block.take(dice), block.take(dice)] == [1, -1]
    block.set_withdrawn("17000000001", False)
    assert block.take(dice) == 0
    assert block.state[0] == FRESH
