"""A hundred orders at one moment for the last ten numbers: ten go out, ninety are refused, and no number goes out twice."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.server import running
from tests.conftest import STORES
from tests.gateway.orders import consignee, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World, open_world

TEN: dict[str, Any] = {"numbers": ["95013990009"], "ext_digits": 1, "occupancy": 1.0}


async def orders(own: World, urls: list[str]) -> list[tuple[int, str]]:
    """Status and code of a hundred orders, sent at once to the gateways in turn. The sender is a hotline and needs no number."""
    key = await own.shop("Hotline", hotline="4008001234")
    headers = FORM | {"Authorization": f"Bearer {key}"}

    async def one(nth: int) -> tuple[int, str]:
        document = sf_document(to=consignee(f"139000907{nth:02d}"))
        url = urls[nth % len(urls)] + SF_PATH
        for _ in range(50):
            async with own.client.post(url, data=sf_form(document), headers=headers) as reply:
                body = await reply.read()
                problem = reply.headers["Content-Type"].startswith("application/problem+json")
                told = reply.status, json.loads(body)["code"] if problem else ""
            if told[1] != "store_unavailable":
                return told
            await asyncio.sleep(
                0.2
            )  # a hundred at once are more than a slow machine's store takes; the shop tries again
        raise AssertionError("the store stays away")

    return await asyncio.gather(*(one(nth) for nth in range(100)))


async def ten_of_a_hundred(own: World, urls: list[str]) -> None:
    told = await orders(own, urls)
    assert sorted(set(told)) == [(200, ""), (503, "pool_exhausted")]
    assert told.count((200, "")) == 10
    sent = [json.loads(one.form["msgData"])["contactInfoList"][1]["tel"] for one in own.sf.received]
    assert sorted(sent) == [f"95013990009-{ext}" for ext in range(10)]
    assert (await own.op("numbers.status"))[0]["live"] == 10 and (await own.audit())["ok"]


@pytest.fixture(params=STORES)
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of a world, once on SQLite and once on PostgreSQL."""
    return TEN if request.param == "sqlite" else TEN | {"database": request.getfixturevalue("pg_url")}


async def test_a_hundred_orders_at_once_share_ten_numbers(tmp_path: Path, stored: dict[str, Any]) -> None:
    async with open_world(tmp_path, **stored) as own:
        await ten_of_a_hundred(own, [own.running.url])


@pytest.mark.pg
async def test_two_gateways_on_one_store_share_them_likewise(tmp_path: Path, pg_url: str) -> None:
    async with open_world(tmp_path, database=pg_url, **TEN) as own:
        beside = dataclasses.replace(own.settings, port=0)
        async with running(beside, keys=own.keys, clock=own.clock) as second:
            await ten_of_a_hundred(own, [own.running.url, second.url])
