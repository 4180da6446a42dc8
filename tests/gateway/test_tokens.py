"""A carrier's bearer token is fetched once for all who wait, kept until shortly before it ends, and fetched anew when refused."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from carriers.errors import CarrierRefusal
from carriers.profile import load_profiles
from carriers.wire import WireReply, WireRequest
from gateway.tokens import Tokens
from tests.gateway.world import SECRETS, Hands

UPS = load_profiles(None)["ups"]


class Bank:
    """Gives tokens, and counts."""

    def __init__(self, *, seconds: str = "3600", status: int = 200) -> None:
        self.given = 0
        self._seconds, self._status = seconds, status

    async def fetch(self, request: WireRequest) -> WireReply:
        await asyncio.sleep(0)
        self.given += 1
        body = json.dumps({"access_token": f"t{self.given}", "expires_in": self._seconds}).encode()
        return WireReply(self._status, {"content-type": "application/json"}, body)


async def test_a_hundred_who_wait_fetch_once() -> None:
    bank, tokens = Bank(), Tokens(Hands())
    got = await asyncio.gather(*(tokens.get(UPS, SECRETS["ups"], bank.fetch) for _ in range(100)))
    assert set(got) == {"t1"} and bank.given == 1


async def test_a_token_is_good_for_at_least_a_minute_more() -> None:
    clock, bank = Hands(), Bank()
    tokens = Tokens(clock)
    await tokens.get(UPS, SECRETS["ups"], bank.fetch)
    clock.turn(timedelta(seconds=3539))
    assert await tokens.get(UPS, SECRETS["ups"], bank.fetch) == "t1"
    clock.turn(timedelta(seconds=1))
    assert await tokens.get(UPS, SECRETS["ups"], bank.fetch) == "t2"


async def test_a_refused_token_is_forgotten() -> None:
    bank, tokens = Bank(), Tokens(Hands())
    await tokens.get(UPS, SECRETS["ups"], bank.fetch)
    tokens.forget("ups")
    assert await tokens.get(UPS, SECRETS["ups"], bank.fetch) == "t2"
    assert "t2" not in repr(tokens)


async def test_a_refusal_is_not_kept() -> None:
    bank, tokens = Bank(status=401), Tokens(Hands())
    for _ in range(2):
        with pytest.raises(CarrierRefusal):
            await tokens.get(UPS, SECRETS["ups"], bank.fetch)
    assert bank.given == 2
