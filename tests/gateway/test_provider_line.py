"""The hop to a provider: every fault typed, health and pace kept by account, and nothing of what was said repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from aiohttp import web

from gateway.accounts import Account
from gateway.metrics import Metrics
from gateway.provider_line import LineFault, ProviderLine
from tests.gateway.pushed import SECRETS
from tests.gateway.world import Hands
from virtual_numbers.health import FAILURES_TO_DOWN
from virtual_numbers.providers.alibaba import read_done
from virtual_numbers.providers.pushed import dialect
from virtual_numbers.providers.wire import MAX_BODY, Fault, Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def account(url: str, rate: int = 5000) -> Account:
    return Account("north", "alibaba", url, rate, False, dialect("alibaba", url, SECRETS["alibaba"]))


async def ask(line: ProviderLine, at: Account) -> None:
    def make(now: datetime, nonce: str) -> Request:
        return Request("POST", f"{at.endpoint}/?PhoneNoA=13800000001", {"x-nonce": nonce})

    async with line.open() as http:
        await line.ask(http, at, "bind", make, read_done)


async def fault_of(line: ProviderLine, at: Account) -> LineFault:
    with pytest.raises(LineFault) as refused:
        await ask(line, at)
    assert "13800000001" not in str(refused.value) + repr(refused.value)
    return refused.value


def said(status: int, body: str) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    return handle


async def breaks_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def never_ends(request: web.Request) -> web.StreamResponse:
    reply = web.StreamResponse()
    await reply.prepare(request)
    for _ in range(MAX_BODY // 65536 + 4):
        await reply.write(b"x" * 65536)
    return reply


async def sends_away(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/elsewhere")


@pytest.mark.parametrize(
    ("handler", "fault"),
    [
        (said(200, '{"Code":"isv.FLOW_LIMIT","Message":"13800000001"}'), Fault.THROTTLED),
        (said(200, '{"Code":"isv.BIND_CONFLICT","Message":"13800000001"}'), Fault.CONFLICT),
        (said(502, "<html>13800000001</html>"), Fault.RETRY),
        (said(200, "[]"), Fault.RETRY),
        (breaks_off, Fault.RETRY),
        (never_ends, Fault.RETRY),
        (sends_away, Fault.RETRY),
    ],
    ids=["throttled", "conflict", "a proxy's page", "no object", "broken off", "too long", "a redirect"],
)
async def test_each_fault_is_typed_and_may_have_been_done(handler: Handler, fault: Fault) -> None:
    async with answering(handler) as url:
        found = await fault_of(ProviderLine(Hands(), Metrics()), account(url))
    assert (found.fault, found.sent) == (fault, True)


async def test_what_never_left_is_known_not_to_have_been_done() -> None:
    found = await fault_of(ProviderLine(Hands(), Metrics()), account("http://127.0.0.1:9"))
    assert (found.fault, found.sent) == (Fault.RETRY, False)


async def test_failures_take_an_account_down_and_an_answer_brings_it_back() -> None:
    line, metrics = ProviderLine(Hands(), Metrics()), Metrics()
    line = ProviderLine(Hands(), metrics)
    for _ in range(FAILURES_TO_DOWN):
        await fault_of(line, account("http://127.0.0.1:9"))
    assert line.health("north").down(Hands()())
    async with answering(said(200, '{"Code":"OK"}')) as url:
        await ask(line, account(url))
    assert not line.health("north").down(Hands()())
    text = metrics.text().decode()
    assert 'veilway_provider_requests_total{action="bind",outcome="provider_retry",provider="north"} 3.0' in text
    assert 'outcome="ok",provider="north"} 1.0' in text


async def test_an_account_that_was_changed_is_looked_at_anew() -> None:
    line = ProviderLine(Hands(), Metrics())
    for _ in range(FAILURES_TO_DOWN):
        await fault_of(line, account("http://127.0.0.1:9"))
    line.forget("north")
    assert not line.health("north").down(Hands()())


async def test_an_account_s_rate_is_kept_however_many_ask_at_once() -> None:
    line = ProviderLine(Hands(), Metrics())
    async with answering(said(200, '{"Code":"OK"}')) as url:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(ask(line, account(url, rate=50)) for _ in range(11)))
        assert asyncio.get_running_loop().time() - began >= 0.2
