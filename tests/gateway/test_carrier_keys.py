"""Carriers' keys are fetched, kept, asked for anew at most once a minute, and forgotten after an hour without an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.carrier_keys import ANEW, FRESH, LONGEST, STALE, CarrierKeys
from tests.gateway.device import coded


def jwks(*kids: str) -> dict[str, Any]:
    x = coded(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x} for kid in kids]}


class Publisher:
    """A carrier's address of keys."""

    def __init__(self) -> None:
        self.published: Any = jwks("k1")
        self.status, self.asked, self.url = 200, 0, ""

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response(self.published, status=self.status)


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    publisher = Publisher()
    app = web.Application()
    app.router.add_get("/jwks", publisher.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    publisher.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    try:
        yield publisher
    finally:
        await runner.cleanup()


async def test_a_document_is_read_as_it_stands() -> None:
    assert set((await CarrierKeys().of(jwks("a", "b"))).keys) == {"a", "b"}


async def test_fetched_keys_are_kept_until_they_are_old() -> None:
    now = [0.0]
    async with publishing() as publisher:
        keys = CarrierKeys(clock=lambda: now[0])
        for moment, asked in ((0, 1), (FRESH - 1, 1), (FRESH, 2)):
            now[0] = moment
            assert set((await keys.of(publisher.url)).keys) == {"k1"}
            assert publisher.asked == asked


async def test_an_unknown_key_id_asks_anew_but_not_again_and_again() -> None:
    now = [0.0]
    async with publishing() as publisher:
        keys = CarrierKeys(clock=lambda: now[0])
        await keys.of(publisher.url)
        publisher.published = jwks("k2")
        assert set((await keys.of(publisher.url, anew=True)).keys) == {"k1"}
        now[0] = ANEW
        assert set((await keys.of(publisher.url, anew=True)).keys) == {"k2"}
        assert publisher.asked == 2


@pytest.mark.parametrize("published", [[], {"keys": "x"}, {"keys": [], "pad": "x" * LONGEST}])
async def test_what_is_no_key_set_gives_no_key(published: Any) -> None:
    async with publishing() as publisher:
        publisher.published = published
        assert (await CarrierKeys().of(publisher.url)).keys == {}


async def test_a_carrier_that_is_away_is_trusted_for_an_hour_and_no_longer() -> None:
    now = [0.0]
    async with publishing() as publisher:
        keys = CarrierKeys(clock=lambda: now[0])
        await keys.of(publisher.url)
        publisher.status = 500
        now[0] = STALE - 1
        assert set((await keys.of(publisher.url)).keys) == {"k1"}
        now[0] = STALE + FRESH
        assert (await keys.of(publisher.url)).keys == {}
