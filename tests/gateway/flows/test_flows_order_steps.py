"""The steps of an order that never wait: what they refuse is told, and what they held is let go while the disk works."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carriers.answer import Answer
from carriers.wire import WireRequest
from gateway.flows import order_steps
from gateway.flows.order_steps import Booking, Incoming, OrderSteps, is_doubtful
from gateway.flows.relays import Book
from gateway.store.unit import Unit
from tests.gateway.orders import sf_document, ups_document
from tests.gateway.world import SECRETS, World, open_world


def test_no_step_waits() -> None:
    steps = [step for name, step in vars(OrderSteps).items() if not name.startswith("__")]
    assert steps and not any(map(inspect.iscoroutinefunction, steps))


async def test_an_order_shows_itself_at_any_moment_and_nothing_of_its_content(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        shop, profile = await own.service.identity.shop(own.key), own.service.profile("sf-express")
        request = WireRequest("POST", "/std/service", "", {}, b"13900090817")
        route, operation = own.service.route("sf-express"), next(iter(profile.operations.values()))
        order = Incoming(shop, profile, route, operation, request, "key 13900090817")
        for shown in (repr(order), repr(Booking(order, "shp_1", Book(), None))):
            assert shown.startswith("<") and "13900090817" not in shown


@pytest.mark.parametrize("missing", ["check_word", "partner_id"])
async def test_an_order_that_cannot_be_signed_is_closed_as_not_sent_and_may_come_again(
    tmp_path: Path, missing: str
) -> None:
    async with open_world(tmp_path) as own:
        await own.sf_order(sf_document())
        route, document = own.service.routes["sf-express"], sf_document()
        secrets = {name: value for name, value in route.secrets.items() if name != missing}
        own.service.routes["sf-express"] = replace(route, secrets=secrets)
        before, live = len(own.sf.received), own.service.desk.status()["first"]["live"]
        answer = await own.sf_order(document)
        assert (answer.status, answer.code) == (502, "carrier_unreachable")
        assert "nothing was sent" in answer.json["detail"] and missing in answer.json["detail"]
        shown = await own.op("shipment.show", shipment=answer.shipment)
        assert (shown["status"], len(own.sf.received)) == ("not_sent", before)
        assert own.service.desk.status()["first"]["live"] == live
        own.service.routes["sf-express"] = route
        assert (await own.sf_order(document)).status == 200 and len(own.sf.received) == before + 1


async def test_an_order_that_the_signing_breaks_on_harms_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(tmp_path) as own:
        await own.sf_order(sf_document())
        before, real = len(own.sf.received), order_steps.finish
        calls = iter(range(100))

        def finish(*args: Any, **others: Any) -> WireRequest:
            if next(calls) == 2:
                raise UnicodeEncodeError("gbk", "13900090817", 0, 1, "no such character")
            return real(*args, **others)

        monkeypatch.setattr(order_steps, "finish", finish)
        answers = await asyncio.gather(*(own.sf_order(sf_document()) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [200] * 5 + [500]
        assert b"13900090817" not in next(answer.raw for answer in answers if answer.status == 500)
        assert len(own.sf.received) == before + 5
        assert (await own.tags()).count("order.not_sent") == 1


async def test_an_order_whose_token_cannot_be_had_is_written_nowhere(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        await own.op("carrier.enable", carrier="ups", base_url="http://127.0.0.1:9", secrets=dict(SECRETS["ups"]))
        answer = await own.ups_order(ups_document())
        assert (answer.status, answer.code) == (502, "carrier_unreachable")
        assert "order.sealed" not in await own.tags()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_document_is_let_go_while_the_disk_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.sf_order(sf_document())  # the sender's own number is made with the first order
    held: list[set[str]] = []
    commit = world.service.commits.commit

    async def look(unit: Unit, meanwhile: Callable[[], None] | None = None) -> None:
        await commit(unit, meanwhile)
        names, frame = set(), inspect.currentframe()
        while frame := frame and frame.f_back:
            for value in frame.f_locals.values():
                if isinstance(value, Booking | Incoming):
                    names |= {name for name in type(value).__slots__ if hasattr(value, name)}
        held.append(names)

    monkeypatch.setattr(world.service.commits, "commit", look)
    await world.sf_order(sf_document())
    first, second = held
    assert {"order", "wire", "unit"} <= first and not {"opened", "veiled"} & first
    assert {"order", "front"} <= second
    assert not {"opened", "veiled", "answer", "reply", "wire", "echoes", "sealed", "unit"} & second


@pytest.mark.parametrize(
    ("answer", "doubtful"),
    [
        (Answer(200, {}, "booked", "SF1"), False),
        (Answer(200, {}, "unknown"), True),
        (Answer(200, {}, "unknown", error_code="8001"), False),
        (Answer(500, {}, "unknown"), False),
        (Answer(200, {}, "unknown", error_code="bad_json", readable=False), True),
    ],
)
def test_what_an_answer_leaves_in_doubt(answer: Answer, doubtful: bool) -> None:
    assert is_doubtful(answer) is doubtful
