"""Fixtures of the tests with real clients: a gateway with both practice aggregators behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.clients.aggregators import EASYPOST_KEY, SHIPPO_TOKEN, EasyPost, Shippo
from tests.gateway.couriers import listening
from tests.gateway.world import World, open_world


@dataclass
class Shopfront:
    """The gateway as a shop's client sees it, and the carriers as they see the gateway."""

    world: World
    easypost: EasyPost
    shippo: Shippo

    async def credential(self, carrier: str) -> dict[str, str]:
        """A credential in the carrier's own shape, for the first shop."""
        return dict(await self.world.op("shop.credential", name="First Shop", carrier=carrier))

    def base(self, carrier: str) -> str:
        return f"{self.world.running.url}/c/{carrier}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shopfront(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shopfront]:
    """One gateway for a module's tests; the outside reaches it where it listens."""
    easypost, shippo = EasyPost(), Shippo()
    enabled: tuple[tuple[str, Any, dict[str, str]], ...] = (
        ("easypost", easypost, {"api_key": EASYPOST_KEY, "webhook_secret": "practice"}),
        ("shippo", shippo, {"api_token": SHIPPO_TOKEN}),
    )
    async with open_world(tmp_path_factory.mktemp("shopfront")) as world, listening(easypost), listening(shippo):
        world.service.settings = dataclasses.replace(world.service.settings, public_url=world.running.url)
        enable = partial(world.op, "carrier.enable")
        for carrier, courier, secrets in enabled:
            made = await enable(carrier=carrier, base_url=courier.url, secrets=secrets)
            world.hooks[carrier] = made["hook"]
        yield Shopfront(world, easypost, shippo)
