"""The outbox of pushed bindings outlives outages, restarts and wrong credentials, tells each change once, and keeps nothing personal."""

from __future__ import annotations

import json
import random
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex as secrets_token

import pytest
from sqlalchemy import update

from gateway.flows import make_flows
from gateway.service import open_service
from gateway.store.tables import binding_legs, chore_leases, outbox, pushes
from tests.canary import Canaries
from tests.gateway.couriers import says
from tests.gateway.orders import CONSIGNEE, consignee
from tests.gateway.pushed import COURIER, Town, Towns, towns_in
from tests.gateway.world import profiles
from virtual_numbers.fakes import disorder
from virtual_numbers.fakes.huawei import FakeHuawei
from virtual_numbers.providers.alibaba_reports import read_reports

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


async def test_while_every_account_is_down_nothing_is_written(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        for n in range(30):
            await town.order(to=consignee(f"139000908{n:02d}"))
        await town.pass_time(timedelta(minutes=1))
        down = town.world.running.flows.provider_line.health("alibaba")
        assert down.down(town.world.clock())
        before = await town.rows(pushes, binding_legs)
        while down.down(town.world.clock()):
            await town.drain()
            town.world.clock.turn(timedelta(seconds=1))
        assert await town.rows(pushes, binding_legs) == before

        town.first.down = False
        await town.pass_time(timedelta(minutes=3))
        assert len(town.first.live) == 30


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


async def test_a_binding_confirmed_before_its_number_was_filed_carries_calls_once_it_is(towns: Towns) -> None:
    async with towns(numbers=("17000000001",)) as town:
        _, _, x, ext = await town.order()
        await town.world.op("numbers.set", numbers=[x], filing="pending")
        await town.drain()
        assert len(town.first.live) == 1 and (await town.action(x, ext))[0] == "reject"
        await town.world.op("numbers.set", numbers=[x], filing="callable")
        await town.drain()
        assert len(town.first.live) == 1 and await town.action(x, ext) == ("connect", "connected")


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


async def test_one_process_at_a_time_sends_and_another_takes_over(tmp_path: Path, pg_migrated_url: str) -> None:
    async with AsyncExitStack() as stack:
        (tmp_path / "a").mkdir()
        town = await stack.enter_async_context(towns_in(tmp_path / "a", pg_migrated_url)())
        push = town.world.running.flows.provider_push
        await push.once()  # this process is now the one that sends
        other = await stack.enter_async_context(
            open_service(town.world.settings, keys=town.world.keys, clock=town.world.clock, profiles=profiles())
        )
        second = make_flows(other).provider_push
        town.first.down = True
        await town.order()
        assert await second.once() == 0
        await town.world.stop()  # an orderly stop gives the lease back
        town.first.down = False
        town.world.clock.turn(timedelta(minutes=2))

        assert await second.once() == 1 and len(town.first.live) == 1
        await town.world.start()
        assert await town.world.running.flows.provider_push.once() == 0


async def test_a_process_that_died_is_followed_when_its_lease_is_over(tmp_path: Path, pg_migrated_url: str) -> None:
    (tmp_path / "a").mkdir()
    async with towns_in(tmp_path / "a", pg_migrated_url)() as town:
        now = int(town.world.clock().timestamp() * 1000)
        await town.world.running.flows.provider_push.once()
        taken = update(chore_leases).values(holder="dead", lease_until=now + 120_000)
        await town.world.service.database.write(lambda c: c.execute(taken))
        town.world.clock.turn(timedelta(seconds=61))  # past half of its own lease this process looks again
        await town.order()
        await town.drain()
        assert town.first.live == []
        town.world.clock.turn(timedelta(seconds=61))
        await town.drain()
        assert len(town.first.live) == 1


async def test_calls_that_a_provider_connected_itself_are_charged_to_the_shipment(towns: Towns) -> None:
    async with towns("huawei") as town:
        shipment, _, x, ext = await town.order()
        await town.drain()
        secrets = {"app_key": "app_Key", "app_secret": "app-secret-7719"}
        _voice, events = (await town.world.op("relay.provider", name="huawei", secrets=secrets))["urls"]
        fake = town.first.fake
        assert isinstance(fake, FakeHuawei)
        # The provider spells X with its country, as it was told; the binding is found by our own id.
        for body in disorder(fake.call("+8613811112222", f"86{x}", ext, town.world.clock()), random.Random(7)):
            headers = fake.push_headers(town.world.clock(), secrets_token())
            answer = await town.world.call("POST", events, key="", body=body, headers=headers)
            assert answer.status == 200
        (row,) = await town.world.op("relay.report", last="1d")
        assert (row["shipment"], row["calls"], row["minutes"]) == (shipment, 1, 1)
        fake.subs.clear()


async def test_a_report_by_the_provider_s_own_id_is_charged_too(towns: Towns) -> None:
    async with towns() as town:
        shipment, _, x, ext = await town.order()
        await town.drain()
        (sub,) = town.first.live
        at = town.world.clock()
        events = read_reports(b"".join(town.first.fake.call(COURIER, x, ext, at)[-1:]))  # type: ignore[union-attr]
        by_handle = [replace(event, binding=sub.id, x="86" + x) for event in events]
        await town.world.running.flows.relay_reports.take(by_handle)
        (row,) = await town.world.op("relay.report", last="1d")
        assert (row["shipment"], row["calls"], row["minutes"]) == (shipment, 1, 1)
