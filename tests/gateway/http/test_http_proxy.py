"""The front door: whatever is malformed, unknown or too large is a problem with a stable code, and nothing is forwarded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.canary import RECIPIENT
from tests.gateway.orders import CONSIGNEE, sf_document, sf_form, ups_document
from tests.gateway.world import FORM, SF_PATH, UPS_PATH, Answer, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEXT = json.dumps(sf_document("FIXED1"), ensure_ascii=False)
JSON = {"Content-Type": "application/json"}


async def refused(world: World, answer: Answer, status: int, code: str) -> None:
    """A refusal of ours: a problem with this code, without a value of the order, in a gateway that lives on."""
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.headers["Veilway-Error-Source"] == "gateway"
    assert answer.json["status"] == status and answer.json["detail"] and answer.json["trace_id"]
    assert RECIPIENT.seen_in(answer.raw) == []
    assert (await world.call("GET", "/livez", key="")).status == 200


BAD_SF = {
    "malformed JSON": (TEXT[:-4], "malformed_json"),
    "no JSON at all": ("hello", "malformed_json"),
    "a duplicate key": ('{"orderId":"other",' + TEXT[1:], "duplicate_key"),
    "a duplicate key deep inside": (TEXT.replace('"tel":', '"tel":"1","tel":', 1), "duplicate_key"),
    "NaN": (TEXT.replace("1.2", "NaN"), "not_a_number"),
    "Infinity": (TEXT.replace("1.2", "-Infinity"), "not_a_number"),
    "a lone surrogate": (TEXT.replace("图书", "\\ud800"), "bad_charset"),
    "an array": ("[1]", "unclaimed_field"),
    "a string": ('"x"', "unclaimed_field"),
    "an unclaimed field": ('{"zzz":"13900090817",' + TEXT[1:], "unclaimed_field"),
    "depth": (TEXT[:-1] + ',"remark":' + "[" * 5000 + "]" * 5000 + "}", ""),
}


@pytest.mark.parametrize("name", BAD_SF)
async def test_a_bad_document_is_refused_and_nothing_is_forwarded(world: World, name: str) -> None:
    text, code = BAD_SF[name]
    heard = len(world.sf.received)
    answer = await world.sf_order(text)
    await refused(world, answer, answer.status, code or answer.code)
    assert 400 <= answer.status < 500 and answer.code
    assert len(world.sf.received) == heard


BAD_BODIES = {
    "broken percent-coding": (b"&x=%zz", FORM, 400, "malformed_form"),
    "wrong bytes": (b"&x=%ff%fe", FORM, 400, "bad_charset"),
    "a charset nobody speaks": (
        b"",
        {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"},
        400,
        "bad_charset",
    ),
    "another type": (b"", JSON, 400, "wrong_content_type"),
    "a packed body": (b"", FORM | {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
    "a document twice": (b"&msgData=%7B%7D", FORM, 400, "duplicate_key"),
    "a service twice": (b"&serviceCode=EXP_RECE_SEARCH_ORDER_RESP", FORM, 400, "duplicate_key"),
    "an unclaimed form field": (b"&buyer=13900090817", FORM, 422, "unclaimed_field"),
    "a body over the limit": (b"&x=" + b"a" * 300_000, FORM, 413, "body_too_large"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_bad_body_is_refused_and_nothing_is_forwarded(world: World, name: str) -> None:
    more, headers, status, code = BAD_BODIES[name]
    heard = len(world.sf.received)
    answer = await world.call("POST", SF_PATH, body=sf_form(sf_document()) + more, headers=headers)
    await refused(world, answer, status, code)
    assert len(world.sf.received) == heard


@pytest.mark.parametrize("words", [("gzip", "identity"), ("identity", "gzip")])
async def test_a_body_that_is_packed_by_one_of_two_words_is_refused(world: World, words: tuple[str, str]) -> None:
    url, body, heard = urlsplit(world.running.url), sf_form(sf_document()), len(world.sf.received)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    fields = {"Host": url.netloc, "Authorization": f"Bearer {world.key}", "Content-Length": str(len(body))} | FORM
    lines = [f"POST {SF_PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    lines += [f"Content-Encoding: {word}" for word in words]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    assert (await reader.readline()).split()[1] in (b"400", b"415")
    assert len(world.sf.received) == heard
    writer.close()
    await writer.wait_closed()


async def test_a_body_without_a_length_is_bounded_too(world: World) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"a" * 10_000

    answer = await world.call("POST", SF_PATH, body=parts(), headers=FORM)  # type: ignore[arg-type]
    await refused(world, answer, 413, "body_too_large")


async def test_after_a_refusal_the_next_request_of_the_same_client_goes_through(world: World) -> None:
    for headers in (FORM | {"Content-Encoding": "gzip"}, JSON):
        await world.call("POST", SF_PATH, body=sf_form(sf_document()), headers=headers)
        assert (await world.sf_order(sf_document())).status == 200


BAD_UPS = {
    "malformed": (b'{"ShipmentRequest":', 400, "malformed_json"),
    "not UTF-8": (b'{"ShipmentRequest":"\xff"}', 400, ""),
    "empty": (b"", 400, ""),
    "an unclaimed field": (
        json.dumps({"ShipmentRequest": ups_document()["ShipmentRequest"] | {"Buyer": "13900090817"}}).encode(),
        422,
        "unclaimed_field",
    ),
}


@pytest.mark.parametrize("name", BAD_UPS)
async def test_bad_json_for_ups_is_refused_and_nothing_is_forwarded(world: World, name: str) -> None:
    body, status, code = BAD_UPS[name]
    answer = await world.call("POST", UPS_PATH, body=body, headers=JSON)
    await refused(world, answer, status, code or answer.code)
    assert answer.code and world.ups.received == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/c/nobody/std/service", 404, "unknown_carrier"),
        ("POST", "/c/sf-express/other", 404, "unknown_operation"),
        ("GET", "/c/sf-express/std/service", 404, "unknown_operation"),
        ("POST", "/c/sf-express/std/service/../service", 404, "unknown_operation"),
        ("POST", "/c/sf-express/", 404, "unknown_operation"),
        ("POST", "/c/zto/zto.open.createOrder", 503, "carrier_not_enabled"),
        ("POST", "/c/sf-express/std/service?phone=13900090817", 422, "unclaimed_field"),
        ("POST", "/nothing", 404, "not_found"),
        ("POST", "/c", 404, "not_found"),
    ],
)
async def test_what_stands_nowhere_is_refused(world: World, method: str, path: str, status: int, code: str) -> None:
    heard = len(world.sf.received)
    body = sf_form(sf_document()) if method == "POST" else None
    raw = await raw_call(world, method, path, body)
    await refused(world, raw, status, code)
    assert len(world.sf.received) == heard


async def raw_call(world: World, method: str, path: str, body: bytes | None) -> Answer:
    """A request whose path nobody tidies up on the way."""
    parts = urlsplit(world.running.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {world.key}\r\n"
    if body is not None:
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + (body or b""))
    raw = await reader.read()
    writer.close()
    top, _, rest = raw.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    return Answer(int(status.split()[1]), dict(line.split(": ", 1) for line in lines), rest)


async def test_an_unknown_service_code_is_an_unknown_operation(world: World) -> None:
    await refused(world, await world.sf_order(sf_document(), serviceCode="EXP_NOPE"), 404, "unknown_operation")


@pytest.mark.parametrize("key", ["", "vw_" + "0" * 48, "vc_x", "Basic x"])
async def test_a_bad_key_is_refused_and_nothing_is_forwarded(world: World, key: str) -> None:
    heard = len(world.sf.received)
    await refused(world, await world.sf_order(sf_document(), key=key), 401, "unauthenticated")
    assert len(world.sf.received) == heard


async def test_the_key_may_stand_in_a_header_of_its_own(world: World) -> None:
    headers = FORM | {"X-Veilway-Key": world.key}
    answer = await world.call("POST", SF_PATH, key="", body=sf_form(sf_document()), headers=headers)
    assert answer.status == 200


async def test_a_revoked_key_is_refused_from_that_moment_on(world: World) -> None:
    old = await world.shop("Rotating Shop")
    assert (await world.sf_order(sf_document(), key=old)).status == 200
    new = (await world.op("shop.key", name="Rotating Shop", revoke=True))["api_key"]
    assert (await world.sf_order(sf_document(), key=old)).status == 401
    assert (await world.sf_order(sf_document(), key=new)).status == 200


async def test_a_suspended_carrier_is_refused_and_readmitted(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        await own.op("suspend", kind="carrier", name="sf-express")
        answer = await own.sf_order(sf_document())
        assert (answer.status, answer.code, own.sf.received) == (503, "carrier_suspended", [])
        await own.op("suspend", kind="carrier", name="sf-express", lift=True)
        assert (await own.sf_order(sf_document())).status == 200


async def test_a_body_that_never_ends_is_timed_out(tmp_path: Path) -> None:
    async with open_world(tmp_path, body_timeout=timedelta(milliseconds=200)) as own:
        parts = urlsplit(own.running.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {SF_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.key}\r\nContent-Length: 99\r\n\r\nmsg"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(2000), 5)
        writer.close()
        assert b" 408 " in answer and b"body_timeout" in answer and own.sf.received == []


async def test_an_answer_does_not_tell_what_runs_here(world: World) -> None:
    for path in ("/livez", "/nothing", SF_PATH):
        answer = await world.call("GET", path, key="")
        assert "Server" not in answer.headers and b"aiohttp" not in answer.raw and b"Python" not in answer.raw


async def test_two_retry_storms_and_a_slow_body_do_not_stop_others(world: World) -> None:
    parts = urlsplit(world.running.url)
    _, slow = await asyncio.open_connection(parts.hostname, parts.port)
    slow.write(
        f"POST {SF_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.key}\r\nContent-Length: 9\r\n\r\n".encode()
    )
    answers = await asyncio.gather(*(world.sf_order(sf_document()) for _ in range(10)))
    slow.close()
    assert {answer.status for answer in answers} == {200}
    assert CONSIGNEE.phone.encode() not in b"".join(one.raw for one in world.sf.received)
