"""Tasks that wait together go through their stages together."""

from __future__ import annotations

import asyncio

import pytest

from gateway.turns import turn


async def test_tasks_that_are_ready_come_level_at_every_border() -> None:
    seen: list[str] = []

    async def work(name: str) -> None:
        for stage in "123":
            seen.append(name + stage)
            await turn()

    await asyncio.gather(*map(work, "abc"))
    assert seen == ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]


async def test_a_cancellation_comes_at_a_border() -> None:
    async def work() -> None:
        while True:
            await turn()

    task = asyncio.create_task(work())
    await turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
