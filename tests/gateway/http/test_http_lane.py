"""The lane: the same answer as through the application, byte for byte where it counts, and nothing that only the router could do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from gateway.http.lane import LANES, Written, open_lanes
from gateway.http.problems import problem
from masking.errors import VeilwayError
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import SF_PATH, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, *, lanes: dict[str, Handler] | None = None) -> AsyncIterator[int]:
    """An application on a free port, with one lane, `/c/`, unless others are given."""
    app = web.Application(client_max_size=1000)
    app[LANES] = {"/c/": handler} if lanes is None else lanes
    app.router.add_route("*", "/c/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    open_lanes(runner)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def told(port: int, octets: bytes, *, until: bytes = b"") -> bytes:
    """What a server says to these bytes, until it closes or has said `until`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    async with asyncio.timeout(5):
        said = await (reader.readuntil(until) if until else reader.read())
    writer.close()
    return said


def post(*fields: str, version: str = "1.1", method: str = "POST") -> bytes:
    lines = [f"{method} /c/x/y HTTP/{version}", "Host: x", "Content-Length: 2", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\nhi"


async def hello(request: web.Request) -> Written:
    return Written(200, b"<" + await request.read() + b">", {"Content-Type": "text/plain", "Veilway-Shipment": "shp_1"})


async def refuses(request: web.Request) -> web.StreamResponse:
    await request.read()
    return problem(VeilwayError("what to do", code="order_in_flight"))


def fields(said: bytes) -> dict[str, str]:
    head = said.partition(b"\r\n\r\n")[0].decode()
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])}


async def test_an_answer_is_what_it_says_and_a_date() -> None:
    async with serving(hello) as port:
        said = await told(port, post(), until=b"<hi>")
    assert said.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert set(fields(said)) == {"content-type", "veilway-shipment", "content-length", "date"}
    assert parsedate_to_datetime(fields(said)["date"]).tzinfo is not None


async def test_a_lane_may_be_a_whole_path_and_then_is_no_other() -> None:
    async def elsewhere(request: web.Request) -> Written:
        return Written(200, b"elsewhere", {})

    async with serving(elsewhere, lanes={"/c/x/y": hello}) as port:
        assert (await told(port, post("Connection: close"))).endswith(b"<hi>")
        assert (await told(port, post("Connection: close").replace(b"/c/x/y", b"/c/x/y/"))).endswith(b"elsewhere")
        assert (await told(port, post("Connection: close").replace(b"/c/x/y", b"/c/x"))).endswith(b"elsewhere")


async def test_one_connection_takes_one_request_after_another() -> None:
    async with serving(hello) as port:
        said = await told(port, post() * 3 + post("Connection: close"))
    assert said.count(b"<hi>") == 4 and said.count(b"Connection: close") == 1


@pytest.mark.parametrize(
    ("request_bytes", "line", "connection", "body"),
    [
        (post("Connection: close"), b"HTTP/1.1 200 OK", "close", b"<hi>"),
        (post(version="1.0"), b"HTTP/1.0 200 OK", None, b"<hi>"),
        (post("Connection: close", method="HEAD"), b"HTTP/1.1 200 OK", "close", b""),
        (post("Connection: close", method="PUT"), b"HTTP/1.1 200 OK", "close", b"<hi>"),
    ],
)
async def test_old_clients_and_those_that_leave_are_told_so(
    request_bytes: bytes, line: bytes, connection: str | None, body: bytes
) -> None:
    async with serving(hello) as port:
        said = await told(port, request_bytes)
    assert said.startswith(line + b"\r\n") and said.partition(b"\r\n\r\n")[2] == body
    assert fields(said).get("connection") == connection and fields(said)["content-length"] == "4"


async def test_an_old_client_that_stays_is_told_that_it_may() -> None:
    async with serving(hello) as port:
        said = await told(port, post("Connection: keep-alive", version="1.0"), until=b"<hi>")
    assert said.startswith(b"HTTP/1.0 200 OK\r\n") and fields(said)["connection"] == "keep-alive"


@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_says_nothing_of_its_length(status: int) -> None:
    async def handler(request: web.Request) -> Written:
        return Written(status, b"never", {})

    async with serving(handler) as port:
        said = await told(port, post("Connection: close"))
    assert said.endswith(b"\r\n\r\n") and "content-length" not in fields(said)


@pytest.mark.parametrize("lane", [True, False])
async def test_a_refusal_is_the_same_on_either_way(lane: bool) -> None:
    async with serving(refuses, lanes={"/c/": refuses} if lane else {}) as port:
        said = await told(port, post("Connection: close"))
    found = fields(said)
    if not lane:
        found.pop("server")  # which a signal of the whole application takes away
    assert said.startswith(b"HTTP/1.1 409 Conflict\r\n") and set(found) == {
        *(
            "content-type",
            "content-length",
            "date",
            "connection",
            "veilway-error-source",
            "cache-control",
            "retry-after",
        )
    }
    assert found["content-type"] == "application/problem+json" and found["retry-after"] == "2"


async def test_a_body_left_unread_ends_the_connection() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = problem(VeilwayError("x"))
        answer.force_close()
        return answer

    async with serving(handler) as port:
        said = await told(port, post()[:-1], until=b"\r\n\r\n")
    assert fields(said)["connection"] == "close"


async def test_who_expects_a_word_before_the_body_gets_it() -> None:
    async with serving(hello) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post("Expect: 100-continue")[:-2])
        async with asyncio.timeout(5):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await reader.readuntil(b"<hi>")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_no_value_breaks_out_of_its_line(value: str, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: web.Request) -> Written:
        return Written(200, b"x", {"Content-Type": value})

    async with serving(handler) as port:
        said = await told(port, post())
    assert b"X-Evil" not in said and b" 200 " not in said


async def test_a_client_that_leaves_before_its_answer_troubles_nobody(caplog: pytest.LogCaptureFixture) -> None:
    gone = asyncio.Event()

    async def handler(request: web.Request) -> Written:
        await gone.wait()
        return Written(200, b"x", {})

    async with serving(handler) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        await asyncio.sleep(0.01)
        writer.transport.abort()
        await asyncio.sleep(0.01)
        gone.set()
        await asyncio.sleep(0.01)
    assert caplog.records == []


async def test_a_client_that_reads_nothing_is_not_written_to_without_end() -> None:
    answered = 0

    async def handler(request: web.Request) -> Written:
        nonlocal answered
        answered += 1
        return Written(200, b"x" * 100_000, {})

    async with serving(handler) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.transport.pause_reading()
        writer.write(post() * 2000)
        await asyncio.sleep(0.5)
        writer.transport.abort()
    assert 0 < answered < 400


async def test_the_lane_of_an_application_that_does_not_run_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        open_lanes(web.AppRunner(web.Application()))


async def test_an_order_and_a_scan_never_meet_the_router_and_everything_else_does(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lane saves hangs on an attribute of aiohttp's server: should it ever be read elsewhere, this fails."""
    asked, real = [], web.UrlDispatcher.resolve

    async def resolve(self: web.UrlDispatcher, request: web.Request) -> web.UrlMappingMatchInfo:
        asked.append(request.method + " " + request.path)
        return await real(self, request)

    monkeypatch.setattr(web.UrlDispatcher, "resolve", resolve)
    assert (await own_world.sf_order(sf_document())).status == 200
    refused = await own_world.scan("vc_nobody", ticket="x")
    assert (refused.status, refused.code) == (401, "courier_unauthenticated") and "Server" not in refused.headers
    assert [line for line in asked if "/c/" in line or "/v1/" in line] == []
    assert (await own_world.call("GET", "/livez", key="")).status == 200
    assert (await own_world.call("GET", SF_PATH)).code == "unknown_operation"
    assert [line for line in asked if line.startswith("GET")] == ["GET /livez", f"GET {SF_PATH}"]


@pytest.mark.parametrize("path", ["/c", "/c/", "/c//std/service", "/c/sf-express", "/c/sf-express?x=/", "/cc/x/y"])
async def test_what_is_no_carrier_s_path_is_nothing(own_world: World, path: str) -> None:
    parts = urlsplit(own_world.running.url)
    octets = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    said = await told(int(parts.port or 0), octets)
    assert said.startswith(b"HTTP/1.1 404 ") and b'"not_found"' in said and b"\r\nServer:" not in said


async def test_a_target_in_absolute_form_is_not_taken_for_a_carrier_s(own_world: World) -> None:
    port = int(urlsplit(own_world.running.url).port or 0)
    body, key = sf_form(sf_document()), own_world.key
    head = f"POST http://x{SF_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    said = await told(port, head.encode() + body)
    assert said.startswith(b"HTTP/1.1 404 ") and own_world.sf.received == []
