"""kill -9 while bindings are pushed: what was committed reaches its provider, and the provider holds each binding once."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from gateway.flows import make_flows
from gateway.ops import OPS
from gateway.service import open_service, system_clock
from gateway.settings import load_settings
from tests.gateway.couriers import SfCourier, listening
from tests.gateway.orders import consignee, sf_document, sf_form
from tests.gateway.pushed import SECRETS, XS, Provider, provider
from tests.gateway.served import Served, start
from tests.gateway.world import FORM, SF_PATH, profiles, set_up, verified

ORDERS = 12


async def set_up_pushed(folder: Path, sf: SfCourier, made: Provider) -> str:
    """A folder whose one pool is pushed to one provider; gives the shop's key."""
    await set_up(folder, {"sf-express": sf.url}, numbers=1)
    account = {"name": "north", "kind": made.kind, "endpoint": made.url, "secrets": SECRETS[made.kind]}
    async with open_service(load_settings(folder, {}), profiles=profiles()) as service:
        flows, by = make_flows(service), {"actor": "local:test"}
        await OPS["numbers.add"](
            service, flows, by | {"pool": "p", "carrier": "sf-express", "numbers": list(XS), "ext_digits": 3}
        )
        hotline = await OPS["shop.add"](service, flows, by | {"name": "Hotline", "hotline": "4008001234"})
        await OPS["numbers.provider.add"](service, flows, by | account)
        await OPS["numbers.provider.use"](service, flows, by | {"pool": "p", "accounts": ["north"]})
    return str(hotline["api_key"])


async def order(session: aiohttp.ClientSession, served: Served, key: str, n: int) -> None:
    headers = FORM | {"Authorization": f"Bearer {key}"}
    body = sf_form(sf_document(to=consignee(f"139000908{n:02d}")))
    async with session.post(served.url + SF_PATH, data=body, headers=headers) as reply:
        assert reply.status == 200, await reply.text()


def waiting(folder: Path) -> int:
    with sqlite3.connect(f"file:{folder / 'veilway.db'}?mode=ro", uri=True) as store:
        return int(store.execute("SELECT count(*) FROM pushes WHERE state <> 'done'").fetchone()[0])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["huawei", pytest.param("alibaba", marks=pytest.mark.slow)])
async def test_every_binding_is_pushed_once_through_three_kills(tmp_path: Path, kind: str) -> None:
    folder, sf = tmp_path / "v", SfCourier()
    async with listening(sf), provider(kind, system_clock) as made, aiohttp.ClientSession() as session:
        key = await set_up_pushed(folder, sf, made)
        for life in range(3):
            served = await asyncio.to_thread(start, folder)
            made.lose = 1  # and one answer of each life gets lost on the way
            for n in range(ORDERS):
                await order(session, served, key, life * ORDERS + n)
            await asyncio.sleep(0.3 * life)  # at once, and in the middle of the pushes
            await asyncio.to_thread(served.kill)
        served = await asyncio.to_thread(start, folder)
        for _ in range(400):
            if len(made.live) == 3 * ORDERS and waiting(folder) == 0:
                break
            await asyncio.sleep(0.1)
        phones = sorted(sub.a.removeprefix("+86") for sub in made.live)
        assert await asyncio.to_thread(served.stop) == 0

    assert phones == [f"139000908{n:02d}" for n in range(3 * ORDERS)] and waiting(folder) == 0
    assert (await verified(folder))["ok"]
