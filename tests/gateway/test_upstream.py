"""The hop to a carrier: each fault one typed error, and only one that proves that nothing was sent says so."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from carriers.wire import WireRequest
from gateway.settings import ConfigError, Settings
from gateway.upstream import (
    CarrierGarbage,
    CarrierTimeout,
    CarrierUnreachable,
    HostNotSet,
    Route,
    Upstream,
    check_base_url,
)
from tests.gateway.couriers import Courier, bomb, breaks_off, falls_silent, listening, says


@pytest.fixture
async def courier() -> AsyncIterator[Courier]:
    async with listening(Courier()) as made:
        yield made


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Upstream]:
    limits = {"answer_limit": 100_000, "carrier_timeout": timedelta(milliseconds=300)}
    made = Upstream(dataclasses.replace(Settings(tmp_path), **limits))
    yield made
    await made.close()


ASK = WireRequest("POST", "/std/service%2Fx", "a=%20b", {"content-type": "text/plain"}, b"hello")


def route(courier: Courier) -> Route:
    return Route("sf-express", courier.url, {"check_word": "s3cr3t"})


async def test_bytes_go_out_and_come_back_as_they_are(courier: Courier, upstream: Upstream) -> None:
    courier.act.append(says(418, b"\x00\xff", "application/octet-stream"))
    reply = await upstream.send(route(courier), ASK)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (418, b"\x00\xff", "application/octet-stream")
    assert (courier.last.path, courier.last.body) == ("/std/service%2Fx?a=%20b", b"hello")
    assert {name.lower() for name in courier.last.headers} == {"host", "content-type", "content-length"}


async def test_a_redirect_is_not_followed(courier: Courier, upstream: Upstream) -> None:
    courier.act.append(says(302, b""))
    assert (await upstream.send(route(courier), ASK)).status == 302 and len(courier.received) == 1


async def test_no_connection_proves_that_nothing_was_sent(upstream: Upstream) -> None:
    with pytest.raises(CarrierUnreachable) as fault:
        await upstream.send(Route("ups", "http://127.0.0.1:9", {}), ASK)
    assert fault.value.sent is False


async def test_a_further_host_has_a_url_of_its_own_or_nothing_is_sent(courier: Courier, upstream: Upstream) -> None:
    async with listening(Courier()) as far:
        far.act.append(says(200, b"far"))
        two = Route("kuaidi100", courier.url, {}, {"hosts": {"label": far.url}})
        assert (await upstream.send(two, ASK, "label")).body == b"far"
        with pytest.raises(HostNotSet) as fault:
            await upstream.send(two, ASK, "tracking")
    assert (fault.value.code, fault.value.path, fault.value.sent) == ("carrier_host_missing", "hosts.tracking", False)
    assert courier.received == []


async def test_silence_proves_nothing(courier: Courier, upstream: Upstream) -> None:
    until = asyncio.Event()
    courier.act.append(falls_silent(until))
    with pytest.raises(CarrierTimeout) as fault:
        await upstream.send(route(courier), ASK)
    until.set()
    assert fault.value.sent is True and fault.value.code == "carrier_timeout"


async def test_an_answer_that_breaks_off_is_garbage_and_is_not_asked_again(
    courier: Courier, upstream: Upstream
) -> None:
    courier.act.append(breaks_off())
    with pytest.raises(CarrierGarbage) as fault:
        await upstream.send(route(courier), ASK)
    assert fault.value.sent and len(courier.received) == 1


@pytest.mark.parametrize("how", ["long", "bomb"])
async def test_an_answer_past_the_limit_is_not_read(courier: Courier, upstream: Upstream, how: str) -> None:
    courier.act.append(says(200, b"a" * 100_001) if how == "long" else bomb(64))
    with pytest.raises(CarrierGarbage) as fault:
        await upstream.send(route(courier), ASK)
    assert fault.value.code == "answer_too_large"


async def test_no_proxy_is_taken_from_the_environment(
    courier: Courier, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    courier.act.append(says(200, b"{}"))
    assert (await upstream.send(route(courier), ASK)).status == 200


def test_a_route_s_repr_shows_no_secret() -> None:
    assert "s3cr3t" not in repr(Route("ups", "https://x", {"a": "s3cr3t"}))


@pytest.mark.parametrize(
    "url", ["https://carrier.example", "https://carrier.example/api/", "http://127.0.0.1:80", "http://localhost"]
)
def test_an_upstream_is_https_or_this_machine(url: str) -> None:
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://carrier.example",
        "ftp://x",
        "carrier.example",
        "https://",
        "https://u:p@x",
        "https://x?a=b",
        "https://x#a",
        "http://127.0.0.1.example",
        "",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_base_url(url)
    assert refused.value.path == "base-url"
