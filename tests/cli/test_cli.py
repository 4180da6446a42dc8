"""The command line: data on stdout, talk on stderr, exit 0, 1 or 2, and a refusal is one line with a stable code."""

from __future__ import annotations

import importlib
from pathlib import Path

import click
import pytest

from gateway.cli import NOUNS, Context
from tests.cli.folder import veilway
from tests.gateway.world import make_folder


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_every_noun_has_its_file_its_command_and_its_help(noun: str) -> None:
    command = getattr(importlib.import_module(f"gateway.cli.{noun}"), noun)
    assert isinstance(command, click.Command)
    done = veilway(noun, "--help")
    assert done.code == 0 and "Usage:" in done.out


def test_help_lists_every_noun_without_loading_any() -> None:
    done = veilway("--help")
    assert done.code == 0 and all(noun in done.out for noun in NOUNS)


def test_the_version_is_told() -> None:
    assert veilway("--version").out.startswith("veilway, version ") or "version" in veilway("--version").out


@pytest.mark.parametrize("words", [["nonsense"], ["shop", "nonsense"], ["shop", "add"], ["serve", "--port", "x"]])
def test_a_usage_error_is_2_and_on_stderr(words: list[str]) -> None:
    done = veilway(*words)
    assert (done.code, done.out) == (2, "") and done.err


def test_a_verb_that_needs_a_folder_says_so() -> None:
    done = veilway("shop", "list")
    assert done.code == 2 and "--dir" in done.err
    with pytest.raises(click.UsageError):
        Context().need_dir()


def test_a_refusal_is_1_and_names_its_code(tmp_path: Path) -> None:
    done = veilway("shipment", "show", "shp_nothing", folder=make_folder(tmp_path / "v"))
    assert (done.code, done.out) == (1, "") and done.err.startswith("shipment_not_found: ")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("port = 70000", "port"),
        ("port = true", "port"),
        ("hold = 'soon'", "hold"),
        ("occupancy = 2.0", "occupancy"),
        ("colour = 1", "colour"),
        ("tombstone = '1d'", "tombstone"),
        ("workers = 2", "workers"),
        ("port = ", "veilway.toml"),
    ],
)
def test_a_config_error_names_the_key_and_is_2(tmp_path: Path, line: str, key: str) -> None:
    folder = make_folder(tmp_path / "v")
    (folder / "veilway.toml").write_text(line, "utf-8")
    done = veilway("shop", "list", folder=folder)
    assert (done.code, done.out) == (2, "") and key in done.err


def test_a_folder_that_is_none_is_2(tmp_path: Path) -> None:
    done = veilway("shop", "list", folder=tmp_path / "nowhere")
    assert done.code == 2 and "veilway init" in done.err


def test_keys_that_others_can_read_are_2(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    (folder / "keys.json").chmod(0o644)
    done = veilway("shop", "list", folder=folder)
    assert done.code == 2 and "keys.json" in done.err
