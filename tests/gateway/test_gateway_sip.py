"""The gateway dials into Kamailio: questions answered over one socket, faults and floods refused, the line taken up again."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway import sip as gateway_sip
from gateway.flows.relay_call import RelayAnswer
from gateway.sip import SipRelay
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import World
from virtual_numbers.providers.sip import Frames, frame

COURIER = "+8613811112222"


@dataclass
class Kamailio:
    """The listening side of evapi, as its documentation describes it: netstrings of JSON, one connection from the application."""

    port: int = 0
    lines: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=asyncio.Queue)
    told: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames()
        self.open.append(writer)
        await self.lines.put((reader, writer))
        while data := await reader.read(65536):
            for payload in frames.feed(data):
                await self.told.put(json.loads(payload))

    async def ask(self, *payloads: bytes) -> None:
        self.open[-1].write(b"".join(map(frame, payloads)))
        await self.open[-1].drain()

    async def answer(self) -> Any:
        return await asyncio.wait_for(self.told.get(), 5)


@asynccontextmanager
async def connected(world: World, relay: Any = None) -> AsyncIterator[Kamailio]:
    """A Kamailio, and a gateway on the line to it."""
    kamailio = Kamailio()
    server = await asyncio.start_server(kamailio.serve, "127.0.0.1", 0)
    kamailio.port = server.sockets[0].getsockname()[1]
    at = f"127.0.0.1:{kamailio.port}"
    world.service.settings = dataclasses.replace(world.service.settings, relay_sip=at)
    task = asyncio.ensure_future(SipRelay(world.service, relay or world.running.flows.relay_call).run())
    try:
        await asyncio.wait_for(kamailio.lines.get(), 5)
        yield kamailio
    finally:
        task.cancel()
        for writer in kamailio.open:
            writer.close()
        server.close()


def question(x: str, caller: str = COURIER, label: int = 34) -> bytes:
    asked = {
        "event": "route",
        "tindex": 12,
        "tlabel": label,
        "caller": caller,
        "x": x,
        "callid": "c@h",
        "src": "127.0.0.1",
    }
    return json.dumps(asked).encode()


async def bound(world: World) -> tuple[str, str]:
    shipment = (await world.sf_order(sf_document())).shipment
    x, _, ext = (await world.op("shipment.show", shipment=shipment))["relay"]["recipient"].partition("-")
    return x, ext


async def test_an_invite_with_its_extension_goes_on_to_the_party_and_shows_x(own_world: World) -> None:
    x, ext = await bound(own_world)
    async with connected(own_world) as kamailio:
        await kamailio.ask(question(f"{x}*{ext}"))
        told = await kamailio.answer()
    text = json.dumps(told)
    assert (told["tindex"], told["tlabel"]) in ((12, 34), ("12", "34"))
    assert CONSIGNEE.phone in text and x in text and COURIER not in text


async def test_everything_else_is_refused_by_a_code_and_tells_no_number(own_world: World) -> None:
    x, ext = await bound(own_world)
    wrong = f"{(int(ext) + 1) % 10_000:04d}"
    async with connected(own_world) as kamailio:
        for label, asked in enumerate((f"{x}*{wrong}", x, "95099999999", "alice")):
            await kamailio.ask(question(asked, label=label))
            told = await kamailio.answer()
            assert CONSIGNEE.phone not in json.dumps(told), asked
        await kamailio.ask(question(f"{x}*{ext}", caller="anonymous", label=9))
        assert CONSIGNEE.phone not in json.dumps(await kamailio.answer())


async def test_questions_in_one_piece_and_in_many_are_each_answered(own_world: World) -> None:
    x, ext = await bound(own_world)
    async with connected(own_world) as kamailio:
        await kamailio.ask(*(question(f"{x}*{ext}", label=n) for n in range(20)))
        for byte in frame(question(f"{x}*{ext}", label=99)):
            kamailio.open[-1].write(bytes([byte]))
        labels = {int((await kamailio.answer())["tlabel"]) for _ in range(21)}
    assert labels == {*range(20), 99}


async def test_what_names_no_transaction_is_passed_over(own_world: World) -> None:
    x, ext = await bound(own_world)
    async with connected(own_world) as kamailio:
        await kamailio.ask(b"{}", b"nonsense", b'{"tindex":"x","tlabel":1}', question(f"{x}*{ext}", label=7))
        assert int((await kamailio.answer())["tlabel"]) == 7
        assert kamailio.told.empty()


@dataclass
class Stuck:
    """A relay that breaks, or never comes to a decision."""

    breaks: bool = False
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def route(self, *_asked: str, actor: str) -> RelayAnswer:
        if self.breaks:
            raise RuntimeError("broken over +8613811112222")
        await self.hold.wait()
        raise AssertionError("unreachable in these tests")


async def refused(kamailio: Kamailio) -> Any:
    told = await kamailio.answer()
    assert "503" in json.dumps(told) and CONSIGNEE.phone not in json.dumps(told)
    return told


async def test_a_fault_a_late_decision_and_a_flood_are_refusals(
    own_world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gateway_sip, "DEADLINE", 0.2)
    monkeypatch.setattr(gateway_sip, "AT_ONCE", 2)
    async with connected(own_world, Stuck(breaks=True)) as kamailio:
        await kamailio.ask(question("95013990001*0001"))
        await refused(kamailio)
    assert COURIER not in "".join(capsys.readouterr())
    async with connected(own_world, Stuck()) as kamailio:
        await kamailio.ask(*(question("95013990001*0001", label=n) for n in range(5)))
        first = [int((await refused(kamailio))["tlabel"]) for _ in range(3)]
        late = [int((await refused(kamailio))["tlabel"]) for _ in range(2)]
    # Two are under decision until their time is up; the rest is refused at once instead of queued.
    assert (sorted(first), sorted(late)) == ([2, 3, 4], [0, 1])


async def test_a_line_that_breaks_or_speaks_nonsense_is_taken_up_again(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_sip, "PAUSE", 0.02)
    x, ext = await bound(own_world)
    async with connected(own_world) as kamailio:
        kamailio.open[-1].close()
        await asyncio.wait_for(kamailio.lines.get(), 5)
        kamailio.open[-1].write(b"this is no netstring")
        await asyncio.wait_for(kamailio.lines.get(), 5)
        await kamailio.ask(question(f"{x}*{ext}"))
        assert CONSIGNEE.phone in json.dumps(await kamailio.answer())


async def test_without_an_address_there_is_no_line(own_world: World) -> None:
    relay = SipRelay(own_world.service, own_world.running.flows.relay_call)
    assert own_world.service.settings.relay_sip == ""
    assert await asyncio.wait_for(relay.run(), 1) is None
    assert repr(relay) == "<SipRelay 0 under decision>"
