"""`veilway doctor` looks everything over; what would fail is 1, what is only old is a warning."""

from __future__ import annotations

from pathlib import Path

from tests.cli.folder import veilway
from tests.gateway.world import make_folder


def test_a_machine_that_can_serve_is_0() -> None:
    done = veilway("doctor", "--json")
    assert done.code == 0, done.out
    found = {row["what"]: row["state"] for row in done.json}
    assert {"python", "sqlite", "aiohttp"} <= set(found) and "bad" not in found.values()


def test_a_folder_that_cannot_be_served_is_1(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    assert veilway("doctor", folder=folder).code == 0
    (folder / "keys.json").chmod(0o644)
    done = veilway("doctor", "--json", folder=folder)
    assert done.code == 1 and any(row["state"] == "bad" for row in done.json)
