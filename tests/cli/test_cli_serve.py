"""`veilway serve` says what it lacks before it listens, and ends with 2."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cli.folder import veilway
from tests.gateway.served import serving, verb
from tests.gateway.world import make_folder


@pytest.mark.parametrize(
    ("words", "key"), [(("--workers", "2"), "workers"), (("--port", "70000"), "port"), (("--workers", "0"), "workers")]
)
def test_settings_that_do_not_fit_are_named(tmp_path: Path, words: tuple[str, ...], key: str) -> None:
    done = veilway("serve", *words, folder=make_folder(tmp_path / "v"))
    assert done.code == 2 and key in done.err


def test_a_folder_without_keys_is_2(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    (folder / "keys.json").unlink()
    done = verb(folder, "serve", "--port", "0")
    assert done.returncode == 2 and "keys.json" in done.stderr


async def test_verbs_work_beside_a_server_that_was_killed_and_one_that_runs(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    with serving(folder) as served:
        made = await asyncio.to_thread(veilway, "shop", "add", "A", "--json", folder=folder)
        assert made.code == 0
        await asyncio.to_thread(served.kill)
    listed = await asyncio.to_thread(veilway, "shop", "list", "--json", folder=folder)
    assert [row["shop"] for row in listed.json] == [made.json["shop"]]
