"""A shop turns the pages of its own shipments and events: none is skipped, none given twice, none another's."""

from __future__ import annotations

from gateway.store import shop_reads
from gateway.store.tables import outbox
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS, order, outcome


async def test_pages_hold_every_shipment_of_the_shop_once_and_newest_first(store: Store) -> None:
    for at in range(7):
        await store.commits.commit(order(f"shp_{at}"))
    await store.commits.commit(order("shp_9", tenant="shop_b"))
    await store.commits.commit(outcome("shp_3", "booked", waybill="SF3"))
    seen, after = [], ""
    while True:
        page = await store.database.read(lambda c, a=after: shop_reads.shipment_page(c, "shop_a", after=a, limit=3))
        if not page:
            break
        seen += page
        after = page[-1]["shipment"]
    assert [row["shipment"] for row in seen] == [f"shp_{at}" for at in reversed(range(7))]
    assert {row["shipment"]: (row["status"], row["waybill"]) for row in seen}["shp_3"] == ("booked", "SF3")
    assert seen[0]["status"] == "pending" and seen[0]["stage"] == "created"


async def test_a_reference_names_every_attempt_of_one_shop_and_carrier(store: Store) -> None:
    await store.commits.commit(order("shp_1", ref=b"r" * 16))
    await store.commits.commit(order("shp_2", ref=b"r" * 16, attempt=2))
    await store.commits.commit(order("shp_3", ref=b"r" * 16, tenant="shop_b"))
    found = await store.database.read(lambda c: shop_reads.shipments_of_reference(c, "shop_a", "sf-express", b"r" * 16))
    assert sorted(found) == ["shp_1", "shp_2"]
    page = await store.database.read(
        lambda c: shop_reads.shipment_page(c, "shop_a", carrier="ups", ids=found, after="", limit=9)
    )
    assert page == []


async def test_only_dead_letters_of_the_shop_are_tried_again(store: Store) -> None:
    unit = Unit()
    for id, tenant, state in (
        ("evt_1", "shop_a", "dead"),
        ("evt_2", "shop_a", "delivered"),
        ("evt_3", "shop_b", "dead"),
    ):
        unit.add(outbox, id, tenant, "shp_1", '{"type":"shipment.stage"}', 11, MS, state)
    await store.commits.commit(unit)
    again = [
        await store.database.write(lambda c, e=event: shop_reads.try_again(c, "shop_a", e, MS))
        for event in ("evt_2", "evt_3", "", "")
    ]
    assert again == [0, 0, 1, 0]
    page = await store.database.read(lambda c: shop_reads.event_page(c, "shop_a", state="waiting", after="", limit=9))
    assert [(row["event"], row["attempts"], row["next_at_ms"]) for row in page] == [("evt_1", 0, MS)]
