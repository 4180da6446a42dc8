"""The outbox of pushed bindings outlives outages, restarts and wrong credentials, tells each change once, and keeps nothing personal."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.store.tables import binding_legs, outbox, pushes
from tests.canary import Canaries
from tests.gateway.couriers import says
from tests.gateway.orders import CONSIGNEE, consignee
from tests.gateway.pushed import Town, Towns

PHONE = Canaries({"phone": CONSIGNEE.phone, "e164": f"+86{CONSIGNEE.phone}"})


async def test_an_order_that_the_carrier_refused_is_taken_back(towns: Towns) -> None:
    async with towns() as town:
        inner = {"success": False, "errorCode": "8057", "errorMsg": "no", "msgData": None}
        outer = {"apiErrorMsg": "", "apiResponseID": "1", "apiResultCode": "A1000"}
        town.world.sf.act.append(says(200, json.dumps(outer | {"apiResultData": json.dumps(inner)}).encode()))
        town.first.down = True
        await town.order()
        town.first.down = False
        await town.pass_time(timedelta(minutes=2))

        assert town.first.live == []
        assert {state for _change, state in await town.states()} == {"done"}


async def test_a_provider_that_is_down_for_two_minutes_gets_every_binding_once(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        for _ in range(5):
            await town.order()
        await town.pass_time(timedelta(minutes=2))
        assert await town.legs() == [("alibaba", "wanted")] * 5

        town.first.down = False
        await town.pass_time(timedelta(seconds=90))

        assert len(town.first.live) == 5 and len(town.first.fake.subs) == 5
        assert await town.legs() == [("alibaba", "up")] * 5
        assert {state for _change, state in await town.states()} == {"done"}


async def requests(town: Town) -> int:
    text = town.world.service.metrics.text().decode()
    lines = [line for line in text.splitlines() if line.startswith("veilway_provider_requests_total{")]
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


async def test_a_provider_that_is_down_is_not_hammered(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        for _ in range(5):
            await town.order()
        before = await requests(town)
        await town.pass_time(timedelta(minutes=2))
        # Three failures open the breaker; then at most one round of eight a pause of 5, 10, 20, 40, 60 seconds.
        assert await requests(town) - before <= 40


async def test_wrong_credentials_wait_for_the_operator_and_lose_nothing(towns: Towns) -> None:
    async with towns() as town:
        town.first.fake.secret = "another"
        await town.order()
        await town.pass_time(timedelta(minutes=5))
        assert await town.states() == [("bind", "waiting")]

        town.first.fake.secret = "renewed"
        made = {"access_key": "ak", "access_secret": "renewed", "pool_key": "FC1"}
        asked = {"name": "alibaba", "kind": "alibaba", "endpoint": town.first.url, "secrets": made}
        await town.world.op("numbers.provider.add", **asked)
        await town.pass_time(timedelta(minutes=6), timedelta(seconds=30))
        assert len(town.first.live) == 1 and await town.states() == [("bind", "done")]


async def test_a_sender_s_long_lived_binding_is_renewed_before_the_provider_ends_it(towns: Towns) -> None:
    async with towns() as town:
        town.key = town.world.key  # this shop has no hotline: its sender has a number of its own
        await town.order()
        await town.drain()
        assert len(town.first.live) == 2
        for _ in range(10):
            town.world.clock.turn(timedelta(days=10))
            await town.world.running.flows.lifecycle.expire()
            await town.world.running.flows.provider_push.upkeep()
            await town.drain()
            assert len([sub for sub in town.first.live if sub.until > town.world.clock() + timedelta(days=20)]) >= 1


async def test_a_restart_in_between_pushes_what_was_committed(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        _, _, x, ext = await town.order()
        await town.drain()
        await town.world.stop()
        assert town.first.live == []
        town.first.down = False
        town.world.clock.turn(timedelta(minutes=10))
        await town.world.start()
        await town.pass_time(timedelta(minutes=2))

        assert len(town.first.live) == 1 and await town.action(x, ext) == ("connect", "connected")


async def test_a_suspended_account_hands_its_bindings_to_the_next_and_gets_them_back_as_one(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        first, second = town.providers
        for n in range(3):
            await town.order(to=consignee(f"1390009081{n}"))
        await town.drain()
        assert (len(first.live), len(second.live)) == (3, 0)

        assert (await town.world.op("numbers.provider.suspend", name="alibaba"))["bindings"] == 3
        await town.drain()
        assert len(second.live) == 3
        await town.world.op("numbers.provider.suspend", name="alibaba", lift=True)
        await town.drain()
        assert len(first.live) == 3 and second.live == []


async def test_a_number_whose_binding_was_pushed_rests_a_year(towns: Towns) -> None:
    async with towns(numbers=("17000000001",), ext_digits=1, occupancy=1.0) as town:
        _, waybill, _, ext = await town.order()
        await town.drain()
        town.world.clock.turn(timedelta(minutes=1))
        await town.cancel(waybill)
        await town.drain()
        town.world.clock.turn(timedelta(days=364))
        await town.world.restart()
        found = set()
        for _ in range(10):
            _, _, _, other = await town.order()
            found.add(other)
        assert len(found) == 9 and ext not in found


async def test_nothing_personal_stands_in_rows_metrics_or_the_log(
    towns: Towns, capfd: pytest.CaptureFixture[str]
) -> None:
    async with towns("alibaba", "huawei") as town:
        town.first.fake.faults += ["isv.MOBILE_NUMBER_ILLEGAL", "isp.SYSTEM_ERROR"]
        for _ in range(3):
            await town.order()
        await town.pass_time(timedelta(minutes=2))

        sinks = [await town.rows(pushes, binding_legs, outbox), town.world.service.metrics.text().decode()]
        sinks += [json.dumps(await town.world.op("numbers.provider.list")), *capfd.readouterr()]
        sinks.append(json.dumps(await town.world.op("audit.export", chain=f"veilway/{town.world.service.holder}")))
        secrets = Canaries({"one": "access-secret-7719", "other": "app-secret-7719"})
        assert [PHONE.seen_in(sink) + secrets.seen_in(sink) for sink in sinks] == [[]] * len(sinks)
        assert any(PHONE.seen_in(body) for made in town.providers for _action, body in made.seen), "it does reach them"
