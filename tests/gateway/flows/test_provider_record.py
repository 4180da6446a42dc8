"""A binding carries calls when a provider has confirmed it and not before; what none takes is a dead letter that is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.store import push_reads
from gateway.store.tables import numbers
from tests.gateway.orders import CONSIGNEE
from tests.gateway.pushed import Towns
from virtual_numbers.legs import Leg, LegState


@pytest.mark.parametrize("kind", ["alibaba", "huawei"])
async def test_a_binding_is_pushed_and_callable_only_when_the_provider_has_confirmed(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        town.first.down = True
        _, waybill, x, ext = await town.order()
        assert waybill and await town.action(x, ext) == ("reject", "not_ready")

        town.first.down = False
        await town.pass_time(timedelta(minutes=2))

        (sub,) = town.first.live
        assert (sub.a.removeprefix("+86"), sub.ext) == (CONSIGNEE.phone, ext) and sub.x.endswith(x)
        assert await town.action(x, ext) == ("connect", "connected")
        assert await town.states() == [("bind", "done")]
        tags = await town.world.tags()
        told, pushed = tags.index("disclosure.made"), tags.index("binding.pushed")
        assert told < pushed < tags.index("binding.callable")
        assert (await town.world.audit())["ok"]


@pytest.mark.parametrize("code", ["isv.ILLEGAL_ARGUMENT", "isv.BIND_CONFLICT", "isv.FORBIDDEN_ACTION"])
async def test_what_every_provider_refuses_for_good_is_a_dead_letter_and_told(towns: Towns, code: str) -> None:
    async with towns() as town:
        town.first.down = True
        _, _, x, ext = await town.order()
        town.first.fake.faults += [code] * 3
        town.first.down = False
        await town.pass_time(timedelta(minutes=3))

        assert await town.states() == [("bind", "dead")] and await town.legs() == [("alibaba", "down")]
        assert "relay.not_ready" in await town.events() and "binding.push_dead" in await town.world.tags()
        assert await town.action(x, ext) == ("reject", "not_ready")
        await town.world.running.flows.provider_push.upkeep()
        assert 'veilway_pushes{state="dead"} 1.0' in town.world.service.metrics.text().decode()


async def test_a_release_that_came_meanwhile_stands(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        _, waybill, x, ext = await town.order()
        town.first.down = False
        leg = town.world.running.flows.provider_push._leg
        slot = (await town.world.service.database.read(lambda c: push_reads.due_slots(c, 1 << 60, 9)))[0]
        case = await town.world.service.database.read(lambda c: push_reads.case(c, slot))
        assert case is not None
        town.world.clock.turn(timedelta(seconds=1))
        await town.cancel(waybill)

        up = replace(Leg(case.out_id, "alibaba"), state=LegState.UP)
        await leg._record.ready(
            replace(case, legs=(up,))
        )  # the provider's answer to what was asked before the cancellation

        assert await town.action(x, ext) == ("reject", "shipment_closed")


async def test_a_number_whose_filing_is_missing_is_bound_and_not_callable(towns: Towns) -> None:
    async with towns() as town:
        unfiled = update(numbers).values(filing="missing")
        await town.world.service.database.write(lambda c: c.execute(unfiled))
        _, _, x, ext = await town.order()
        await town.drain()

        assert len(town.first.live) == 1 and await town.action(x, ext) == ("reject", "not_ready")
