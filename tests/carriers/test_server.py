"""The practice server knows its couriers by path and its faults by name."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from carriers.sandbox.server import SANDBOX, Fault, create_sandbox
from tests.carriers.acme import acme


def test_a_fault_is_taken_as_often_as_told() -> None:
    sandbox = create_sandbox(["acme"], profiles={"acme": acme()})[SANDBOX]
    sandbox.fault, sandbox.faults_left = Fault.GARBAGE, 2
    assert [sandbox.take_fault() for _ in range(3)] == [Fault.GARBAGE, Fault.GARBAGE, Fault.NONE]


async def test_an_unknown_courier_is_not_found() -> None:
    runner = web.AppRunner(create_sandbox(["acme"], profiles={"acme": acme()}))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/nobody/x") as reply,
    ):
        assert reply.status == 404
    await runner.cleanup()
