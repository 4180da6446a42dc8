"""The whole path of an order on PostgreSQL, with two gateways beside each other on one store."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.server import running
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World, open_world

pytestmark = pytest.mark.pg


async def post(world: World, url: str, document: object) -> tuple[int, bytes, str]:
    """One order through the gateway at `url`."""
    headers = FORM | {"Authorization": f"Bearer {world.key}"}
    async with world.client.post(url + SF_PATH, data=sf_form(document), headers=headers) as reply:
        return reply.status, await reply.read(), reply.headers.get("Veilway-Shipment", "")


async def test_an_order_a_retry_a_label_a_scan_a_call_and_the_audit(tmp_path: Path, pg_url: str) -> None:
    async with open_world(tmp_path, database=pg_url, relay_sandbox=True) as own:
        document = sf_document()
        first = await own.sf_order(document)
        assert (await own.sf_order(document)).body == first.body and own.sf.booked[document["orderId"]] == 1
        assert (await own.call("GET", f"/v1/shipments/{first.shipment}/label?format=zpl")).status == 200
        view = await own.scan(await own.courier("station"), waybill=first.waybill)
        assert view.json.get("stage") == "at_station", view.body
        x, _, ext = view.json["dial"].partition("-")
        assert (await own.ring("13811112222", x, ext))["action"] == "connect"
        assert (await own.audit())["ok"]


async def test_a_restart_on_the_shared_store_forgets_nothing(tmp_path: Path, pg_url: str) -> None:
    async with open_world(tmp_path, database=pg_url) as own:
        document = sf_document()
        first = await own.sf_order(document)
        await own.restart()
        assert (await own.sf_order(document)).body == first.body
        audit = await own.audit()
        # Each life of a process has a chain of its own.
        assert audit["ok"] and len(audit["chains"]) == 2


async def test_two_gateways_book_one_order_once_and_share_no_number(tmp_path: Path, pg_url: str) -> None:
    # Three numbers are thirty blocks: both gateways get some only where neither takes all.
    numbers = [f"9501399{i:04d}" for i in range(20)]
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(open_world(tmp_path, database=pg_url, numbers=numbers))
        beside = dataclasses.replace(own.settings, port=0)
        second = await stack.enter_async_context(running(beside, keys=own.keys, clock=own.clock))
        urls = [own.running.url, second.url]

        same = sf_document()
        answers = await asyncio.gather(*(post(own, urls[i % 2], same) for i in range(10)))
        assert own.sf.booked[same["orderId"]] == 1
        assert {status for status, _, _ in answers} <= {200, 409}
        assert len({body for status, body, _ in answers if status == 200}) == 1

        answers = await asyncio.gather(*(post(own, urls[i % 2], sf_document()) for i in range(40)))
        assert {status for status, _, _ in answers} == {200}
        sent = [json.loads(one.form["msgData"])["contactInfoList"][1]["tel"] for one in own.sf.received]
        assert len(sent) == len(set(sent)) == 41
        assert (await own.audit())["ok"]
