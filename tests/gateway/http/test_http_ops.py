"""The folder's socket: mode 0600, verbs by name, refusals and faults told without content."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from gateway.cli.remote import SOCKET, socket_path
from tests.gateway.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.UnixConnector(socket_path(world.folder))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def ask(
    local: aiohttp.ClientSession, verb: str, body: bytes = b'{"actor":"local:test"}'
) -> tuple[int, dict[str, object]]:
    async with local.post(f"http://veilway/ops/{verb}", data=body) as reply:
        return reply.status, json.loads(await reply.read())


async def test_only_the_folder_s_owner_can_open_the_socket(world: World) -> None:
    assert stat.S_IMODE((world.folder / SOCKET).stat().st_mode) == 0o600


async def test_a_verb_answers(local: aiohttp.ClientSession) -> None:
    status, told = await ask(local, "shop.list")
    assert status == 200 and told["result"][0]["name"] == "First Shop"  # type: ignore[index]


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("nothing", b"{}", "not_found"),
        ("shop.add", b'{"actor":"a","name":"a/b"}', "bad_argument"),
        ("shop.add", b"[]", "internal"),
        ("shop.add", b"{", "internal"),
        ("shipment.show", b'{"actor":"a","shipment":"shp_no"}', "shipment_not_found"),
        ("carrier.enable", b'{"actor":"a","carrier":"nobody","base_url":"https://x"}', "unknown_carrier"),
    ],
)
async def test_a_refusal_has_its_code(local: aiohttp.ClientSession, verb: str, body: bytes, code: str) -> None:
    assert (await ask(local, verb, body))[1]["code"] == code
