"""kill -9 at any moment under load: what was acknowledged is there, nothing was booked twice, and the record is whole."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.gateway.couriers import SfCourier, listening
from tests.gateway.orders import consignee, fresh_reference, sf_document, sf_form
from tests.gateway.served import Served, start
from tests.gateway.world import FORM, SF_PATH, set_up, verified

CLIENTS = 16


@dataclass
class Load:
    """A shop that sends orders as fast as it is answered, and again what it got no answer for."""

    key: str
    told: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """Reference -> the answer and shipment id of an acknowledged order."""
    unanswered: dict[str, dict[str, Any]] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    differing: list[str] = field(default_factory=list)

    async def client(self, session: aiohttp.ClientSession, url: str) -> None:
        while not self.stop.is_set():
            reference = fresh_reference()
            await self.send(session, url, sf_document(reference, to=consignee(f"139{random.randrange(10**8):08d}")))

    async def send(self, session: aiohttp.ClientSession, url: str, document: dict[str, Any]) -> None:
        reference = document["orderId"]
        headers = FORM | {"Authorization": f"Bearer {self.key}"}
        self.unanswered[reference] = document
        try:
            async with session.post(url + SF_PATH, data=sf_form(document), headers=headers) as reply:
                body, shipment = await reply.read(), reply.headers.get("Veilway-Shipment", "")
        except aiohttp.ClientError:
            self.stop.set()
            return
        if reply.status == 200:
            known = self.told.setdefault(reference, (body, shipment))
            if known[0] != body:
                self.differing.append(reference)
            del self.unanswered[reference]


async def life(load: Load, served: Served, seconds: float) -> None:
    """Load the server and kill it after so long."""
    load.stop.clear()
    async with aiohttp.ClientSession() as session:
        clients = [asyncio.create_task(load.client(session, served.url)) for _ in range(CLIENTS)]
        await asyncio.sleep(seconds)
        served.kill()
        load.stop.set()
        await asyncio.gather(*clients)


async def replay(load: Load, served: Served) -> None:
    """After the last start: every acknowledged order answers as before, every other is sent again as a shop would."""
    load.stop.clear()
    headers = FORM | {"Authorization": f"Bearer {load.key}"}
    async with aiohttp.ClientSession() as session:
        for reference, (body, shipment) in list(load.told.items())[:: max(1, len(load.told) // 200)]:
            async with session.get(f"{served.url}/v1/shipments/{shipment}", headers=headers) as reply:
                shown = await reply.json()
            assert (shown["status"], bool(shown["waybill"])) == ("booked", True), reference
            assert shown["waybill"].encode() in body
        for document in list(load.unanswered.values()):
            await load.send(session, served.url, document)


async def run(folder: Path, kills: int, seconds: float, seed: int) -> dict[str, int]:
    """Kill a loaded server so many times at random moments of its first `seconds`; gives the figures."""
    chance, courier = random.Random(seed), SfCourier()
    async with listening(courier):
        load = Load(await set_up(folder, {"sf-express": courier.url}))
        for _ in range(kills):
            served = await asyncio.to_thread(start, folder)
            await life(load, served, chance.uniform(0.02, seconds))
        served = await asyncio.to_thread(start, folder)
        await replay(load, served)
        assert await asyncio.to_thread(served.stop) == 0
    verdict = await verified(folder)
    with sqlite3.connect(folder / "veilway.db") as store:
        booked = {w for (w,) in store.execute("SELECT waybill FROM outcomes WHERE waybill IS NOT NULL")}
    lost = sum(courier.orders[reference] not in booked for reference in load.told)
    return {
        "acknowledged": len(load.told),
        "lost": lost,
        "booked_twice": sum(count > 1 for count in courier.booked.values()),
        "answers_that_changed": len(load.differing),
        "audit_ok": int(verdict["ok"]),
    }


@pytest.mark.timeout(120)
async def test_five_kills_lose_nothing_and_book_nothing_twice(tmp_path: Path) -> None:
    figures = await run(tmp_path / "v", 5, 0.6, seed=1)
    assert figures.pop("acknowledged") > 50
    assert figures == {"lost": 0, "booked_twice": 0, "answers_that_changed": 0, "audit_ok": 1}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_twenty_kills_lose_nothing_and_book_nothing_twice(
    tmp_path: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await run(tmp_path / "v", 20, 1.2, seed=2)
    with capsys.disabled():
        print(f"\nkill -9, 20 times: {figures}")
    record_property("figures", figures)
    assert figures.pop("acknowledged") > 200
    assert figures == {"lost": 0, "booked_twice": 0, "answers_that_changed": 0, "audit_ok": 1}
