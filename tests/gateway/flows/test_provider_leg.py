"""One binding at its providers: bound, extended and taken back there, at one of them only, whatever answer is lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.gateway.orders import CONSIGNEE
from tests.gateway.pushed import COURIER, SECRETS, XS, Town, Towns
from tests.gateway.world import SECRETS as CARRIER
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.legs import GRACE


async def test_an_ended_shipment_is_taken_back_at_the_provider(towns: Towns) -> None:
    async with towns() as town:
        _, waybill, x, ext = await town.order()
        await town.drain()
        assert len(town.first.live) == 1
        town.world.clock.turn(timedelta(minutes=1))
        await town.cancel(waybill)
        await town.drain()

        assert town.first.live == [] and await town.legs() == [("alibaba", "ended")]
        assert await town.action(x, ext) == ("reject", "shipment_closed")
        assert await town.states() == [("bind", "done"), ("unbind", "done")]


@pytest.mark.parametrize("kind", ["alibaba", "huawei"])
async def test_an_answer_that_was_lost_binds_nothing_twice(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        town.first.lose = 1
        _, _, x, ext = await town.order()
        await town.pass_time(timedelta(minutes=1))

        assert len(town.first.fake.subs) == 1 and await town.legs() == [(kind, "up")]
        assert await town.action(x, ext) == ("connect", "connected")


@pytest.mark.parametrize("kind", ["alibaba", "huawei"])
async def test_what_was_bound_without_an_answer_is_found_and_taken_back_after_the_end(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        town.first.lose = 1
        _, waybill, _, _ = await town.order()
        await town.drain()
        assert len(town.first.live) == 1, "bound there, unknown here"
        town.world.clock.turn(timedelta(seconds=1))
        await town.cancel(waybill)
        await town.pass_time(timedelta(minutes=3))

        assert town.first.live == [] and await town.legs() == [(kind, "ended")]
        assert {state for _change, state in await town.states()} == {"done"}


async def test_the_next_provider_takes_over_and_when_the_first_is_back_nothing_doubles(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        first, second = town.providers
        first.down = True
        await town.order()
        await town.pass_time(timedelta(minutes=1))
        assert len(second.live) == 1 and first.live == []
        assert "binding.failed_over" in await town.world.tags() and "relay.failed_over" in await town.events()

        first.down = False
        await town.pass_time(timedelta(minutes=5))

        assert len(second.live) == 1 and first.live == []
        assert ("huawei", "up") in await town.legs()
        assert {state for _change, state in await town.states()} == {"done"}


async def test_an_answer_lost_before_the_failover_leaves_one_physical_binding(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        first, second = town.providers
        first.lose = 1
        await town.order()
        await town.drain()
        assert len(first.live) == 1
        first.down = True
        await town.pass_time(timedelta(minutes=1))
        assert len(second.live) == 1

        first.down = False
        await town.pass_time(timedelta(minutes=10), timedelta(seconds=20))

        assert (len(first.live), len(second.live)) in {(0, 1), (1, 0)}
        assert {state for _change, state in await town.states()} == {"done"}


async def test_a_provider_without_numbers_left_hands_over_to_the_next(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        first, second = town.providers
        first.fake.faults.append("isv.BUY_NUM_OVER_LIMIT")
        await town.order()
        await town.drain()

        assert len(second.live) == 1 and ("alibaba", "down") in await town.legs()
        over = [entry["detail"] for entry in await town.entries("binding.failed_over")]
        assert [(d["from"], d["to"], d["why"]) for d in over] == [("alibaba", "huawei", "provider_exhausted")]


async def test_the_provider_keeps_a_binding_as_long_as_we_do_and_no_longer(towns: Towns) -> None:
    async with towns() as town:
        _, waybill, _, _ = await town.order()
        await town.drain()
        (sub,) = town.first.live
        hold = town.world.service.settings.hold
        assert sub.until == town.world.clock() + hold + GRACE

        station = await town.world.courier("station")
        town.world.clock.turn(timedelta(days=29))
        await town.world.scan(station, waybill=waybill, event="exception")
        await town.drain()
        assert sub.until == town.world.clock() + timedelta(days=7) + GRACE
        town.world.clock.turn(timedelta(days=1))
        await town.world.scan(station, waybill=waybill, event="delivered")
        await town.drain()
        assert sub.until == town.world.clock() + town.world.service.settings.after_delivery + GRACE
        assert {state for _change, state in await town.states()} == {"done"}


class Elsewhere(FakeHuawei):
    """Binds at an extension of its own choice."""

    def _bind(self, axe: bool, given: Mapping[str, object], now: datetime) -> Any:
        return super()._bind(axe, {**given, "extendNum": "999"}, now)


async def test_a_provider_s_own_choice_of_number_is_taken_back(towns: Towns) -> None:
    async with towns("huawei") as town:
        secret = SECRETS["huawei"]["app_secret"]
        town.first.fake = Elsewhere("app_Key", secret, [f"86{x}" for x in XS])
        town.first.down = True
        _, _, x, ext = await town.order()
        town.first.down = False
        await town.pass_time(timedelta(minutes=5), timedelta(seconds=10))

        assert ext != "999" and town.first.live == []
        assert await town.states() == [("bind", "dead")] and await town.action(x, ext) == ("reject", "not_ready")


async def courier(town: Town, phone: str) -> str:
    """The id of a courier with a phone."""
    made = await town.world.op("courier.add", carrier="sf-express", name="A courier", role="delivery", phone=phone)
    return str(made["courier"])


@pytest.mark.parametrize("kind", ["alibaba", "huawei"])
async def test_the_party_s_own_calls_reach_the_courier_whom_a_scan_named(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        _, _, x, ext = await town.order()
        await town.drain()
        town.world.clock.turn(timedelta(minutes=1))
        until = town.world.clock() + timedelta(hours=9)
        await town.narrow(x, ext, await courier(town, COURIER), f"+86{COURIER}", until)
        await town.drain()

        (sub,) = town.first.live
        # Of an extension Huawei rings the party's last caller, and cannot be told of another.
        assert sub.b == (COURIER if kind == "alibaba" else "")
        assert {state for _change, state in await town.states()} == {"done"}
        assert len(await town.entries("courier.phone_pushed")) == (kind == "alibaba")


@pytest.mark.parametrize(("kind", "x"), [("alibaba", XS[0]), ("huawei", XS[0]), ("alibaba", "700123456789012")])
async def test_a_whole_number_is_a_pair_from_the_scan_that_names_its_courier_on(
    towns: Towns, kind: str, x: str
) -> None:
    async with towns(kind, numbers=(x,), ext_digits=0, scheme="axn700") as town:
        if kind == "alibaba":
            town.first.fake.numbers.append(x)
        await town.order()
        await town.drain()
        assert town.first.live == [] and await town.action(x, "") == ("reject", "not_ready")
        assert await town.states() == [("bind", "done")]

        for phone in (COURIER, "13811113333"):
            town.world.clock.turn(timedelta(minutes=10))
            until = town.world.clock() + timedelta(hours=9)
            await town.narrow(x, "", await courier(town, phone), f"+86{phone}", until)
            await town.drain()
            (sub,) = town.first.live
            assert (sub.a.removeprefix("+86"), sub.b.removeprefix("+86")) == (CONSIGNEE.phone, phone)
            assert abs(sub.until - until - GRACE) <= timedelta(seconds=1), "no longer than it is theirs"

        town.world.clock.turn(timedelta(hours=10))
        await town.world.running.flows.provider_push.upkeep()
        await town.drain()
        assert town.first.live == [] and await town.action(x, "") == ("reject", "not_ready")


async def test_a_courier_whose_phone_is_another_by_now_is_not_told(towns: Towns) -> None:
    async with towns() as town:
        _, _, x, ext = await town.order()
        await town.drain()
        town.world.clock.turn(timedelta(minutes=1))
        other = await courier(town, "13811113333")
        await town.narrow(x, ext, other, f"+86{COURIER}", town.world.clock() + timedelta(hours=9))
        await town.drain()
        assert town.first.live[0].b == "" and await town.entries("courier.phone_pushed") == []


async def test_a_reopened_binding_is_bound_again_under_the_same_id(towns: Towns) -> None:
    async with towns() as town:
        _, _, x, ext = await town.order()
        await town.drain()
        (first,) = town.first.live
        town.world.clock.turn(timedelta(days=31))
        assert await town.world.running.flows.lifecycle.expire() == 1
        await town.drain()
        assert town.first.live == []

        town.world.clock.turn(timedelta(minutes=1))
        await town.reopen(x, ext)
        await town.drain()
        (again,) = town.first.live
        assert (again.out_id, again.a, again.ext) == (first.out_id, first.a, ext) and again.id != first.id
        assert await town.action(x, ext) == ("connect", "connected")


@pytest.mark.parametrize("scheme", ["axn-ext", "axn700"])
async def test_a_scan_that_narrows_is_told_and_the_next_courier_s_too(towns: Towns, scheme: str) -> None:
    digits = 3 if scheme == "axn-ext" else 0
    async with towns(scheme=scheme, ext_digits=digits, numbers=XS[:1]) as town:
        asked = {"carrier": "sf-express", "base_url": town.world.sf.url, "secrets": CARRIER["sf-express"]}
        await town.world.op("carrier.enable", **asked, options={"couriers": {"narrow": "Asia/Shanghai"}})
        _, waybill, _, ext = await town.order()
        await town.drain()
        town.world.clock.turn(timedelta(minutes=5))
        await town.world.scan(await town.world.courier("station", phone="13800009999"), waybill=waybill)
        for phone in (COURIER, "13811113333"):
            town.world.clock.turn(timedelta(minutes=5))
            seen = await town.world.scan(await town.world.courier(phone=phone), waybill=waybill)
            assert seen.json["stage"] == "out_for_delivery"
            await town.drain()
            (sub,) = town.first.live
            assert (sub.a, sub.b, sub.ext) == (CONSIGNEE.phone, phone, ext)
        assert {state for _change, state in await town.states()} == {"done"}
