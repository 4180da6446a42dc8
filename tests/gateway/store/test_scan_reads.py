"""What a scan reads of a parcel, on both stores."""

from __future__ import annotations

import json

from sqlalchemy import update

from gateway.store import scan_reads
from gateway.store.tables import binding_states, bindings, learned, reveals, scans, shipments, stages, tickets, vault
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS, outcome
from virtual_numbers.binding import State

RELAYS = {"recipient": ["95013990001", "1234", 0], "sender": ["95013990002", "", -1]}


async def parcel(store: Store, id: str = "shp_1") -> None:
    unit = Unit()
    unit.add(shipments, id, "shop_a", "sf-express", "create", None, 1, b"d" * 32, json.dumps(RELAYS), MS)
    unit.add(vault, id, "shop_a", 1, b"wrapped", b"n", None, b"a", None, b"r")
    unit.add(
        bindings, "95013990001", "1234", 0, "shop_a", id, "sf-express", "recipient", "axn-ext", b"p" * 16, b"o" * 16, MS, MS + 9, "callable"
    )  # fmt: skip
    await store.commits.commit(unit)


async def test_a_parcel_comes_with_everything_a_scan_needs(store: Store) -> None:
    await parcel(store)
    await store.commits.commit(outcome("shp_1", "unknown"))
    await store.commits.commit(outcome("shp_1", "booked", seq=2, waybill="SF1"))
    unit = Unit()
    for seq, stage in ((1, "picked_up"), (2, "at_station")):
        unit.add(stages, "shp_1", seq, "shop_a", stage, "station:S1", MS + seq)
    await store.commits.commit(unit)
    found = await store.database.read(lambda c: scan_reads.parcel(c, "shp_1"))
    assert found and found.outcome and (found.outcome.status, found.outcome.waybill) == ("booked", "SF1")
    assert found.record.groups == {"name": b"n", "address": b"a"}  # what a scan never opens is not fetched
    assert (found.history, found.seq) == (
        [("picked_up", MS + 1, "station:S1"), ("at_station", MS + 2, "station:S1")],
        2,
    )
    assert found.own and found.own.owner == b"o" * 16
    assert [(line.binding().state, line.live(MS), line.live(MS + 9)) for line in found.lines] == [
        (State.CALLABLE, True, False)
    ]
    assert await store.database.read(lambda c: scan_reads.by_waybill(c, "sf-express", "SF1")) == "shp_1"
    assert await store.database.read(lambda c: scan_reads.by_waybill(c, "ups", "SF1")) is None


async def test_the_latest_state_of_a_binding_counts(store: Store) -> None:
    await parcel(store)
    unit = Unit()
    for at, state in ((MS + 1, "suspended"), (MS + 2, "released")):
        unit.add(binding_states, "95013990001", "1234", 0, at, "shop_a", state, None, at, None, None, "test")
    await store.commits.commit(unit)
    found = await store.database.read(lambda c: scan_reads.parcel(c, "shp_1"))
    assert found and [(line.binding().state, line.live(MS)) for line in found.lines] == [(State.RELEASED, False)]


async def test_an_erased_parcel_is_none_and_so_is_an_absent_one(store: Store) -> None:
    await parcel(store)
    await store.database.write(lambda c: c.execute(vault.delete()))
    for id in ("shp_1", "shp_2"):
        assert await store.database.read(lambda c, i=id: scan_reads.parcel(c, i)) is None


async def test_a_ticket_leads_to_its_parcel_and_a_revoked_one_nowhere(store: Store) -> None:
    await parcel(store)
    unit = Unit()
    unit.add(tickets, b"i" * 12, b"f" * 16, "shop_a", "shp_1", "sf-express", MS, MS + 9, None)
    await store.commits.commit(unit)
    asked: list[tuple[str, bytes]] = []

    async def found(holds: bool, id: bytes = b"i" * 12) -> scan_reads.Parcel | None:
        return await store.database.read(
            lambda c: scan_reads.by_ticket(c, id, lambda *issued: asked.append(issued) or holds)  # type: ignore[func-returns-value]
        )

    assert await found(True) == await store.database.read(lambda c: scan_reads.parcel(c, "shp_1")) is not None
    assert await found(False) is None
    assert asked == [("sf-express", b"f" * 16)] * 2
    assert await found(True, b"j" * 12) is None
    await store.database.write(lambda c: c.execute(update(tickets).values(revoked_at=MS)))
    assert await found(True) is None
    assert len(asked) == 2


async def test_a_ticket_of_an_erased_parcel_leads_nowhere(store: Store) -> None:
    await parcel(store)
    unit = Unit()
    unit.add(tickets, b"i" * 12, b"f" * 16, "shop_a", "shp_1", "sf-express", MS, MS + 9, None)
    await store.commits.commit(unit)
    await store.database.write(lambda c: c.execute(vault.delete()))
    assert await store.database.read(lambda c: scan_reads.by_ticket(c, b"i" * 12, lambda *_: True)) is None


async def test_every_relay_number_s_binding_is_found_in_the_order_of_the_parties(store: Store) -> None:
    unit, relays = Unit(), {}
    for nth, role in enumerate(("sender", "recipient", "third_party")):
        x, shipment = f"9501399000{9 - nth}", "shp_1" if role == "recipient" else ""
        relays[role] = [x, "", nth]
        row = (x, "", nth, "shop_a", shipment, "sf-express", role, "axn", b"p" * 16, bytes([nth]) * 16)
        unit.add(bindings, *row, MS, MS + 9, "callable")
    unit.add(shipments, "shp_1", "shop_a", "sf-express", "create", None, 1, b"d" * 32, json.dumps(relays), MS)
    unit.add(vault, "shp_1", "shop_a", 1, b"wrapped", None, None, None, None, None)
    await store.commits.commit(unit)
    found = await store.database.read(lambda c: scan_reads.parcel(c, "shp_1"))
    assert found and [line.binding().role for line in found.lines] == ["sender", "recipient", "third_party"]
    assert found.own and found.own.owner == b"\1" * 16


async def test_a_scan_that_was_sent_before_is_known_by_its_courier_and_its_key(store: Store) -> None:
    await parcel(store)
    unit = Unit()
    unit.add(stages, "shp_1", 1, "shop_a", "picked_up", "station:S1", MS)
    for scan, key in (("scan_1", b"k" * 16), ("scan_2", None)):
        unit.add(scans, scan, "shop_a", "shp_1", "cou_1", "S1", "", key, None, MS + 5)
    await store.commits.commit(unit)
    for courier, key, earlier in (
        ("cou_1", b"k" * 16, "scan_1"),
        ("cou_2", b"k" * 16, ""),
        ("cou_1", b"l" * 16, ""),
        ("cou_1", b"", ""),
    ):
        sent = courier, key
        found = await store.database.read(lambda c, s=sent: scan_reads.parcel(c, "shp_1", lambda _shipment: s))
        assert found and found.earlier == earlier
        assert (found.history, found.seq) == ([("picked_up", MS, "station:S1")], 1)


async def test_scans_reveals_and_what_was_learned_are_found_again(store: Store) -> None:
    unit = Unit()
    unit.add(scans, "scan_1", "shop_a", "shp_1", "cou_1", "S1", "", b"k" * 16, None, MS)
    for nth in (2, 1):
        unit.add(
            reveals,
            "shp_1",
            "sf-express",
            nth,
            "shop_a",
            f"scan_{nth}",
            "cou_1",
            "address_unclear",
            "station",
            '["remark"]',
            MS + nth,
        )
    for shipment, person in (("shp_1", b""), ("shp_1", b"p" * 16), ("shp_2", b"p" * 16), ("shp_3", b"q" * 16)):
        unit.add(learned, "sf-express", shipment, person, "shop_a", MS)
    await store.commits.commit(unit)

    def read(connection):  # type: ignore[no-untyped-def]
        return (
            scan_reads.revealed(connection, "sf-express", "shp_1"),
            [(row["scan"], row["role"], row["fields"]) for row in scan_reads.reveals_of(connection, "shp_1")],
            scan_reads.reveals_of(connection, "shp_2"),
            scan_reads.knows(connection, "sf-express", b"p" * 16),
            scan_reads.knows(connection, "ups", b"p" * 16),
            scan_reads.learned_of(connection, "sf-express", "shp_1"),
            scan_reads.learned_since(connection, "sf-express", MS),
            scan_reads.learned_since(connection, "sf-express", MS + 1),
        )

    assert await store.database.read(read) == (
        ["scan_1", "scan_2"],
        [("scan_1", "station", ["remark"]), ("scan_2", "station", ["remark"])], [], True, False, {b"", b"p" * 16}, (2, 3), (0, 0),
    )  # fmt: skip
