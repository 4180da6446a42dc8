"""The lane's values: an answer goes out as it is, the same through the application, and no value breaks out of its line."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.heads import BrokenHead
from gateway.http.lane import Asked, Written, octets, routed
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import SF_PATH, World

SAID = {"Content-Type": "text/plain", "Veilway-Shipment": "shp_1"}


def fields(said: bytes) -> dict[str, str]:
    head = said.partition(b"\r\n\r\n")[0].decode()
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])}


async def told(world: World, octets: bytes) -> bytes:
    """What a gateway says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(world.running.url).port)
    writer.write(octets)
    async with asyncio.timeout(5):
        said = await reader.read()
    writer.close()
    return said


def test_an_answer_is_what_it_says_and_a_date() -> None:
    said = octets(Written(200, b"<hi>", SAID), stays=True)
    assert said.startswith(b"HTTP/1.1 200 OK\r\nDate: ") and said.endswith(b"\r\n\r\n<hi>")
    assert set(fields(said)) == {"content-type", "veilway-shipment", "content-length", "date"}
    assert fields(said)["content-length"] == "4"
    assert parsedate_to_datetime(fields(said)["date"]).tzinfo is not None


def test_the_last_answer_of_a_connection_says_so() -> None:
    assert fields(octets(Written(299, b"", SAID), stays=False))["connection"] == "close"
    assert octets(Written(299, b"", SAID), stays=False).startswith(b"HTTP/1.1 299 \r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_what_has_no_body_says_nothing_of_its_length(status: int) -> None:
    said = octets(Written(status, b"never", {}), stays=True)
    assert said.endswith(b"\r\n\r\n") and "content-length" not in fields(said)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\ud800"])
def test_no_value_breaks_out_of_its_line(value: str) -> None:
    with pytest.raises(BrokenHead):
        octets(Written(200, b"x", {"Content-Type": value}), stays=True)


async def test_the_application_gives_the_same_answer_and_any_other_of_the_handler_s() -> None:
    async def handler(request: web.Request | Asked) -> web.StreamResponse | Written:
        return Written(201, b"<hi>", SAID) if request.method == "POST" else web.Response(status=405)

    answer = await routed(handler)(make_mocked_request("POST", "/c/x"))
    assert isinstance(answer, web.Response) and (answer.status, answer.body) == (201, b"<hi>")
    assert dict(answer.headers) == SAID
    assert (await routed(handler)(make_mocked_request("GET", "/c/x"))).status == 405


def test_neither_request_nor_answer_shows_content() -> None:
    asked = Asked("/c/x?name=secret", {"x": "secret"}, b"secret", "10.0.0.1", None)  # type: ignore[arg-type]
    assert "secret" not in repr(asked) and "secret" not in repr(Written(200, b"secret", {"x": "secret"}))


async def test_an_order_and_a_scan_never_meet_the_router_and_everything_else_does(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    asked = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    said = await told(own_world, asked)
    assert said.startswith(b"HTTP/1.1 404 ") and b'"not_found"' in said and b"\r\nServer:" not in said


async def test_a_target_in_absolute_form_is_not_taken_for_a_carrier_s(own_world: World) -> None:
    body, key = sf_form(sf_document()), own_world.key
    head = f"POST http://x{SF_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    said = await told(own_world, head.encode() + body)
    assert said.startswith(b"HTTP/1.1 404 ") and own_world.sf.received == []
