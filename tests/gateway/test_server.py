"""A server answers on its port and its socket, drains when it is told to stop, and leaves the folder tidy."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
from pathlib import Path

import pytest

from gateway.cli.remote import SOCKET
from gateway.server import running
from gateway.settings import ConfigError, load_settings
from tests.gateway.couriers import waits
from tests.gateway.orders import sf_document
from tests.gateway.served import start
from tests.gateway.world import World, make_folder, set_up


async def test_the_socket_and_the_keys_are_their_owner_s_alone_and_the_umask_is_as_before(own_world: World) -> None:
    modes = {name: stat.S_IMODE((own_world.folder / name).stat().st_mode) for name in (SOCKET, "keys.json")}
    assert modes == {SOCKET: 0o600, "keys.json": 0o600}
    now = os.umask(0o022)
    os.umask(now)
    assert now != 0o177


async def test_a_port_that_is_taken_is_a_setting_to_change(own_world: World, tmp_path: Path) -> None:
    port = int(own_world.running.url.rpartition(":")[2])
    other = load_settings(make_folder(tmp_path / "other"), {})
    with pytest.raises(ConfigError) as refused:
        async with running(dataclasses.replace(other, port=port)):
            pass
    assert refused.value.path == "port"


async def test_what_is_in_flight_when_it_stops_is_answered(own_world: World) -> None:
    until, document = asyncio.Event(), sf_document()
    own_world.sf.act.append(waits(own_world.sf, until))
    order = asyncio.create_task(own_world.sf_order(document))
    while not own_world.sf.received:
        await asyncio.sleep(0)
    stopping = asyncio.create_task(own_world.stop())
    await asyncio.sleep(0)
    until.set()
    assert (await order).status == 200
    await stopping
    assert not (own_world.folder / SOCKET).exists()
    await own_world.start()
    assert (await own_world.sf_order(document)).headers["Veilway-Replayed"] == "yes"


async def test_sigterm_drains_and_ends_with_0(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    await set_up(folder, {})
    served = await asyncio.to_thread(start, folder)
    assert await asyncio.to_thread(served.stop) == 0
    assert not (folder / SOCKET).exists() and b"serve.stopped" in served.log.read_bytes()


async def test_a_folder_deeper_than_a_socket_s_path_may_be_is_served(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    settings = dataclasses.replace(load_settings(make_folder(deep), {}), port=0)
    async with running(settings):
        assert (deep / SOCKET).is_socket()
