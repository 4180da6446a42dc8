"""The practice couriers: signatures checked for real, waybills counted, faults on demand; and the sweeper's question answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from carriers.lookup import lookup_request, read_lookup
from carriers.profile import Operation, load_profiles
from carriers.rewrite import finish, open_order, parse_token, read_push, rewrite_answer, token_request, veil
from carriers.sandbox import SANDBOX, Fault, Sandbox, create_sandbox, practice_secrets
from carriers.wire import WireReply, WireRequest
from tests.carriers import test_payloads as payloads

PROFILES = load_profiles()
NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


class Client:
    """Speaks to the practice couriers over a socket."""

    def __init__(self, session: aiohttp.ClientSession, url: str, sandbox: Sandbox) -> None:
        self.session, self.url, self.sandbox = session, url, sandbox

    async def send(self, carrier: str, wire: WireRequest) -> WireReply:
        target = f"{self.url}/{carrier}{wire.path}" + (f"?{wire.query}" if wire.query else "")
        async with self.session.request(wire.method, target, headers=wire.headers, data=wire.body) as reply:
            return WireReply(
                reply.status, {name.lower(): value for name, value in reply.headers.items()}, await reply.read()
            )

    async def token(self, carrier: str) -> str | None:
        profile = PROFILES[carrier]
        if profile.token is None:
            return None
        return parse_token(profile, await self.send(carrier, token_request(profile, practice_secrets(profile))))[0]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = create_sandbox(profiles=PROFILES)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"http://127.0.0.1:{runner.addresses[0][1]}", app[SANDBOX])
    app[SANDBOX].release.set()
    await runner.cleanup()


def order(folder: str) -> tuple[Operation, object]:
    operation, request = payloads.opened(folder, payloads.create_file(folder))
    return operation, veil(open_order(operation, request), relays=payloads.relays_for(operation))


FOLDERS = sorted({case.values[0] for case in payloads.cases("shop_to_carrier")})


@pytest.mark.skipif(not FOLDERS, reason="no sample payloads beside the repository")
@pytest.mark.parametrize("folder", FOLDERS)
async def test_every_carriers_order_is_booked_over_a_socket_and_its_echo_restored(client: Client, folder: str) -> None:
    profile = payloads.profile_of(folder)
    assert profile is not None
    secrets = practice_secrets(profile)
    operation, made = order(folder)
    token = await client.token(profile.id)
    wire = finish(made, secrets, now=NOW, nonce="ab" * 16, token=token)
    answer = rewrite_answer(operation, made, await client.send(profile.id, wire))
    assert answer.outcome == "booked"
    courier = client.sandbox.couriers[profile.id]
    assert courier.waybills == 1
    assert not answer.waybill or answer.waybill in next(iter(courier.bookings.values()))
    plain = [value for _, kind, _, value in made.order.fields if kind in ("name", "phone") and len(value) > 3]
    received = courier.seen[-1].request.body.decode("utf-8", "replace")
    assert not [value for value in plain if value in received]


@pytest.mark.parametrize("folder", ["sf_express", "zto"])
async def test_a_lost_answer_is_found_by_asking(client: Client, folder: str) -> None:
    profile = payloads.profile_of(folder)
    assert profile is not None
    secrets = practice_secrets(profile)
    operation, made = order(folder)
    reference = made.order.reference

    async def ask() -> tuple[str, str]:
        reply = await client.send(profile.id, lookup_request(operation, reference, secrets, now=NOW, nonce="ab" * 16))
        answer = read_lookup(operation, reference, reply)
        return answer.outcome, answer.waybill

    assert (await ask())[0] == "absent"
    client.sandbox.fault = Fault.GARBAGE
    lost = rewrite_answer(
        operation, made, await client.send(profile.id, finish(made, secrets, now=NOW, nonce="ab" * 16))
    )
    assert (lost.outcome, lost.readable) == ("unknown", False)
    client.sandbox.fault = Fault.NONE
    assert await ask() == ("booked", client.sandbox.couriers[profile.id].bookings[reference][0])


async def test_another_orders_waybill_is_no_answer() -> None:
    operation = PROFILES["sf-express"].operations["create"]
    inner = '{\\"success\\":true,\\"msgData\\":{\\"orderId\\":\\"OTHER\\",\\"waybillNoInfoList\\":[{\\"waybillNo\\":\\"SF1\\"}]}}'
    reply = WireReply(200, {}, f'{{"apiResultCode":"A1000","apiResultData":"{inner}"}}'.encode())
    assert read_lookup(operation, "MINE", reply).outcome == "unknown"
    assert read_lookup(operation, "OTHER", reply).waybill == "SF1"


async def test_a_wrong_signature_and_a_wrong_token_are_refused(client: Client) -> None:
    operation, made = order("sf_express")
    wrong = finish(made, {**practice_secrets(PROFILES["sf-express"]), "check_word": "x"}, now=NOW, nonce="a")
    assert (await client.send("sf-express", wrong)).status == 401
    _, made = order("ups")
    assert (await client.send("ups", finish(made, {}, now=NOW, nonce="a", token="stolen"))).status == 401
    assert client.sandbox.couriers["sf-express"].waybills == client.sandbox.couriers["ups"].waybills == 0
    assert operation.sign is not None


async def test_sf_gives_the_first_waybill_again_and_ups_books_twice(client: Client) -> None:
    for folder, waybills in (("sf_express", 1), ("ups", 2)):
        profile = payloads.profile_of(folder)
        assert profile is not None
        token = await client.token(profile.id)
        for _ in range(2):
            _, made = order(folder)
            await client.send(profile.id, finish(made, practice_secrets(profile), now=NOW, nonce="a", token=token))
        assert client.sandbox.couriers[profile.id].waybills == waybills


async def test_faults_hit_as_often_as_they_are_told_to(client: Client) -> None:
    _, made = order("sf_express")
    wire = finish(made, practice_secrets(PROFILES["sf-express"]), now=NOW, nonce="a")
    client.sandbox.fault, client.sandbox.faults_left = Fault.ERROR, 1
    assert [(await client.send("sf-express", wire)).status for _ in range(2)] == [500, 200]
    client.sandbox.fault, client.sandbox.faults_left = Fault.HANG_AFTER_BOOKING, -1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.send("sf-express", wire)
    client.sandbox.fault = Fault.RESET_AFTER_BOOKING
    with pytest.raises(aiohttp.ClientError):
        await client.send("sf-express", wire)
    client.sandbox.fault, client.sandbox.slow_seconds = Fault.SLOW, 0.01
    assert (await client.send("sf-express", wire)).status == 200


async def test_a_bomb_is_a_gigabyte_that_travels_small(client: Client) -> None:
    client.sandbox.fault = Fault.BOMB
    _, made = order("sf_express")
    wire = finish(made, practice_secrets(PROFILES["sf-express"]), now=NOW, nonce="a")
    session = aiohttp.ClientSession(auto_decompress=False)
    async with (
        session,
        session.post(f"{client.url}/sf-express{wire.path}", data=wire.body, headers=wire.headers) as reply,
    ):
        assert reply.headers["Content-Encoding"] == "gzip"
        assert len(await reply.content.read(4096)) > 0


@pytest.mark.parametrize("carrier", sorted(name for name, profile in PROFILES.items() if profile.pushes))
def test_a_practice_push_is_read_as_the_carriers(carrier: str) -> None:
    profile = PROFILES[carrier]
    from carriers.sandbox.practice import Courier

    secrets = practice_secrets(profile)
    code = next(iter(profile.events), "x").replace("*", "0")
    push = Courier(profile, secrets).push("W123", code, now=NOW, reference="R1")
    reading = read_push(profile, push, secrets)
    assert reading.events[0].waybill == "W123" or reading.events[0].reference == "R1"
    assert "13800138000" not in reading.body.decode("utf-8", "replace") and "大力" not in reading.body.decode(
        "utf-8", "replace"
    )
