"""Settings are read once, typed, checked, and every one of them is documented."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.settings import INITIAL, ConfigError, load_settings, parse_duration, settings_page

DOCS = Path(__file__).parents[2] / "docs"


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "veilway.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_page_of_settings_is_what_the_code_says() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_the_initial_file_is_valid(tmp_path: Path) -> None:
    settings = load_settings(folder(tmp_path, INITIAL), {})

    assert settings.embedded
    assert settings.relay_sandbox


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load_settings(folder(tmp_path, "port = 1"), {"VEILWAY_PORT": "2", "VEILWAY_HOLD": "36h"})

    assert (settings.port, settings.hold) == (2, timedelta(hours=36))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("colour = 1", "colour"),
        ('port = "x"', "port"),
        ("port = 99999", "port"),
        ("port = true", "port"),
        ('hold = "soon"', "hold"),
        ("relay_sandbox = 3", "relay_sandbox"),
        ("workers = 2", "workers"),
        ("occupancy = 0", "occupancy"),
        ('tombstone = "1d"', "tombstone"),
        ('exhaustion = "shrug"', "exhaustion"),
        ('log_level = "loud"', "log_level"),
        ("port = = 1", "veilway.toml"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(folder(tmp_path, line), {})

    assert refused.value.path == key
    assert refused.value.code == "config_invalid"


def test_a_folder_without_settings_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="veilway init"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("15s", 15), ("10m", 600), ("36h", 129600), ("30d", 2592000)]
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds
