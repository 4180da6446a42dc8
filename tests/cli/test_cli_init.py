"""`veilway init` makes a whole folder and never a second set of keys."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.folder import veilway


def test_a_folder_has_settings_keys_and_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "v"
    done = veilway("init", str(folder), "--json")
    assert done.code == 0 and done.json["keys"] == "keys.json" and "keys.json" in done.err
    assert {"veilway.toml", "keys.json", "veilway.db"} <= {file.name for file in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    with sqlite3.connect(folder / "veilway.db") as store:
        assert store.execute("SELECT count(*) FROM shipments").fetchone() == (0,)
    assert veilway("shop", "list", "--json", folder=folder).json == []


def test_a_second_init_leaves_everything_alone(tmp_path: Path) -> None:
    veilway("init", str(tmp_path / "v"))
    before = (tmp_path / "v/keys.json").read_bytes()
    done = veilway("init", str(tmp_path / "v"))
    assert done.code == 2 and "orphan" in done.err
    assert (tmp_path / "v/keys.json").read_bytes() == before


def test_settings_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "veilway.toml").write_text("port = 9999\n")
    assert veilway("init", str(tmp_path)).code == 0
    assert (tmp_path / "veilway.toml").read_text() == "port = 9999\n"


@pytest.mark.parametrize("text", ["port = x", "nonsense = 1"])
def test_bad_settings_make_no_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "veilway.toml").write_text(text)
    assert veilway("init", str(tmp_path)).code == 2
    assert not (tmp_path / "keys.json").exists()


def test_a_folder_that_cannot_be_made_is_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert veilway("init", str(tmp_path / "file" / "v")).code == 2
