"""A folder with a courier behind it, once alone and once with a server on it, for the verbs that reach a service."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.server import running
from gateway.settings import load_settings
from tests.cli.folder import Done, veilway
from tests.gateway.couriers import CHECK_WORD, PARTNER, SfCourier, listening
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, make_folder

SECRETS = ("--secret", f"partner_id={PARTNER}", "--secret", f"check_word={CHECK_WORD}")


@dataclasses.dataclass
class Here:
    """A folder, a courier, and perhaps a server on it."""

    folder: Path
    sf: SfCourier
    url: str = ""

    async def run(self, *words: str, stdin: str | None = None) -> Done:
        """A verb, while the server's loop goes on."""
        return await asyncio.to_thread(veilway, *words, folder=self.folder, stdin=stdin)

    async def told(self, *words: str, stdin: str | None = None) -> Any:
        done = await self.run(*words, "--json", stdin=stdin)
        assert done.code == 0, done.err
        return done.json


@pytest.fixture(params=["alone", "beside a server"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Here]:
    folder = make_folder(tmp_path / "v")
    async with listening(SfCourier()) as sf:
        if request.param == "alone":
            yield Here(folder, sf)  # type: ignore[arg-type]
            return
        async with running(dataclasses.replace(load_settings(folder, {}), port=0)) as served:
            yield Here(folder, sf, served.url)  # type: ignore[arg-type]


@pytest.fixture
async def order(here: Here) -> tuple[str, str]:
    """A booked shipment and its relay number; only where a server took it."""
    if not here.url:
        pytest.skip("an order needs a server")
    key = (await here.told("shop", "add", "A shop"))["api_key"]
    await here.told("carrier", "enable", "sf-express", "--base-url", here.sf.url, *SECRETS)
    await here.told("numbers", "add", "p", "95013990001")
    async with aiohttp.ClientSession() as session:
        headers = FORM | {"Authorization": f"Bearer {key}"}
        async with session.post(here.url + SF_PATH, data=sf_form(sf_document()), headers=headers) as reply:
            assert reply.status == 200
            shipment = reply.headers["Veilway-Shipment"]
    dial = json.loads(here.sf.last.form["msgData"])["contactInfoList"][1]["tel"]
    return shipment, dial
