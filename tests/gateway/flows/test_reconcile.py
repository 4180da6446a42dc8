"""A reconciliation names whatever a provider holds otherwise than we do, and a repair mends it; the real phone is not opened for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from gateway.flows import reconcile
from gateway.flows.reconcile import UnknownAccount
from gateway.store.tables import pushes
from masking.errors import VeilwayError
from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, consignee
from tests.gateway.pushed import Town, Towns

KINDS = pytest.mark.parametrize("kind", ["alibaba", "huawei"])


async def found(town: Town, *, repair: bool = False, account: str = "") -> list[tuple[str, str | None]]:
    """(drift, shipment) of all pages, as an operator sees them."""
    out, after = [], ""
    while True:
        asked = {"account": account or town.first.kind, "after": after, "repair": repair}
        page = await town.world.op("numbers.reconcile", **asked)
        out += [(one["drift"], one["shipment"]) for one in page["found"]]
        after = page["after"]
        if not after:
            return out


async def two_orders(town: Town) -> list[str]:
    """Two shipments, pushed and up."""
    made = []
    for n in range(2):
        made.append((await town.order(to=consignee(f"1390009081{n}")))[0])
        await town.drain()
    assert len(town.first.live) == 2
    return made


@KINDS
async def test_agreement_is_no_drift_and_costs_no_disclosure(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        await two_orders(town)
        before = (await town.world.tags()).count("disclosure.made")
        assert await found(town) == []
        assert (await town.world.tags()).count("disclosure.made") == before
        assert town.first.count("Query" if kind == "alibaba" else "GET") >= 2


def lost(town: Town) -> None:
    town.first.fake.subs.pop(next(iter(town.first.fake.subs)))


def other_target(town: Town) -> None:
    next(iter(town.first.fake.subs.values())).a = "13700000003" if town.first.kind == "alibaba" else "+8613700000003"


def ends_earlier(town: Town) -> None:
    next(iter(town.first.fake.subs.values())).until = town.world.clock() + timedelta(days=1)


@KINDS
@pytest.mark.parametrize(("spoil", "kind_of_drift"), [(lost, "missing"), (other_target, "other_target")])
async def test_what_the_provider_lost_or_turned_is_named_and_mended(
    towns: Towns, kind: str, spoil: Callable[[Town], None], kind_of_drift: str
) -> None:
    async with towns(kind) as town:
        shipment, _other = await two_orders(town)
        spoil(town)
        assert await found(town) == [(kind_of_drift, shipment)]
        assert await found(town, repair=True) == [(kind_of_drift, shipment)]
        await town.drain()

        assert len(town.first.live) == 2 and await found(town) == []
        phones = {sub.a.removeprefix("+86") for sub in town.first.live}
        assert phones == {"13900090810", "13900090811"}
        assert [entry["detail"]["repaired"] for entry in await town.entries("provider.drifted")] == [False, True]


async def test_an_end_that_the_provider_has_otherwise_is_set_right(towns: Towns) -> None:
    async with towns() as town:
        shipment, _ = await two_orders(town)
        due = next(iter(town.first.fake.subs.values())).until
        ends_earlier(town)
        assert await found(town, repair=True) == [("ends_earlier", shipment)]
        await town.drain()
        assert next(iter(town.first.fake.subs.values())).until == due and await found(town) == []


@KINDS
async def test_what_is_still_bound_after_its_release_is_named_and_taken_back(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        shipment, waybill, _, _ = await town.order()
        await town.drain()
        kept = dict(town.first.fake.subs)
        town.world.clock.turn(timedelta(minutes=1))
        await town.cancel(waybill)
        await town.drain()
        assert town.first.live == []
        town.first.fake.subs.update(kept)  # the provider thanked, and did not do it

        assert await found(town) == [("still_bound", shipment)]
        await found(town, repair=True)
        await town.drain()
        assert town.first.live == [] and await found(town) == []


@KINDS
async def test_what_stands_on_our_number_and_is_none_of_ours_is_a_stray(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        await two_orders(town)
        one = next(iter(town.first.fake.subs.values()))
        # At a place that an order of ours holds: Huawei tells of extensions one place at a time.
        town.first.fake.subs["999"] = replace(one, id="999", a="13700000003")  # type: ignore[type-var]
        assert ("stray", None) in await found(town)
        await found(town, repair=True)
        assert "999" not in town.first.fake.subs and len(town.first.live) == 2 and await found(town) == []


async def test_while_an_answer_is_outstanding_nobody_is_called_a_stray(towns: Towns) -> None:
    async with towns() as town:
        town.first.lose = 1
        await town.order()
        await town.drain()
        assert len(town.first.live) == 1 and await found(town) == []


async def test_a_binding_that_no_provider_took_is_missing_and_a_repair_asks_anew(towns: Towns) -> None:
    async with towns() as town:
        town.first.down = True
        shipment, _, x, ext = await town.order()
        town.first.fake.faults.append("isv.BIND_CONFLICT")
        town.first.down = False
        await town.pass_time(timedelta(minutes=3))
        assert await town.states() == [("bind", "dead")]

        assert await found(town, repair=True) == [("missing", shipment)]
        await town.drain()
        assert len(town.first.live) == 1 and await town.action(x, ext) == ("connect", "connected")
        assert {state for _change, state in await town.states()} == {"done"}


async def test_bindings_from_before_the_pool_was_pushed_are_missing_and_can_be_pushed(towns: Towns) -> None:
    async with towns() as town:
        shipment, _, x, ext = await town.order()
        await town.drain()
        await town.world.service.database.write(lambda c: c.execute(delete(pushes)))
        town.first.fake.subs.clear()
        assert await found(town, repair=True) == [("missing", shipment)]
        await town.drain()
        assert len(town.first.live) == 1 and await town.action(x, ext) == ("connect", "connected")


async def test_more_than_a_page_is_asked_page_by_page(towns: Towns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "PAGE", 2)
    async with towns() as town:
        for n in range(5):
            await town.order(to=consignee(f"1390009081{n}"))
        await town.drain()
        town.first.fake.subs.clear()
        assert [drift for drift, _ in await found(town)] == ["missing"] * 5


async def test_the_daily_chore_counts_by_kind_and_repairs_nothing(towns: Towns) -> None:
    async with towns() as town:
        await two_orders(town)
        lost(town)
        chore = town.world.running.flows.reconcile
        town.world.clock.turn(timedelta(hours=25))
        assert await chore.daily() == 1
        assert await chore.daily() == 0, "once a day, whichever process comes first"
        text = town.world.service.metrics.text().decode()
        assert 'veilway_provider_drift{kind="missing",provider="alibaba"} 1.0' in text
        assert len(town.first.live) == 1
        town.world.clock.turn(timedelta(hours=25))
        assert await chore.daily() == 1


async def test_a_provider_that_cannot_be_asked_is_an_error_and_no_drift(towns: Towns) -> None:
    async with towns() as town:
        await two_orders(town)
        town.first.down = True
        with pytest.raises(VeilwayError) as refused:
            await found(town)
        assert refused.value.code == "provider_retry"
        with pytest.raises(UnknownAccount):
            await found(town, account="nobody")


async def test_a_report_holds_nothing_personal(towns: Towns) -> None:
    async with towns("alibaba", "huawei") as town:
        await two_orders(town)
        other_target(town)
        page: Any = await town.world.op("numbers.reconcile", account="alibaba", after="", repair=False)
        values = {"phone": CONSIGNEE.phone, "other": "13700000003", "first": "13900090810"}
        assert Canaries(values).seen_in(json.dumps(page)) == []
