"""Accounts that nobody uses are closed, on record, and stay closed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.flows.leavers import Leavers
from tests.gateway.orders import sf_document
from tests.gateway.world import open_world


async def test_a_leaver_s_account_is_closed_and_one_in_use_is_not(tmp_path: Path) -> None:
    async with open_world(tmp_path, courier_idle_days=30) as own:
        leaver, stayer = await own.courier("station"), await own.courier("station")
        number = (await own.sf_order(sf_document())).waybill
        own.clock.turn(timedelta(days=20))
        assert (await own.scan(stayer, waybill=number)).status == 200
        own.clock.turn(timedelta(days=10))
        assert (await own.scan(leaver, waybill=number)).code == "courier_unauthenticated"
        assert await Leavers(own.service).once() == 1
        own.clock.turn(timedelta(days=-29))  # a clock put back opens nothing
        assert (await own.scan(leaver, waybill=number)).code == "courier_unauthenticated"
        own.clock.turn(timedelta(days=29))
        assert (await own.scan(stayer, waybill=number)).status == 200
        assert "courier.closed_unused" in await own.tags()


async def test_with_no_limit_set_nobody_is_closed(tmp_path: Path) -> None:
    async with open_world(tmp_path, courier_idle_days=0) as own:
        await own.courier("station")
        own.clock.turn(timedelta(days=4000))
        assert await Leavers(own.service).once() == 0
