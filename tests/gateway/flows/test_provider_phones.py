"""A phone leaves for a provider only through the one door: granted, on record first, and never an erased one or another courier's."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from gateway.store.tables import vault
from masking.policy_load import load_policy
from tests.gateway.pushed import Towns


async def test_the_disclosure_to_the_provider_is_on_record_before_it_is_made(towns: Towns) -> None:
    async with towns() as town:
        await town.order()
        await town.drain()
        (made,) = await town.entries("disclosure.made")
        assert made["actor"] == "provider:alibaba"
        assert made["detail"]["shown"] == {"full": ["recipient.phone"]} and made["detail"]["rules"] == ["switch-binds"]


async def test_a_policy_without_the_grant_keeps_the_phone_here(towns: Towns) -> None:
    async with towns() as town:
        only_calls = """name = "ours"
[[rule]]
id = "calls"
readers = ["switch"]
see = ["*.phone"]
level = "full"
stages = "open"
purposes = ["call"]
why = "a call has to be connected"
why_zh = "接通"
"""
        town.world.service.policy = load_policy(only_calls)
        await town.order()
        await town.drain()

        assert town.first.live == [] and town.first.count("Bind") == 0
        assert await town.states() == [("bind", "dead")]
        (refusal,) = await town.entries("disclosure.refused")
        assert refusal["actor"] == "provider:alibaba"


async def test_an_erased_record_is_not_pushed(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        shipment, *_ = await town.order()
        await town.world.service.database.write(lambda c: c.execute(delete(vault).where(vault.c.record == shipment)))
        town.first.down = False
        await town.pass_time(timedelta(minutes=2))

        assert town.first.count("Bind") == 0 and await town.states() == [("bind", "dead")]
