"""Whoever tampers with the log by SQL is found, and the first bad entry is named; every entry of a shipment can be proven."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.checkpoints import checkpoint_file
from masking.audit import leaf_hash
from masking.audit_proof import verify_inclusion
from masking.errors import VeilwayError
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world

Tamper = Callable[[sqlite3.Connection], Any]


def rows(store: sqlite3.Connection) -> list[tuple[int, int, int, bytes, bytes]]:
    return store.execute("SELECT id, first_seq, count, entries, links FROM audit ORDER BY first_seq").fetchall()


async def after(tmp_path: Path, tamper: Tamper, *, note: bool = True) -> tuple[Any, Any]:
    """What the tamperer did to a log of some orders, and what `audit verify` says after a restart."""
    async with open_world(tmp_path) as own:
        for _ in range(4):
            await own.sf_order(sf_document())
        await own.stop()
        if not note:
            checkpoint_file(own.folder, "veilway/main").unlink()
        with sqlite3.connect(own.folder / "veilway.db") as store:
            done = tamper(store)
        await own.start()
        return done, await own.audit()


async def test_an_untouched_log_holds(tmp_path: Path) -> None:
    _, verdict = await after(tmp_path, lambda store: None)
    assert verdict["ok"] and verdict["first_bad"] is None
    (chain,) = verdict["chains"]
    assert chain["entries"] == verdict["entries"] == chain["covered_by_checkpoint"] > 8


def flip(store: sqlite3.Connection) -> int:
    """One character of one entry."""
    id, first, _, entries, _ = rows(store)[5]
    store.execute("UPDATE audit SET entries = ? WHERE id = ?", (entries.replace(b"shop", b"shoq", 1), id))
    return first


def forge(store: sqlite3.Connection) -> int:
    """Who was shown something."""
    id, first, _, entries, _ = rows(store)[7]
    written = json.loads(entries.split(b"\n")[0])
    forged = json.dumps(written | {"actor": "local:somebody"}, separators=(",", ":"), sort_keys=True).encode()
    store.execute("UPDATE audit SET entries = ? WHERE id = ?", (forged, id))
    return first


def drop(store: sqlite3.Connection) -> int:
    """A row out of the middle."""
    id, first, *_ = rows(store)[4]
    store.execute("DELETE FROM audit WHERE id = ?", (id,))
    return first


def swap(store: sqlite3.Connection) -> int:
    """Two rows' entries change places."""
    one, other = rows(store)[3], rows(store)[6]
    store.execute("UPDATE audit SET entries = ? WHERE id = ?", (other[3], one[0]))
    store.execute("UPDATE audit SET entries = ? WHERE id = ?", (one[3], other[0]))
    return one[1]


@pytest.mark.parametrize("tamper", [flip, forge, drop, swap], ids=lambda tamper: tamper.__name__)
async def test_the_first_bad_entry_is_named(tmp_path: Path, tamper: Tamper) -> None:
    first, verdict = await after(tmp_path, tamper)
    assert not verdict["ok"]
    assert (verdict["first_bad"]["chain"], verdict["first_bad"]["seq"]) == ("veilway/main", first)


def cut_off(store: sqlite3.Connection) -> int:
    """The newest rows, and the store's own checkpoints with them."""
    last = rows(store)[-3]
    store.execute("DELETE FROM audit WHERE first_seq >= ?", (last[1],))
    store.execute("DELETE FROM audit_checkpoints")
    return last[1]


async def test_a_tail_that_was_cut_off_is_told_by_the_checkpoint_beside_the_store(tmp_path: Path) -> None:
    first, verdict = await after(tmp_path, cut_off)
    assert (verdict["first_bad"]["fault"], verdict["first_bad"]["seq"]) == ("truncated", first)


def forget_an_order(store: sqlite3.Connection) -> str:
    """A shipment that the log never heard of."""
    id = "shp_unrecorded"
    store.execute(
        "INSERT INTO shipments SELECT ?, tenant, carrier, operation, NULL, 9, document, relays, created_at FROM shipments LIMIT 1",
        (id,),
    )
    return id


async def test_an_order_that_was_never_recorded_is_a_hole(tmp_path: Path) -> None:
    id, verdict = await after(tmp_path, forget_an_order)
    assert verdict["first_bad"]["fault"] == "unrecorded_shipment" and verdict["first_bad"]["shipment"] == id


def forge_a_note(store: sqlite3.Connection) -> None:
    """A checkpoint that our key did not sign."""
    (note,) = store.execute("SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    lines = note.split("\n")
    lines[1] = str(int(lines[1]) + 1)
    store.execute("UPDATE audit_checkpoints SET note = ?", ("\n".join(lines),))


async def test_a_forged_checkpoint_is_a_fault(tmp_path: Path) -> None:
    _, verdict = await after(tmp_path, forge_a_note)
    assert not verdict["ok"]


async def test_every_entry_of_a_shipment_is_proven_against_the_root(own_world: World) -> None:
    order = await own_world.sf_order(sf_document())
    await own_world.sf_order(sf_document())
    told = await own_world.op("audit.prove", shipment=order.shipment)
    assert [json.loads(one["entry"])["tag"] for one in told["entries"]] == ["order.sealed", "order.booked"]
    for one in told["entries"]:
        proof = [bytes.fromhex(node) for node in one["proof"]]
        leaf, root = leaf_hash(one["entry"].encode()), bytes.fromhex(one["root"])
        assert verify_inclusion(leaf, one["seq"], one["size"], proof, root)
        forged = leaf_hash(one["entry"].replace("order.", "ordex.").encode())
        assert not verify_inclusion(forged, one["seq"], one["size"], proof, root)


async def test_a_shipment_of_nobody_has_nothing_to_prove(own_world: World) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("audit.prove", shipment="shp_nothing")
    assert refused.value.code == "shipment_not_found"


async def test_the_export_is_the_whole_log_page_by_page(own_world: World) -> None:
    for _ in range(3):
        await own_world.sf_order(sf_document())
    seqs, at = [], {"chain": "", "after": -1}
    while at:
        page = await own_world.op("audit.export", **at)
        seqs += [entry["seq"] for entry in page["entries"]]
        at = page["next"]
    assert seqs == list(range((await own_world.audit())["entries"]))
