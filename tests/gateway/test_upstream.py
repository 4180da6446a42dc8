"""The hop to a carrier: each fault one typed error, and only one that proves that nothing was sent says so."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from carriers.wire import WireRequest
from gateway.settings import ConfigError, Settings
from gateway.upstream import (
    CarrierGarbage,
    CarrierTimeout,
    CarrierUnreachable,
    HostNotSet,
    RequestUnsendable,
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


@pytest.mark.parametrize(
    ("name", "value"),
    [("x", "a\r\nX-Evil: 1"), ("x", "a\nb"), ("x", "a\0b"), ("x\r\nX-Evil", "1"), ("x", "\ud800")],
)
async def test_a_value_that_would_break_out_of_its_field_is_never_sent(
    courier: Courier, upstream: Upstream, name: str, value: str
) -> None:
    with pytest.raises(RequestUnsendable) as refused:
        await upstream.send(route(courier), structs.replace(ASK, headers={name: value}))
    assert (refused.value.sent, refused.value.code) == (False, "request_unsendable")
    assert courier.received == [] and value not in str(refused.value)


@pytest.mark.parametrize(
    "change", [{"path": "/a b"}, {"path": "/a\r\nX: 1"}, {"query": "a=1 HTTP/1.1\r\n"}, {"method": "GET /"}]
)
async def test_a_path_that_would_break_out_of_its_line_is_never_sent(
    courier: Courier, upstream: Upstream, change: dict[str, str]
) -> None:
    with pytest.raises(RequestUnsendable):
        await upstream.send(route(courier), structs.replace(ASK, **change))
    assert courier.received == []


async def test_what_lies_between_neighbours_is_set_by_the_hop_alone(courier: Courier, upstream: Upstream) -> None:
    claimed = {
        "host": "x.example",
        "content-length": "1",
        "transfer-encoding": "chunked",
        "connection": "x-y",
        "x-y": "z",
    }
    courier.act.append(says(200, b""))
    await upstream.send(route(courier), structs.replace(ASK, headers=claimed))
    sent = {name.lower(): value for name, value in courier.last.headers.items()}
    assert sent == {
        "host": courier.url.removeprefix("http://"),
        "content-length": "5",
        "x-y": "z",
        "content-type": "application/octet-stream",
    }
    assert courier.last.body == b"hello"


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("POST", "0"), ("PUT", "0"), ("DELETE", "0")])
async def test_a_request_without_a_body_says_so_where_one_would_be_expected(
    courier: Courier, upstream: Upstream, method: str, length: str | None
) -> None:
    courier.act.append(says(200, b""))
    await upstream.send(route(courier), WireRequest(method, "/x"))
    assert courier.last.headers.get("Content-Length") == length and courier.last.method == method


async def test_the_path_of_the_base_url_comes_first_and_a_fragment_stays_at_home(
    courier: Courier, upstream: Upstream
) -> None:
    for base, path, query, seen in (
        ("/api", "/std", "a=b", "/api/std?a=b"),
        ("/api", "/std#top", "", "/api/std"),
        ("", "", "a", "/?a"),
        ("", "/", "a#b", "/?a"),
    ):
        courier.act.append(says(200, b""))
        await upstream.send(Route("x", courier.url + base, {}), WireRequest("GET", path, query))
        assert courier.last.path == seen


async def test_routes_to_one_host_share_its_connections_and_a_url_without_one_sends_nothing(
    courier: Courier, upstream: Upstream
) -> None:
    for base in ("/a", "/b"):
        courier.act.append(says(200, b""))
        await upstream.send(Route("x", courier.url + base, {}), ASK)
    assert [repr(pool) for pool in upstream._pools.values()] == ["<Pool 1 connections, 1 at rest, 0 wait>"]
    with pytest.raises(CarrierUnreachable):
        await upstream.send(Route("x", "https://x.example:99999", {}), ASK)


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
