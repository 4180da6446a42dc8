"""Reads give plain values and the newest state, on both stores."""

from __future__ import annotations

from sqlalchemy import insert

from gateway.ids import key_digest
from gateway.store import reads
from gateway.store.tables import api_keys, couriers, shops, stages, suspensions
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS, order, outcome


async def test_a_shipment_is_found_by_id_and_by_its_latest_attempt(store: Store) -> None:
    for attempt in (1, 2):
        await store.commits.commit(order(f"shp_{attempt}", ref=b"r" * 16, attempt=attempt))
    found = await store.database.read(lambda c: reads.shipment_by_ref(c, "shop_a", "sf-express", b"r" * 16))
    assert found and (found.id, found.attempt, found.ref) == ("shp_2", 2, b"r" * 16)
    assert await store.database.read(lambda c: reads.shipment(c, "shp_1"))
    for tenant, carrier in (("shop_b", "sf-express"), ("shop_a", "ups")):
        assert (
            await store.database.read(lambda c, t=tenant, k=carrier: reads.shipment_by_ref(c, t, k, b"r" * 16)) is None
        )


async def test_the_latest_outcome_counts(store: Store) -> None:
    await store.commits.commit(order("shp_1"))
    assert await store.database.read(lambda c: reads.outcome(c, "shp_1")) is None
    await store.commits.commit(outcome("shp_1", "unknown"))
    await store.commits.commit(outcome("shp_1", "booked", seq=2, waybill="SF1"))
    found = await store.database.read(lambda c: reads.outcome(c, "shp_1"))
    assert found and (found.status, found.waybill, found.answer) == ("booked", "SF1", None)


async def test_a_waybill_names_its_newest_shipment_of_that_carrier(store: Store) -> None:
    for at, id in ((MS, "shp_1"), (MS + 1, "shp_2")):
        await store.commits.commit(order(id))
        await store.commits.commit(outcome(id, "booked", waybill="SF1", at=at))
    assert await store.database.read(lambda c: reads.shipment_by_waybill(c, "sf-express", "SF1")) == "shp_2"
    assert await store.database.read(lambda c: reads.shipment_by_waybill(c, "ups", "SF1")) is None


async def test_the_vault_gives_its_groups_and_nothing_where_it_is_empty(store: Store) -> None:
    await store.commits.commit(order("shp_1"))
    row = await store.database.read(lambda c: reads.sealed(c, "shp_1"))
    assert row and row.groups == {"name": b"n", "phone": b"p", "address": b"a", "restore": b"r"}
    assert await store.database.read(lambda c: reads.sealed(c, "shp_2")) is None


async def test_stages_come_in_order(store: Store) -> None:
    unit = Unit()
    for seq, stage in enumerate(("picked_up", "in_transit"), 1):
        unit.add(stages, "shp_1", seq, "shop_a", stage, "push:sf-express", MS + seq)
    await store.commits.commit(unit)
    assert await store.database.read(lambda c: reads.latest_stage(c, "shp_1")) == (2, "in_transit", MS + 2)
    history = await store.database.read(lambda c: reads.stage_history(c, "shp_1"))
    assert [stage for stage, _, _ in history] == ["picked_up", "in_transit"]


async def test_a_revoked_key_opens_nothing(store: Store) -> None:
    def work(connection: object) -> None:
        connection.execute(insert(shops), {"id": "shop_a", "name": "A", "hotline": "400", "created_at": 1})  # type: ignore[attr-defined]
        keys = [("live", None), ("dead", 5)]
        connection.execute(  # type: ignore[attr-defined]
            insert(api_keys),
            [{"digest": key_digest(k), "shop": "shop_a", "created_at": 1, "revoked_at": at} for k, at in keys],
        )

    await store.database.write(work)
    assert await store.database.read(lambda c: reads.shop_by_key(c, key_digest("live"))) == ("shop_a", "400")
    assert await store.database.read(lambda c: reads.shop_by_key(c, key_digest("dead"))) is None
    assert await store.database.read(lambda c: reads.shop_by_key(c, key_digest("none"))) is None


async def test_a_courier_is_shut_out_by_name_by_station_and_by_carrier(store: Store) -> None:
    row = {
        "id": "cou_1",
        "carrier": "sf-express",
        "name": "A",
        "role": "delivery",
        "token_digest": key_digest("t"),
        "station": "S1",
        "device_key": "",
        "created_at": 1,
    }
    await store.database.write(lambda c: c.execute(insert(couriers), row))
    assert await store.database.read(lambda c: reads.courier_by_token(c, key_digest("t")))
    for kind, name in (("courier", "cou_1"), ("station", "S1"), ("carrier", "sf-express")):
        entry = {"kind": kind, "name": name, "at": 1, "reason": ""}
        await store.database.write(lambda c, e=entry: c.execute(insert(suspensions), e))
        assert await store.database.read(lambda c: reads.courier_by_token(c, key_digest("t"))) is None
        await store.database.write(lambda c: c.execute(suspensions.delete()))


async def test_ids_come_in_pages(store: Store) -> None:
    for at in range(5):
        await store.commits.commit(order(f"shp_{at}"))
    first = await store.database.read(lambda c: reads.shipment_ids(c, "", 3))
    rest = await store.database.read(lambda c: reads.shipment_ids(c, first[-1], 3))
    assert first + rest == [f"shp_{at}" for at in range(5)]
