"""Jobs of labels take turns, keep within their bounds, end whatever happens, and are forgotten in time."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.flows import label_batch
from gateway.flows.label_batch import KEPT, Fetched, Job, LabelBatches, NoJob, NotReady, Wanted
from gateway.identity import Shop
from gateway.store.errors import Overloaded, StoreError
from masking.errors import VeilwayError
from masking.labels.render import Rendered
from tests.gateway.orders import HIDDEN, SENDER, sf_document
from tests.gateway.world import World

ONE, OTHER = Shop("shop_one"), Shop("shop_other")


class Printer:
    """Prints without drawing, in order; refuses what is not there, breaks where told to."""

    def __init__(self) -> None:
        self.printed: list[str] = []

    async def run(self, shipment: str, **_asked: Any) -> Rendered:
        await asyncio.sleep(0)
        self.printed.append(shipment)
        if shipment == "absent":
            raise VeilwayError("no such shipment", code="shipment_not_found")
        if shipment == "breaks":
            raise RuntimeError("13900000001")
        return Rendered(b"^XA^XZ", "application/zpl", ())


def wanted(*shipments: str) -> Wanted:
    return Wanted(shipments, "zpl", "100x150", 203, True)


async def done(batches: LabelBatches, shop: Shop, *jobs: Job) -> None:
    """Let the task run until these jobs are through."""
    task = asyncio.ensure_future(batches.run())
    async with asyncio.timeout(20):
        while any(batches.show(shop, job.id).state == "printing" for job in jobs):
            await asyncio.sleep(0.005)
    task.cancel()


async def test_a_refused_label_stops_no_other_and_stands_in_the_results(own_world: World) -> None:
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    job = await batches.accept(ONE, wanted("a", "absent", "b"))
    with pytest.raises(NotReady):
        batches.fetch(ONE, job.id)
    await done(batches, ONE, job)

    told = batches.show(ONE, job.id).as_dict()
    assert {name: told[name] for name in ("state", "total", "done", "printed")} == {
        "state": "ready",
        "total": 3,
        "done": 3,
        "printed": 2,
    }
    assert [(one["shipment"], one["code"]) for one in told["results"]] == [
        ("a", "ok"),
        ("absent", "shipment_not_found"),
        ("b", "ok"),
    ]
    assert "labels.requested" in await own_world.tags()


async def test_a_small_job_does_not_wait_for_a_large_one(own_world: World) -> None:
    batches = LabelBatches(own_world.service, printer := Printer())  # type: ignore[arg-type]
    large = await batches.accept(ONE, wanted(*(f"large {n}" for n in range(50))))
    small = await batches.accept(OTHER, wanted("small"))
    task = asyncio.ensure_future(batches.run())
    async with asyncio.timeout(20):
        while batches.show(OTHER, small.id).state == "printing":
            await asyncio.sleep(0)
    assert batches.show(ONE, large.id).state == "printing" and printer.printed.index("small") <= 2
    task.cancel()


async def test_a_fault_ends_its_own_job_and_tells_no_content(
    own_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    broken, good = await batches.accept(ONE, wanted("a", "breaks", "b")), await batches.accept(ONE, wanted("a"))
    await done(batches, ONE, broken, good)
    assert (batches.show(ONE, broken.id).state, batches.show(ONE, good.id).state) == ("failed", "ready")
    assert "13900000001" not in "".join(capsys.readouterr())
    with pytest.raises(NotReady):
        batches.fetch(ONE, broken.id)


async def test_a_file_is_given_out_once_and_to_its_own_shop(own_world: World) -> None:
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    job = await batches.accept(ONE, wanted("a"))
    await done(batches, ONE, job)
    for ask in (batches.show, batches.fetch):
        with pytest.raises(NoJob):
            ask(OTHER, job.id)
    assert batches.fetch(ONE, job.id)[1] == "application/zip"
    with pytest.raises(Fetched):
        batches.fetch(ONE, job.id)
    assert batches.show(ONE, job.id).file is None and batches.show(ONE, job.id).outcomes == []


async def test_what_nobody_fetches_is_forgotten_without_being_asked_for(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_batch, "SWEEP_SECONDS", 0.01)
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    job = await batches.accept(ONE, wanted("a"))
    await done(batches, ONE, job)
    own_world.clock.turn(KEPT - timedelta(seconds=1))
    assert batches.show(ONE, job.id).file is not None
    own_world.clock.turn(timedelta(seconds=1))
    task = asyncio.ensure_future(batches.run())
    await asyncio.sleep(0.1)
    task.cancel()
    assert "0 jobs" in repr(batches)


async def test_more_than_is_held_is_refused_until_something_is_fetched(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_batch, "LABELS_AT_MOST", 5)
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    first = await batches.accept(ONE, wanted("a", "b", "c"))
    with pytest.raises(Overloaded):
        await batches.accept(OTHER, wanted("a", "b", "c"))
    await done(batches, ONE, first)
    with pytest.raises(Overloaded):
        await batches.accept(OTHER, wanted("a", "b", "c"))
    batches.fetch(ONE, first.id)
    assert (await batches.accept(OTHER, wanted("a", "b", "c"))).state == "printing"


async def test_a_shop_has_so_many_jobs_and_no_more(own_world: World) -> None:
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    for _ in range(label_batch.JOBS_OF_A_SHOP):
        await batches.accept(ONE, wanted("a"))
    with pytest.raises(Overloaded):
        await batches.accept(ONE, wanted("a"))
    await batches.accept(OTHER, wanted("a"))


async def test_a_job_that_is_not_on_record_is_not_taken(own_world: World) -> None:
    batches = LabelBatches(own_world.service, Printer())  # type: ignore[arg-type]
    own_world.service.commits.close()
    with pytest.raises(StoreError):
        await batches.accept(ONE, wanted("a"))
    assert repr(batches) == "<LabelBatches 0 jobs, 0 printing>"


async def test_each_label_is_a_print_with_a_ticket_and_a_record_of_its_own(own_world: World) -> None:
    orders = [await own_world.sf_order(sf_document()) for _ in range(3)]
    shop = await own_world.service.identity.shop(own_world.key)
    batches = own_world.running.flows.label_batches
    before = (await own_world.tags()).count("label.printed")
    job = await batches.accept(shop, wanted(*(order.shipment for order in orders)))
    async with asyncio.timeout(20):
        while batches.show(shop, job.id).state == "printing":
            await asyncio.sleep(0.01)

    told = batches.show(shop, job.id).as_dict()
    assert [(one["waybill"], one["code"]) for one in told["results"]] == [(order.waybill, "ok") for order in orders]
    assert (await own_world.tags()).count("label.printed") == before + 3
    data, _ = batches.fetch(shop, job.id)
    assert HIDDEN.seen_in(data, json.dumps(told)) == SENDER.seen_in(data, json.dumps(told)) == []
