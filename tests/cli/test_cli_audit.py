"""`veilway audit verify` is 1 where the log was tampered with, and says where."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.cli.conftest import Here
from tests.cli.folder import veilway
from tests.gateway.world import make_folder


def test_the_first_bad_entry_is_told_to_people_and_to_machines(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    for name in ("One", "Two", "Three"):
        veilway("shop", "add", name, folder=folder)
    with sqlite3.connect(folder / "veilway.db") as store:
        (entries,) = store.execute("SELECT entries FROM audit WHERE first_seq = 1").fetchone()
        store.execute("UPDATE audit SET entries = ? WHERE first_seq = 1", (entries.replace(b"added", b"addel"),))
    people = veilway("audit", "verify", folder=folder)
    assert people.code == 1 and people.out.strip() == "bad: altered at entry 1 of veilway/main"
    machines = veilway("audit", "verify", "--json", folder=folder)
    assert machines.code == 1 and machines.json["first_bad"] == {"chain": "veilway/main", "seq": 1, "fault": "altered"}


def test_a_shipment_that_is_none_has_no_proof(tmp_path: Path) -> None:
    done = veilway("audit", "prove", "--shipment", "shp_no", folder=make_folder(tmp_path / "v"))
    assert (done.code, done.out) == (1, "")


async def test_an_audit_that_holds_is_0(here: Here) -> None:
    await here.told("shop", "add", "A shop")
    done = await here.run("audit", "verify")
    assert done.code == 0 and done.out.startswith("ok: ")
    exported = [json.loads(line) for line in (await here.run("audit", "export")).out.splitlines()]
    assert exported[0]["entry"]["tag"] == "shop.added" and exported[0]["entry"]["actor"].startswith("local:")


async def test_a_label_of_a_shipment_is_written_to_a_file(here: Here, order: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "label.png"
    done = await here.run("label", "render", "--shipment", order[0], "-o", str(file))
    assert done.code == 0, done.err
    assert file.read_bytes().startswith(b"\x89PNG")
    proof = (await here.run("audit", "prove", "--shipment", order[0])).json
    assert [json.loads(one["entry"])["tag"] for one in proof["entries"]][:2] == ["order.sealed", "order.booked"]
