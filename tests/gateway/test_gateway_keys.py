"""The folder's keys: mode 0600, whole or not at all, refused when somebody else may have read them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from gateway.keys import KEYS, load_keys, make_keys, save_keys
from gateway.settings import ConfigError


def test_keys_come_back_as_they_were_saved(tmp_path: Path) -> None:
    keys = make_keys()
    save_keys(tmp_path, keys)
    again = load_keys(tmp_path)
    assert again.checkpoint_public == keys.checkpoint_public
    assert again.keyring.to_dict() == keys.keyring.to_dict()
    assert again.tickets.to_private_dict() == keys.tickets.to_private_dict()


def test_nobody_else_can_read_them_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    save_keys(tmp_path, make_keys())
    save_keys(tmp_path, make_keys())
    assert [file.name for file in tmp_path.iterdir()] == [KEYS]
    assert stat.S_IMODE((tmp_path / KEYS).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_keys_that_others_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    save_keys(tmp_path, make_keys())
    (tmp_path / KEYS).chmod(mode)
    with pytest.raises(ConfigError) as refused:
        load_keys(tmp_path)
    assert refused.value.path == KEYS


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"keyring": 1, "tickets": 2, "checkpoints": "x"}'])
def test_damaged_keys_are_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    save_keys(tmp_path, make_keys())
    (tmp_path / KEYS).write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_keys(tmp_path)
    assert refused.value.path == KEYS


def test_missing_keys_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="veilway init"):
        load_keys(tmp_path)


def test_a_repr_shows_no_key(tmp_path: Path) -> None:
    keys = make_keys()
    save_keys(tmp_path, keys)
    document = json.loads((tmp_path / KEYS).read_text())
    assert document["checkpoints"] not in repr(keys) and len(repr(keys)) < 200
