"""What the store knows of bindings: the newest state, by slot, party, sender and age, on both stores."""

from __future__ import annotations

from gateway.store import relay_reads
from gateway.store.tables import binding_states, bindings, shown, tombstones
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS

X = "95013990001"


def binding(ext: str, turn: int = 0, *, role: str = "recipient", until: int | None = MS + 1000) -> tuple[object, ...]:
    party, owner = b"p" * 15 + ext[-1:].encode(), b"o" * 16
    rest = ("sf-express", role, "axn-ext", party, owner, MS + turn, until, "callable")
    return (X, ext, turn, "shop_a", f"shp_{ext}_{turn}", *rest)


def state(
    ext: str, turn: int, name: str, at: int, *, until: int | None = None, released: int | None = None
) -> tuple[object, ...]:
    return (X, ext, turn, at, "shop_a", name, until, released, None, None, "test")


async def keep(store: Store, *rows: tuple[object, tuple[object, ...]]) -> None:
    unit = Unit()
    for table, values in rows:
        unit.add(table, *values)  # type: ignore[arg-type]
    await store.commits.commit(unit)


async def test_a_slot_s_newest_binding_has_its_latest_state(store: Store) -> None:
    await keep(store, (bindings, binding("0001")), (bindings, binding("0001", 1)))
    await keep(store, (binding_states, state("0001", 1, "callable", MS + 5, until=MS + 99)))
    await keep(store, (binding_states, state("0001", 1, "released", MS + 9, released=MS + 9)))
    found = await store.database.read(lambda c: relay_reads.binding_at(c, X, "0001"))
    assert found and (found.turn, found.state) == (1, "released")
    older = await store.database.read(lambda c: relay_reads.binding_of_turn(c, X, "0001", 0))
    assert older and older.state == "callable"
    assert await store.database.read(lambda c: relay_reads.binding_at(c, X, "9999")) is None


async def test_a_sender_is_found_by_shop_carrier_and_phone(store: Store) -> None:
    await keep(store, (bindings, binding("0003", role="sender", until=None)))
    ask = ("shop_a", "sf-express", b"o" * 16)
    found = await store.database.read(lambda c: relay_reads.sender_binding(c, *ask))
    assert found and (found.ext, found.expires_at) == ("0003", None)
    for other in (("shop_b", *ask[1:]), ("shop_a", "ups", ask[2]), (*ask[:2], b"z" * 16)):
        assert await store.database.read(lambda c, o=other: relay_reads.sender_binding(c, *o)) is None


async def test_a_number_s_past_is_known_to_whoever_leases_it(store: Store) -> None:
    await keep(
        store,
        (bindings, binding("0001")),
        (bindings, binding("0002")),
        (binding_states, state("0002", 0, "released", MS + 3, released=MS + 3)),
        (shown, (X, "0002", 0, "cou_1", 0, "shop_a", MS)),
        (shown, (X, "0001", 0, "cou_1", 1, "shop_a", MS)),
    )
    used = await store.database.read(lambda c: relay_reads.used_slots(c, X, "0000", "0999"))
    assert sorted((ext, released, unknown) for ext, _, released, _, unknown in used) == [
        ("0001", None, False),
        ("0002", MS + 3, True),
    ]
    assert await store.database.read(lambda c: relay_reads.shown_to_stranger(c, X, "0002", 0))
    assert not await store.database.read(lambda c: relay_reads.shown_to_stranger(c, X, "0001", 0))


async def test_tombstones_are_found_by_number_and_phone(store: Store) -> None:
    await keep(store, (tombstones, (X, b"c" * 16, "0001", 0, "shop_a", MS)))
    assert await store.database.read(lambda c: relay_reads.tombstones_of(c, X, b"c" * 16)) == [("0001", 0)]
    assert await store.database.read(lambda c: relay_reads.tombstones_of(c, X, b"d" * 16)) == []
