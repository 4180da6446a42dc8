"""Real providers' doors, knocked on by faithful fakes: what is signed right is decided and answered, all else finds nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio

from gateway.flows import relay_call
from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import FORM, Answer, World, open_world
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.fakes.twilio import FakeTwilio
from virtual_numbers.providers.alibaba_signing import sign_x_mode

pytestmark = pytest.mark.asyncio(loop_scope="module")
COURIER = "+8613811112222"
CALLEE = "+86" + CONSIGNEE.phone
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_world(tmp_path_factory.mktemp("providers")) as made:
        # A provider signs the address that it was given, which is the public one.
        made.service.settings = dataclasses.replace(made.service.settings, public_url=made.running.url)
        yield made


async def bound(world: World) -> tuple[str, str]:
    """X and extension of a fresh order."""
    shipment = (await world.sf_order(sf_document())).shipment
    x, _, ext = (await world.op("shipment.show", shipment=shipment))["relay"]["recipient"].partition("-")
    return x, ext


async def enabled(world: World, name: str, **secrets: str) -> list[str]:
    """The paths of a provider that was just enabled."""
    made = await world.op("relay.provider", name=name, secrets=secrets)
    return [url.removeprefix(world.running.url) for url in made["urls"]]


# -- Twilio


@pytest_asyncio.fixture(loop_scope="module")
async def twilio(switch: World) -> FakeTwilio:
    voice, sms, _status = await enabled(switch, "twilio", auth_token="practice-token")
    base = switch.running.url
    return FakeTwilio("practice-token", base + voice, base + sms)


def knocking(world: World, seen: list[Answer]) -> Any:
    """A way for the fake, which is not asynchronous, to post from another thread."""
    loop = asyncio.get_running_loop()

    def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
        asked = world.call("POST", url.removeprefix(world.running.url), key="", body=body, headers=headers)
        answer = asyncio.run_coroutine_threadsafe(asked, loop).result(10)
        seen.append(answer)
        assert answer.status == 200, answer.body
        return answer.body

    return post


async def test_a_caller_of_twilio_s_dials_the_extension_and_rings_the_party(switch: World, twilio: FakeTwilio) -> None:
    x, ext = await bound(switch)
    post, now = knocking(switch, seen := []), switch.clock()
    leg, callbacks = await asyncio.to_thread(twilio.dial, COURIER, f"+{x}", post, now, digits=ext)

    assert (leg.rang, leg.saw, leg.rejected) == (CALLEE, f"+{x}", False)
    assert len(seen) == 2 and seen[-1].headers["Cache-Control"] == "no-store"
    before = {row["shipment"]: row["calls"] for row in await switch.op("relay.report")}
    for url, body, headers in callbacks:
        path = url.removeprefix(switch.running.url)
        assert (await switch.call("POST", path, key="", body=body, headers=headers)).status == 200
    (row,) = [row for row in await switch.op("relay.report") if row["calls"] > before.get(row["shipment"], 0)]
    # Twilio's callbacks hold no extension: the decision's id in their signed address says whose call it was.
    assert row["shipment"].startswith("shp_") and row["answered"] == 1
    url, body, headers = callbacks[0]
    forged = url.removeprefix(switch.running.url).replace("call_", "call_0")
    assert (await switch.call("POST", forged, key="", body=body, headers=headers)).status != 200


async def test_a_wrong_extension_is_asked_for_and_then_rejected(switch: World, twilio: FakeTwilio) -> None:
    x, ext = await bound(switch)
    wrong = f"{(int(ext) + 1) % 10_000:04d}"
    post = knocking(switch, [])
    leg, _ = await asyncio.to_thread(twilio.dial, "+8613877778888", f"+{x}", post, switch.clock(), digits=wrong)
    assert (leg.rang, leg.rejected) == ("", True)


async def test_a_message_reaches_the_party_without_the_sender_s_number(switch: World, twilio: FakeTwilio) -> None:
    x, ext = await bound(switch)
    text = f"#{ext} 包裹到楼下了，回电 13811112222"
    sent = await asyncio.to_thread(twilio.text, COURIER, f"+{x}", text, knocking(switch, []))

    assert [(m["to"], m["from"]) for m in sent] == [(CALLEE, f"+{x}")]
    assert "包裹到楼下了" in sent[0]["body"] and "13811112222" not in sent[0]["body"]


async def test_a_message_without_an_extension_is_helped_once_a_day(switch: World, twilio: FakeTwilio) -> None:
    x, _ = await bound(switch)
    post = knocking(switch, [])
    first, second = [await asyncio.to_thread(twilio.text, "+8613866665555", f"+{x}", "hello", post) for _ in range(2)]
    assert [m["to"] for m in first] == ["+8613866665555"] and second == []


@pytest.mark.parametrize("door", ["voice", "sms", "status"])
async def test_what_twilio_did_not_sign_is_refused(switch: World, twilio: FakeTwilio, door: str) -> None:
    x, ext = await bound(switch)
    fields = {
        "CallSid": "CA1",
        "MessageSid": "SM1",
        "From": COURIER,
        "To": f"+{x}",
        "Digits": ext,
        "Body": f"#{ext} hi",
    }
    url = f"{switch.running.url}/relay/twilio/{door}"
    forged = {
        "no signature": ({}, fields),
        "another's": ({"X-Twilio-Signature": dataclasses.replace(twilio, token="else").sign(url, fields)}, fields),
        "another address": ({"X-Twilio-Signature": twilio.sign(url + "x", fields)}, fields),
        "another body": ({"X-Twilio-Signature": twilio.sign(url, fields)}, fields | {"From": "+8613900000000"}),
    }
    for name, (headers, sent) in forged.items():
        body = urlencode(sent).encode()
        answer = await switch.call("POST", f"/relay/twilio/{door}", key="", body=body, headers=FORM | headers)
        assert (answer.status, answer.code) == (403, "provider_signature"), name
        assert CALLEE.encode() not in answer.raw


async def test_a_header_cannot_say_which_address_was_signed(switch: World, twilio: FakeTwilio) -> None:
    fields = {"CallSid": "CA1", "From": COURIER, "To": "+95013990001"}
    signed = {"X-Twilio-Signature": twilio.sign("https://elsewhere.example/relay/twilio/voice", fields)}
    headers = FORM | signed | {"X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https"}
    body = urlencode(fields).encode()
    assert (await switch.call("POST", "/relay/twilio/voice", key="", body=body, headers=headers)).status == 403


# -- Huawei


@pytest_asyncio.fixture(loop_scope="module")
async def huawei(switch: World) -> tuple[FakeHuawei, str, str]:
    voice, events = await enabled(switch, "huawei", app_key="key", app_secret="practice-secret")
    return FakeHuawei("key", "practice-secret", []), voice, events


def question(x: str, ext: str = "", caller: str = COURIER) -> bytes:
    info = {"sessionId": "s1", "caller": caller, "called": f"+{x}", "timestamp": "2026-11-25 08:00:00"}
    event = "collectInfo" if ext else "callin"
    return json.dumps({"eventType": event, "statusInfo": info | ({"digitInfo": ext} if ext else {})}).encode()


async def test_huawei_s_question_is_decided(switch: World, huawei: tuple[FakeHuawei, str, str]) -> None:
    fake, voice, _ = huawei
    x, ext = await bound(switch)
    first = await push(switch, fake, voice, question(x), "n1")
    assert first.status == 200 and CALLEE.encode() not in first.body
    second = await push(switch, fake, voice, question(x, ext), "n2")
    assert second.status == 200 and CALLEE.encode() in second.body


async def push(world: World, fake: FakeHuawei, path: str, body: bytes, nonce: str) -> Answer:
    headers = JSON | fake.push_headers(world.clock(), nonce)
    return await world.call("POST", path, key="", body=body, headers=headers)


async def test_huawei_s_push_is_taken_once_and_only_at_its_door(
    switch: World, huawei: tuple[FakeHuawei, str, str]
) -> None:
    fake, voice, events = huawei
    x, _ = await bound(switch)
    assert (await push(switch, fake, voice, question(x), "once")).status == 200
    again = await push(switch, fake, voice, question(x), "once")
    assert (again.status, again.code) == (403, "provider_signature")
    elsewhere = await push(switch, fake, voice.rpartition("/")[0] + "/guessed", question(x), "n3")
    assert (elsewhere.status, elsewhere.code) == (404, "not_found")
    forger = dataclasses.replace(fake, secret="else")
    assert (await push(switch, forger, events, b"{}", "n4")).status == 403


# -- Alibaba


async def test_alibaba_s_question_is_decided_and_a_changed_one_refused(switch: World) -> None:
    voice, _ = await enabled(switch, "alibaba", x_mode_key="practice-key")
    x, ext = await bound(switch)
    asked = await switch.call("POST", voice, key="", body=signed(x, ext), headers=FORM)
    assert asked.status == 200 and CONSIGNEE.phone.encode() in asked.body
    # A message would go on as it was written, numbers and all: here it does not.
    message = await switch.call("POST", voice, key="", body=signed(x, ext, kind="SMS"), headers=FORM)
    assert message.json["model"]["controlOperate"] == "REJECT" and CONSIGNEE.phone.encode() not in message.body
    forged = await switch.call("POST", voice, key="", body=signed(x, ext, key="else"), headers=FORM)
    assert forged.status == 403 and CONSIGNEE.phone.encode() not in forged.raw


def signed(x: str, ext: str, *, key: str = "practice-key", kind: str = "CALL") -> bytes:
    params = {"callNo": COURIER, "secretNo": x, "extension": ext, "callId": "c1", "recordType": kind}
    return urlencode(params | {"signature": sign_x_mode(params, key)}).encode()


async def test_alibaba_s_reports_are_thanked_once_they_are_kept(switch: World) -> None:
    _, reports = await enabled(switch, "alibaba", x_mode_key="practice-key")
    report = {"call_id": "r1", "secret_no": "95013990001", "call_type": "0", "start_time": "2026-11-25 16:00:05"}
    body = json.dumps([report | {"call_time": "2026-11-25 16:00:00", "release_time": "2026-11-25 16:01:00"}]).encode()
    answers = [await switch.call("POST", reports, key="", body=body, headers=JSON) for _ in range(2)]
    assert [(a.status, a.json) for a in answers] == [(200, {"code": 0, "msg": "ok"})] * 2
    refused = await switch.call("POST", reports, key="", body=b"[{}]", headers=JSON)
    assert (refused.status, refused.code) == (400, "provider_body_malformed")


# -- all of them


async def test_a_provider_that_is_not_enabled_has_no_door(world: World) -> None:
    for path in (
        "twilio/voice",
        "twilio/sms",
        "twilio/status",
        "huawei/voice/x",
        "alibaba/voice/x",
        "alibaba/reports/x",
    ):
        answer = await world.call("POST", f"/relay/{path}", key="", body=b"", headers=FORM)
        assert (answer.status, answer.code) == (404, "not_found"), path


async def test_a_fault_while_deciding_is_a_refusal_in_the_provider_s_words(
    switch: World, twilio: FakeTwilio, huawei: tuple[FakeHuawei, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, ext = await bound(switch)

    async def breaks(*_args: object, **_more: object) -> relay_call.RelayAnswer:
        raise RuntimeError("a fault that holds +8613811112222")

    # The decision's own read fails, as when the store is away; the flow is the real one.
    monkeypatch.setattr(type(switch.service.database), "read", breaks)
    post = knocking(switch, seen := [])
    leg, _ = await asyncio.to_thread(twilio.dial, COURIER, f"+{x}", post, switch.clock(), digits=ext)
    assert leg.rejected and leg.rang == ""
    assert await asyncio.to_thread(twilio.text, COURIER, f"+{x}", f"#{ext} hi", post) == []
    told = await push(switch, huawei[0], huawei[1], question(x, ext), "n9")
    assert told.status == 200
    assert Canaries({"caller": COURIER, "callee": CALLEE}).seen_in(told.raw, *[answer.raw for answer in seen]) == []


async def test_no_provider_s_secret_stands_in_the_folder_or_the_log(switch: World, twilio: FakeTwilio) -> None:
    await enabled(switch, "huawei", app_key="key", app_secret="practice-secret")
    held = b"".join(path.read_bytes() for path in switch.folder.iterdir() if path.is_file())
    log = json.dumps(await switch.op("audit.export", chain=f"veilway/{switch.service.holder}"))
    for secret in ("practice-secret", "practice-token"):
        assert secret.encode() not in held and secret not in log
    assert urlsplit(twilio.voice_url).path == "/relay/twilio/voice"
