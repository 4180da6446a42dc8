"""Fixtures of the gateway's tests: one gateway a module where tests only add to it, one of their own where they break it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.gateway.pushed import Towns, towns_in
from tests.gateway.world import World, open_world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A running gateway that a module's tests share. They ask for `loop_scope="module"` and leave it as they found it."""
    async with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest_asyncio.fixture
async def own_world(tmp_path: Path) -> AsyncIterator[World]:
    """A running gateway of a test's own, to be broken. Not in a module whose tests share a loop."""
    async with open_world(tmp_path) as made:
        yield made


@pytest.fixture
def towns(tmp_path: Path, store_url: str) -> Towns:
    """Gateways whose pool is pushed to providers, once on SQLite and once on PostgreSQL."""
    folder = tmp_path / "v"
    folder.mkdir()
    return towns_in(folder, store_url)
