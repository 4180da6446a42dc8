"""A carrier's hours and number of calls close its numbers to couriers, and never to the recipient's own call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.ops.registry import OpRefused
from gateway.service import CarrierNotEnabled
from tests.gateway.flows.test_flows_narrow import MORNING, PRACTICE, TO_PARTY, at_station, tells
from tests.gateway.orders import CONSIGNEE
from tests.gateway.world import SECRETS, Hands, World, open_world

ANNA, BORIS = "13811112222", "13833334444"


async def test_outside_a_carrier_s_hours_no_courier_gets_through(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        _, x, ext = await at_station(own)
        told = await own.op("relay.rules", carrier="sf-express", hours="08:00-21:00")
        assert told == {"carrier": "sf-express", "hours": "08:00-21:00", "calls": 0}
        assert await tells(own, ANNA, x, ext) == (TO_PARTY, "connected")
        own.clock.turn(timedelta(hours=12) - timedelta(milliseconds=1))
        assert await tells(own, ANNA, x, ext) == (TO_PARTY, "connected")
        own.clock.turn(timedelta(milliseconds=1))
        assert await tells(own, ANNA, x, ext) == ("reject", "not_now")
        assert await tells(own, CONSIGNEE.phone, x, ext) == (f"+86{ANNA}", "called_back")
        own.clock.turn(timedelta(hours=11))
        assert await tells(own, ANNA, x, ext) == (TO_PARTY, "connected")


async def test_a_number_carries_so_many_calls_and_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, **PRACTICE) as own:
        _, x, ext = await at_station(own)
        await own.op("relay.rules", carrier="sf-express", calls=2)
        heard = [await tells(own, ANNA, x, ext) for _ in range(3)]
        assert [reason for _, reason in heard] == ["connected", "connected", "too_many_calls"]
        _, other_x, other_ext = await at_station(own, "13900090899")
        assert (await tells(own, BORIS, other_x, other_ext))[1] == "connected", "each number counts for itself"


async def test_rules_stay_when_the_carrier_is_enabled_again_and_end_when_they_are_emptied(own_world: World) -> None:
    own = own_world
    await own.op("relay.rules", carrier="sf-express", hours="22:00-06:00 Europe/Berlin", calls=3)
    await own.op("carrier.enable", carrier="sf-express", base_url=own.sf.url, secrets=SECRETS["sf-express"])
    assert own.service.routes["sf-express"].options["relay"] == {"hours": "22:00-06:00 Europe/Berlin", "calls": 3}
    assert (await own.tags()).count("relay.rules_set") == 1
    told = await own.op("relay.rules", carrier="sf-express", hours="")
    assert told == {"carrier": "sf-express", "hours": "", "calls": 3}
    await own.op("relay.rules", carrier="sf-express", calls=0)
    assert own.service.routes["sf-express"].options["relay"] == {}


@pytest.mark.parametrize(
    "wrong", [{"hours": "8-21"}, {"hours": "08:00-21:00 Nowhere"}, {"calls": -1}, {"calls": 10**6}]
)
async def test_rules_that_are_none_are_refused_and_change_nothing(own_world: World, wrong: dict[str, object]) -> None:
    with pytest.raises(OpRefused):
        await own_world.op("relay.rules", carrier="sf-express", **wrong)
    assert own_world.service.routes["sf-express"].options.get("relay", {}) == {}
    with pytest.raises(CarrierNotEnabled):
        await own_world.op("relay.rules", carrier="zto", calls=1)
