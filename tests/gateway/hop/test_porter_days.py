"""A porter's days: clients that are slow, silent, gone or too fast, handlers that refuse or fail, and the end of it all."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from gateway.http import porter as under_test
from gateway.http.lane import Written
from gateway.http.porter import Listener
from gateway.http.problems import problem
from masking.errors import VeilwayError
from tests.gateway.hop.visitors import Request, client, fields, hello, post, serving

# -- slow and silent clients


async def test_a_slow_body_is_aiohttp_s_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "PATIENCE", 0.05)
    async with serving(hello) as listener, client(listener) as one:
        one.writer.write(post()[:-1])
        await asyncio.sleep(0.2)
        assert not listener.porters
        said = await one.ask(b"i")
        assert said.endswith(b"<hi>") and fields(said)["way"] == "application"


@pytest.mark.parametrize("start", [b"PO", post()[:30]])
async def test_a_head_that_never_ends_is_closed(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(under_test, "PATIENCE", 0.05)
    async with serving(hello, keepalive=0.1) as listener, client(listener) as one:
        one.writer.write(start)
        assert await one.rest() == b""


async def test_a_head_without_end_is_not_collected() -> None:
    async with serving(hello) as listener, client(listener) as one:
        one.writer.write(post()[:-4] + b"\r\nX-One: ")
        for _ in range(20):
            one.writer.write(b"x" * 1000)
            await asyncio.sleep(0.002)
            if not listener.porters:
                break
        assert not listener.porters and (await one.rest()).startswith(b"HTTP/1.0 400 ")


async def test_a_connection_that_rests_too_long_is_closed_and_one_that_works_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_test, "KEPT", 0.15)

    async def slowly(request: Request) -> Written:
        await asyncio.sleep(0.4)
        return await hello(request)

    async with serving(slowly) as listener, client(listener) as fresh, client(listener) as busy:
        began = asyncio.get_running_loop().time()
        busy.writer.write(post())
        assert await fresh.rest() == b""
        assert 0.1 < asyncio.get_running_loop().time() - began < 0.4
        assert (await busy.answer()).endswith(b"<hi>")
        assert await busy.rest() == b""
        assert asyncio.get_running_loop().time() - began > 0.5 and not listener.porters


async def test_a_request_that_came_early_is_answered_in_its_turn() -> None:
    async def slowly(request: Request) -> Written:
        await asyncio.sleep(0.05)
        return await hello(request)

    async with serving(slowly) as listener, client(listener) as one:
        one.writer.write(post(body=b"one"))
        await asyncio.sleep(0.02)
        for body in (b"two", b"three", b"four"):
            one.writer.write(post(body=body))
            await asyncio.sleep(0.002)
        said = [(await one.answer()).rpartition(b"\r\n\r\n")[2] for _ in range(4)]
    assert said == [b"<one>", b"<two>", b"<three>", b"<four>"]


async def test_a_client_that_reads_nothing_is_not_written_to_without_end() -> None:
    answered = 0

    async def handler(request: Request) -> Written:
        nonlocal answered
        answered += 1
        return Written(200, b"x" * 100_000, {})

    for octets, pause in ((post() * 2000, 0.5), (post(), 0.001)):
        answered = 0
        async with serving(handler) as listener, client(listener) as one:
            one.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(1 if pause == 0.5 else 1500):
                one.writer.write(octets)
                await asyncio.sleep(pause)
        assert 0 < answered < 400


async def test_a_client_that_reads_again_is_served_again() -> None:
    async def handler(request: Request) -> Written:
        return Written(200, b"x" * 500_000, {})

    async with serving(handler) as listener, client(listener) as one:
        one.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(40):
            one.writer.write(post())
            await asyncio.sleep(0.002)
        one.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(40):
            assert len(await one.answer()) > 500_000


async def test_a_client_that_leaves_before_its_answer_troubles_nobody_and_its_order_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone, ended = asyncio.Event(), 0

    async def handler(request: Request) -> Written:
        nonlocal ended
        await gone.wait()
        ended += 1
        return Written(200, b"x", {})

    async with serving(handler) as listener:
        for polite in (True, False):
            async with client(listener) as one:
                one.writer.write(post())
                await asyncio.sleep(0.02)
                if polite:
                    one.writer.close()
            await asyncio.sleep(0.02)
        gone.set()
        await asyncio.sleep(0.02)
        assert ended == 2 and not listener.porters
    assert caplog.records == []


async def test_nothing_is_done_for_a_request_behind_the_last_answer() -> None:
    asked = 0

    async def handler(request: Request) -> Written:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return Written(200, b"x" * 10_000_000, {}, close=True)

    async with serving(handler) as listener, client(listener) as one:
        one.writer.write(post())
        await asyncio.sleep(0.02)
        one.writer.write(post())
        await asyncio.sleep(0.1)
        said = await one.answer()
        assert fields(said)["connection"] == "close" and await one.rest() == b"" and asked == 1


# -- refusals and faults


@pytest.mark.parametrize("lane", [True, False])
async def test_a_refusal_is_the_same_on_either_way(lane: bool) -> None:
    async def refuses(request: Request) -> web.Response:
        await request.read()
        return problem(VeilwayError("what to do", code="order_in_flight"))

    async with serving(refuses, lanes=None if lane else {}) as listener, client(listener) as one:
        said = await one.ask(post())
        found = fields(said)
        found.pop("server", "")  # which a signal of the whole application takes away
        assert said.startswith(b"HTTP/1.1 409 Conflict\r\n") and b'"order_in_flight"' in said
        assert found.pop("date") and found.pop("content-length")
        assert found == {
            "content-type": "application/problem+json",
            "veilway-error-source": "gateway",
            "cache-control": "no-store",
            "retry-after": "2",
        }
        assert (await one.ask(post())).startswith(b"HTTP/1.1 409 ")


async def test_a_refusal_may_end_the_connection() -> None:
    async def refuses(request: Request) -> web.Response:
        answer = problem(VeilwayError("x"))
        answer.force_close()
        return answer

    async with serving(refuses) as listener, client(listener) as one:
        assert fields(await one.ask(post()))["connection"] == "close" and await one.rest() == b""


@pytest.mark.parametrize("answer", [None, Written(200, b"x", {"X-One": "a\r\nX-Evil: 1"}), web.StreamResponse()])
async def test_a_fault_is_told_by_its_kind_and_ends_the_connection(
    answer: Written | web.StreamResponse | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(request: Request) -> Written | web.StreamResponse:
        if answer is None:
            raise ValueError("13900090817")
        return answer

    async with serving(fails) as listener, client(listener) as one:
        said = await one.ask(post())
        assert said.startswith(b"HTTP/1.1 500 ") and b'"internal"' in said and b"X-Evil" not in said
        assert b"13900090817" not in said and fields(said)["connection"] == "close" and await one.rest() == b""
    told = capsys.readouterr()
    assert "13900090817" not in told.out + told.err


# -- its end


async def test_what_is_under_way_when_it_stops_is_answered_and_what_rests_is_closed() -> None:
    until = asyncio.Event()

    async def waits(request: Request) -> Written:
        if await request.read() == b"wait":
            await until.wait()
        return await hello(request)

    async with serving(waits) as listener:
        port = listener.port
        async with AsyncExitStack() as stack:
            busy, idle, odd, half = [await stack.enter_async_context(client(listener)) for _ in range(4)]
            assert (await idle.ask(post())).endswith(b"<hi>")
            assert (await odd.ask(post(method="PUT"))).endswith(b"<hi>")
            busy.writer.write(post(body=b"wait"))
            half.writer.write(post()[:-1])
            await asyncio.sleep(0.02)
            stopping = asyncio.create_task(listener.stop(5))
            assert [await idle.rest(), await odd.rest(), await half.rest()] == [b"", b"", b""]
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            assert not stopping.done()
            until.set()
            said = await busy.answer()
            assert said.endswith(b"<wait>") and fields(said)["connection"] == "close" and await busy.rest() == b""
            await asyncio.wait_for(stopping, 1)


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def waits(request: Request) -> Written:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return await hello(request)

    async with serving(waits) as listener, client(listener) as one:
        one.writer.write(post())
        await asyncio.sleep(0.02)
        await listener.stop(0.1)
        assert cancelled.is_set() and await one.rest() == b""


async def test_names_that_clients_invent_are_not_kept_without_end() -> None:
    async with serving(hello) as listener, client(listener) as one:
        for round in range(30):
            assert (await one.ask(post(*(f"X-{round}-{number}: 1" for number in range(50))))).endswith(b"<hi>")
        await one.ask(post("X-" + "y" * 100 + ": 1"))
    assert len(under_test._names) <= 1001 and max(map(len, under_test._names)) <= 64


async def test_a_port_in_use_and_an_application_that_does_not_run_are_errors() -> None:
    with pytest.raises(RuntimeError):
        Listener(web.AppRunner(web.Application()), {}, limit=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        runner = web.AppRunner(web.Application())
        await runner.setup()
        listener = Listener(runner, {}, limit=1)
        with pytest.raises(OSError):
            await listener.start("127.0.0.1", taken.getsockname()[1])
        assert listener.port == 0
        await listener.stop(0.1)
