"""Two processes on one store: whoever is suspended through one is turned away by the other within a second, and back when readmitted."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.server import running
from tests.gateway.orders import fresh_reference, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, Answer, World, open_world

Ask = Callable[[], Awaitable[Answer]]


async def within_a_second(ask: Ask, status: int) -> None:
    """Ask the other process until it answers so, for one second and no longer."""
    async with asyncio.timeout(1.5):  # the last question may have been asked at the end of the second
        begun = asyncio.get_running_loop().time()
        while (await ask()).status != status:
            assert asyncio.get_running_loop().time() - begun < 1.0
            await asyncio.sleep(0.05)


@pytest.mark.pg
async def test_a_suspension_counts_on_the_other_process_within_a_second(pg_url: str, tmp_path: Path) -> None:
    async with open_world(tmp_path, database=pg_url, numbers=[f"9501399{n:04d}" for n in range(40)]) as one:
        settings = dataclasses.replace(one.settings, port=0)
        async with running(settings, keys=one.keys, clock=one.clock) as other:
            token, number = await one.courier("station", station="S7"), (await one.sf_order(sf_document())).waybill
            courier = (await one.op("courier.list"))[-1]["id"]

            async def there(path: str, key: str, body: bytes, headers: dict[str, str]) -> Answer:
                sent = {"Authorization": f"Bearer {key}"} | headers
                async with one.client.post(other.url + path, data=body, headers=sent) as reply:
                    return Answer(reply.status, dict(reply.headers), await reply.read())

            async def scan() -> Answer:
                return await there("/v1/scans", token, f'{{"waybill": "{number}"}}'.encode(), {})

            async def order() -> Answer:
                return await there(SF_PATH, one.key, sf_form(sf_document(fresh_reference())), FORM)

            assert (await scan()).status == 200
            await settled(one, "courier", courier, scan, 401)
            await settled(one, "station", "S7", scan, 401)
            await settled(one, "carrier", "sf-express", scan, 401)
            await settled(one, "carrier", "sf-express", order, 503)
            await one.op("courier.revoke", courier=courier)
            await within_a_second(scan, 401)


async def settled(one: World, kind: str, name: str, ask: Ask, status: int) -> None:
    """Suspend through the first process, watch the second, and readmit."""
    await one.op("suspend", kind=kind, name=name)
    await within_a_second(ask, status)
    await one.op("suspend", kind=kind, name=name, lift=True)
    await within_a_second(ask, 200)
