"""Who waits together goes through the steps together."""

from __future__ import annotations

import asyncio

from gateway.turns import TOGETHER, Line


class Job:
    def __init__(self, name: str) -> None:
        self.name = name


async def test_who_stands_in_line_goes_through_each_step_together() -> None:
    seen: list[str] = []
    line = Line[Job](*[lambda job, step=step: seen.append(job.name + step) for step in "123"])  # type: ignore[misc]
    await asyncio.gather(*[line.take(Job(name)) for name in "abc"])
    assert seen == ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]


async def test_a_job_that_fails_leaves_the_line_alone() -> None:
    seen: list[str] = []

    def first(job: Job) -> None:
        if job.name == "b":
            raise ValueError(job.name)

    line = Line[Job](first, lambda job: seen.append(job.name))
    found = await asyncio.gather(*[line.take(Job(name)) for name in "abc"], return_exceptions=True)
    assert seen == ["a", "c"]
    assert [type(each) for each in found] == [type(None), ValueError, type(None)]


async def test_a_long_line_lets_the_loop_breathe_and_loses_nobody() -> None:
    seen: list[str] = []
    line = Line[Job](lambda job: seen.append(job.name))
    names = [str(number) for number in range(3 * TOGETHER)]
    tasks = [line.take(Job(name)) for name in names]
    counts = []
    while len(seen) < len(names):
        await asyncio.sleep(0)
        counts.append(len(seen))
    await asyncio.gather(*tasks)
    assert seen == names
    assert {TOGETHER, 2 * TOGETHER, 3 * TOGETHER} == set(counts)


async def test_who_is_cancelled_in_line_is_left_out_and_holds_up_nobody() -> None:
    seen: list[str] = []
    line = Line[Job](lambda job: seen.append(job.name))
    tasks = [line.take(Job(name)) for name in "abc"]
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert seen == ["a", "c"]
    assert [task.cancelled() for task in tasks] == [False, True, False]
