"""Values may stand in the arguments, on standard input or in a file, so that secrets need not be in a process list."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from gateway.cli.values import read_value, read_values


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"first\r\nsecond\n" + b"\xff\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_values_stand_for_themselves() -> None:
    assert list(read_values(["a", "", "@", "b c"])) == ["a", "", "@", "b c"]


def test_a_hyphen_is_standard_input_line_by_line(stdin: None) -> None:
    assert list(read_values(["x", "-"])) == ["x", "first", "second", "�"]


def test_an_at_sign_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("一\n二".encode())
    assert list(read_values([f"@{tmp_path / 'f'}"])) == ["一", "二"]
    assert read_value(f"@{tmp_path / 'f'}") == "一"


def test_an_empty_source_is_an_empty_value(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert read_value(f"@{tmp_path / 'f'}") == ""
