"""What a call meets: everything about a caller, X and extension, and nothing about anybody else. On both stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from gateway.store import call_reads
from gateway.store.call_reads import Met
from gateway.store.tables import (
    allowed_callers,
    binding_states,
    bindings,
    calls,
    couriers,
    guesses,
    numbers,
    pools,
    shown,
    stages,
    suspensions,
    tombstones,
    vault,
    wishes,
)
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS

X, OTHER_X = "95013990001", "95013990002"
PARTY, CALLER, COURIER, OWNER = b"p" * 16, b"c" * 16, b"k" * 16, b"o" * 16


async def keep(store: Store, *rows: tuple[Any, tuple[Any, ...]]) -> None:
    unit = Unit()
    for table, values in rows:
        unit.add(table, *values)
    await store.commits.commit(unit)


async def configure(store: Store, table: Any, **values: Any) -> None:
    await store.database.write(lambda c: c.execute(insert(table).values(**values)))


async def number(store: Store) -> None:
    await configure(store, pools, name="first", scheme="axn-ext", ext_digits=4, created_at=MS)
    await configure(store, numbers, x=X, pool="first", added_at=MS)


def binding(ext: str = "0001", turn: int = 0, x: str = X, party: bytes = PARTY) -> tuple[Any, tuple[Any, ...]]:
    id = f"shp_{ext}_{turn}"
    return bindings, (
        x,
        ext,
        turn,
        "shop_a",
        id,
        "sf-express",
        "recipient",
        "axn-ext",
        party,
        OWNER,
        MS + turn,
        MS + 99,
        "callable",
    )


def state(ext: str, at: int, name: str = "callable", *, peer: bytes | None = None, until: int | None = None) -> Any:
    return binding_states, (X, ext, 0, at, "shop_a", name, MS + 99, None, peer, until, "test")


async def asked(store: Store, phone: bytes = CALLER, ext: str = "0001", x: str = X, now: int = MS + 5) -> Met:
    return await store.database.read(lambda c: call_reads.met(c, x, ext, phone, now))


async def test_a_number_that_is_not_ours_is_looked_at_no_further(store: Store) -> None:
    await keep(store, binding())
    assert await asked(store) == Met("")


async def test_the_newest_binding_at_a_slot_comes_with_its_latest_state(store: Store) -> None:
    await number(store)
    await keep(store, binding(), binding(turn=1), binding("0002"), binding(x=OTHER_X))
    await keep(store, state("0001", MS + 1), state("0001", MS + 2, "suspended"))
    (held,) = (await asked(store)).bindings
    assert (held.binding.slot, held.binding.state) == ((X, "0001", 1), "callable")
    (held,) = (await asked(store, ext="0002")).bindings
    assert (held.last, held.calls, held.quiet, held.blocks, held.listed) == (None, 0, "", "{}", False)
    assert (await asked(store, ext="")).bindings == [] and (await asked(store, ext="")).scheme == "axn-ext"


async def test_every_binding_of_the_caller_s_own_is_found_without_an_extension(store: Store) -> None:
    await number(store)
    await keep(store, binding(), binding("0002"), binding("0003", party=b"q" * 16))
    found = (await asked(store, PARTY, "")).bindings
    assert [held.binding.ext for held in found] == ["0001", "0002"]
    assert len((await asked(store, PARTY)).bindings) == 2, "one that is dialled and the caller's own is one"


async def test_a_courier_finds_what_is_narrowed_to_them_while_it_is(store: Store) -> None:
    await number(store)
    await keep(store, binding(), binding("0002"), binding("0003"))
    await keep(store, state("0001", MS, peer=COURIER, until=MS + 50), state("0002", MS, peer=COURIER))
    await keep(store, state("0003", MS, peer=COURIER, until=MS + 50), state("0003", MS + 1))
    found = {held.binding.ext: held.binding.peer for held in (await asked(store, COURIER, "")).bindings}
    assert found == {"0001": COURIER, "0002": COURIER, "0003": b""}, "the latest state counts"
    late = (await asked(store, COURIER, "", now=MS + 50)).bindings
    assert [held.binding.ext for held in late] == ["0002"], "a pair has no end"


async def test_calls_through_a_binding_are_counted_and_the_last_caller_is_known(store: Store) -> None:
    await number(store)
    await keep(
        store,
        binding(),
        (calls, ("call_1", X, "0001", CALLER, 0, "shop_a", "shp", "connect", "connected", MS)),
        (calls, ("call_2", X, "0001", COURIER, 0, "shop_a", "shp", "connect", "connected", MS + 1)),
        (calls, ("call_3", X, "0001", PARTY, 0, "shop_a", "shp", "connect", "called_back", MS + 2)),
        (calls, ("call_4", X, "0001", b"d" * 16, 0, "shop_a", "shp", "reject", "not_now", MS + 3)),
        (calls, ("call_5", X, "0001", CALLER, 1, "shop_a", "shp", "connect", "connected", MS + 4)),
        (tombstones, (X, CALLER, "0001", 0, "shop_a", MS)),
        (tombstones, (X, CALLER, "0007", 3, "shop_a", MS)),
        (tombstones, (OTHER_X, CALLER, "0001", 9, "shop_a", MS)),
    )
    met = await asked(store)
    assert met.ever_connected and sorted(met.tombstones) == [("0001", 0), ("0007", 3)]
    (held,) = met.bindings
    assert (held.calls, held.last) == (3, call_reads.CallRow("call_2", COURIER))
    stranger = await asked(store, b"d" * 16)
    assert (stranger.ever_connected, stranger.tombstones) == (False, [])


async def test_wishes_and_lists_are_found_for_their_own_shop_and_carrier(store: Store) -> None:
    await number(store)
    await keep(store, binding())
    await configure(store, wishes, tenant="shop_b", owner=OWNER, quiet="01:00-02:00", blocks="[]", updated_at=MS)
    await configure(store, allowed_callers, carrier="ups", phone=CALLER, added_at=MS)
    (held,) = (await asked(store)).bindings
    assert (held.quiet, held.blocks, held.listed) == ("", "{}", False)
    await configure(store, wishes, tenant="shop_a", owner=OWNER, quiet="22:00-07:00", blocks='{"a":1}', updated_at=MS)
    await configure(store, allowed_callers, carrier="sf-express", phone=CALLER, added_at=MS)
    (held,) = (await asked(store)).bindings
    assert (held.quiet, held.blocks, held.listed) == ("22:00-07:00", '{"a":1}', True)
    on = [
        await store.database.read(lambda c, p=p: call_reads.on_allow_list(c, "sf-express", p)) for p in (CALLER, PARTY)
    ]
    assert on == [True, False]


async def test_a_record_comes_with_the_stage_of_its_parcel(store: Store) -> None:
    await keep(store, (vault, ("call_1", "shop_a", 1, b"w", None, b"f", None, None, None)))
    read = store.database.read
    found = await read(lambda c: call_reads.record_and_stage(c, "call_1", "shp_1"))
    assert found and found[1] == ""
    await keep(store, *((stages, ("shp_1", n, "shop_a", s, "", MS)) for n, s in ((1, "picked_up"), (2, "in_transit"))))
    found = await read(lambda c: call_reads.record_and_stage(c, "call_1", "shp_1"))
    assert found and (found[0].record, found[0].groups, found[1]) == ("call_1", {"phone": b"f"}, "in_transit")
    assert await read(lambda c: call_reads.record_and_stage(c, "call_9", "shp_1")) is None
    stages_of = [await read(lambda c, id=id: call_reads.stage_of(c, id)) for id in ("shp_1", "shp_2")]
    assert stages_of == ["in_transit", ""]


async def test_couriers_who_were_shown_a_slot_are_known_while_they_may_scan(store: Store) -> None:
    for id, phone in (("cou_1", b"s1"), ("cou_2", b"s2"), ("cou_3", None), ("cou_4", b"s4"), ("cou_5", b"s5")):
        more = {"role": "delivery", "token_digest": id.encode(), "station": f"of {id}", "created_at": MS}
        await configure(store, couriers, id=id, carrier="sf-express", name=id, phone=phone, **more)
        await keep(store, (shown, (X, "0001", 0 if id != "cou_5" else 1, id, int(bool(phone)), "shop_a", MS)))

    async def found() -> set[tuple[str, bytes]]:
        return set(await store.database.read(lambda c: call_reads.shown_couriers(c, X, "0001", 0)))

    assert await found() == {("cou_1", b"s1"), ("cou_2", b"s2"), ("cou_4", b"s4")}
    await store.database.write(
        lambda c: c.execute(update(couriers).where(couriers.c.id == "cou_1").values(revoked_at=MS))
    )
    await configure(store, suspensions, kind="station", name="of cou_2", at=MS)
    await configure(store, suspensions, kind="station", name="cou_4", at=MS)
    assert await found() == {("cou_4", b"s4")}
    await configure(store, suspensions, kind="carrier", name="sf-express", at=MS)
    assert await found() == set()


async def test_guesses_count_for_a_day_against_their_caller_and_for_a_minute_against_the_number(store: Store) -> None:
    await number(store)
    other, day = b"d" * 16, call_reads.DAY
    await keep(
        store,
        *((guesses, (X, CALLER, MS + n, "", 1)) for n in (0, 1, 2)),
        (guesses, (X, other, MS + 3, "shop_a", 0)),
        (guesses, (OTHER_X, CALLER, MS, "", 1)),
        (guesses, (X, CALLER, MS + 2, "", 1)),
    )

    async def counted(phone: bytes, now: int) -> tuple[int, int]:
        met = await asked(store, phone, now=now)
        return met.caller_misses, met.number_misses

    assert await counted(CALLER, MS + 5) == (3, 3)
    assert await counted(other, MS + 5) == (1, 3)
    assert await counted(CALLER, MS + 60_001) == (3, 1)
    assert await counted(CALLER, MS + day + 1) == (1, 0)
    await keep(store, (calls, ("call_1", X, "0001", CALLER, 0, "shop_a", "shp", "connect", "connected", MS + 1)))
    assert (await counted(CALLER, MS + 5))[0] == 1, "who got through begins anew"
