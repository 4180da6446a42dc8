"""A chore outlives its faults, says so without their words, and ends with its cancellation."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.chores import kept


async def test_a_chore_that_fails_starts_again_and_its_fault_s_words_stay_out_of_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    runs, done = 0, asyncio.Event()

    async def chore() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise RuntimeError("a fault that holds +8613811112222")
        done.set()
        await asyncio.sleep(60)

    task = asyncio.ensure_future(kept("deliver", chore, pause=0.001))
    await asyncio.wait_for(done.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    said = capfd.readouterr()
    lines = [json.loads(line) for line in (said.out + said.err).splitlines() if "chore.failed" in line]
    assert [(line["operation"], line["error"]) for line in lines] == [("deliver", "RuntimeError")] * 3
    assert "13811112222" not in said.out + said.err


async def test_a_chore_with_nothing_to_do_ends() -> None:
    async def chore() -> None:
        return None

    assert await asyncio.wait_for(kept("follow", chore), 1) is None  # type: ignore[func-returns-value]


async def test_a_chore_that_must_be_there_within_a_second_never_pauses_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 6:
            raise asyncio.CancelledError

    async def chore() -> None:
        raise RuntimeError

    monkeypatch.setattr("gateway.chores.asyncio.sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await kept("follow", chore, pause=0.1, longest=0.5)
    assert paused == [0.1, 0.2, 0.4, 0.5, 0.5, 0.5]
