"""Data is shown as JSON to machines and as a table to people."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from gateway.cli.show import emit


@pytest.mark.parametrize("data", [{"a": 1, "b": None}, [{"a": "中"}, {"a": ""}], [], "text", {"n": {"x": 1}}])
def test_json_is_the_data_itself(data: Any, capsys: pytest.CaptureFixture[str]) -> None:
    emit(data, as_json=True)
    assert json.loads(capsys.readouterr().out) == data


class Terminal(io.StringIO):
    """A screen that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_people_see_a_line_each_and_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    emit({"name": "x", "n": None}, as_json=False)
    emit([{"a": "1", "bb": None}, {"a": "22", "bb": "x"}], as_json=False)
    assert screen.getvalue().splitlines() == ["name  x", "n     -", "a   bb", "1   -", "22  x"]


def test_a_mapping_into_a_pipe_is_json_without_being_asked(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"name": "x"}, as_json=False)
    assert json.loads(capsys.readouterr().out) == {"name": "x"}


def test_an_empty_table_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    emit([], as_json=False)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "nothing yet\n")
