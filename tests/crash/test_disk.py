"""A store that cannot be written: 503 within two seconds, nothing forwarded, nothing acknowledged lost."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.gateway.couriers import SfCourier, listening
from tests.gateway.orders import consignee, sf_document, sf_form
from tests.gateway.served import serving, start, verb
from tests.gateway.world import FORM, SF_PATH, World, open_world, set_up, verified

LIMIT = 1_200_000
FULL = (
    f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}));"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""No file of this process grows past the limit: what a full disk is to the store, without a disk to fill."""


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose store may be broken."""
    async with open_world(tmp_path) as world:
        yield world


async def timed(session: aiohttp.ClientSession, url: str, key: str) -> tuple[int, dict[str, str], float]:
    """Status, the document of a problem (or nothing) and seconds of one fresh order."""
    headers = FORM | {"Authorization": f"Bearer {key}"}
    started = time.monotonic()
    async with session.post(
        url + SF_PATH, data=sf_form(sf_document(to=consignee("13900090811"))), headers=headers
    ) as reply:
        told = await reply.json() if reply.status != 200 else {}
        return reply.status, told, time.monotonic() - started


async def test_a_full_disk_is_503_at_once_and_nothing_is_forwarded(tmp_path: Path) -> None:
    folder, courier = tmp_path / "v", SfCourier()
    async with listening(courier), aiohttp.ClientSession() as session:
        key = await set_up(folder, {"sf-express": courier.url})
        served = await asyncio.to_thread(start, folder, wrap=[sys.executable, "-c", FULL])
        acknowledged = 0
        for _ in range(2000):
            status, told, seconds = await timed(session, served.url, key)
            if status != 200:
                break
            acknowledged += 1
        assert (status, told["code"]) == (503, "store_unavailable") and seconds < 2
        heard = len(courier.received)
        assert heard <= acknowledged + 1
        for _ in range(5):
            status, told, seconds = await timed(session, served.url, key)
            assert (status, told["code"]) == (503, "store_unavailable") and seconds < 2
        assert len(courier.received) == heard
        async with session.get(f"{served.url}/livez") as reply:
            assert reply.status == 200
        await asyncio.to_thread(served.kill)
    assert (await verified(folder))["ok"]
    with sqlite3.connect(folder / "veilway.db") as store:
        booked = {w for (w,) in store.execute("SELECT waybill FROM outcomes WHERE waybill IS NOT NULL")}
    assert len(booked) == acknowledged > 5


def make_read_only(own: World) -> None:
    """The store refuses every write from now on, until the gateway opens it anew."""
    own.service.database._live().exec_driver_sql("PRAGMA query_only=ON")  # type: ignore[attr-defined]


async def test_a_read_only_store_is_503_and_one_that_came_back_takes_orders_again(own: World) -> None:
    make_read_only(own)
    refused = await own.sf_order(sf_document())
    assert (refused.status, refused.code) == (503, "store_unavailable")
    assert own.sf.received == [] and int(refused.headers["Retry-After"]) > 0
    assert (await own.sf_order(sf_document())).status == 200
    assert (await own.audit())["ok"]


async def test_a_foreign_lock_is_503_within_two_seconds(own: World) -> None:
    with sqlite3.connect(own.folder / "veilway.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        answer = await own.sf_order(sf_document())
        assert (answer.status, answer.code) == (503, "store_unavailable") and time.monotonic() - started < 2
        other.execute("ROLLBACK")
    assert own.sf.received == [] and (await own.sf_order(sf_document())).status == 200


async def test_when_the_answer_cannot_be_stored_the_shop_is_told_and_the_order_is_looked_up_later(own: World) -> None:
    document = sf_document()

    async def full(request: object, body: bytes) -> object:
        answer = await own.sf.answer(request, body)  # type: ignore[arg-type]
        make_read_only(own)
        return answer

    own.sf.act.append(full)  # type: ignore[arg-type]
    answer = await own.sf_order(document)
    assert (answer.status, answer.code) == (503, "store_unavailable") and answer.shipment
    own.clock.turn(own.settings.carrier_timeout * 3)
    again = await own.sf_order(document)
    assert (again.status, again.code) == (409, "already_booked") and own.sf.booked[document["orderId"]] == 1


async def test_a_second_server_on_one_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    await set_up(folder, {})
    with serving(folder):
        second = await asyncio.to_thread(verb, folder, "serve", "--port", "0")
    assert second.returncode != 0 and "folder_in_use" in second.stderr
