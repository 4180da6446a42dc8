"""`veilway numbers plan`: data on stdout, warnings on stderr, wrong figures are usage errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.numbers_plan import plan as command


def test_the_verb_answers_in_json_and_draws(tmp_path: Path) -> None:
    arguments = [
        "--per-day",
        "100000",
        "--hold",
        "15d",
        "--quarantine",
        "30d",
        "--scheme",
        "axn-ext",
        "--ext-digits",
        "4",
        "--occupancy",
        "0.5",
        "--json",
    ]

    result = CliRunner().invoke(command, [*arguments, "--svg", str(tmp_path / "plan.svg")])

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (answer["numbers"], answer["channels"], answer["channels_per_number"]) == (900, 527, 4)
    assert answer["simulation"]["numbers"] == pytest.approx(900, rel=0.05)
    assert (tmp_path / "plan.svg").read_text().startswith("<svg")


def test_the_verb_warns_on_stderr_and_keeps_stdout_for_data() -> None:
    result = CliRunner().invoke(command, ["--per-day", "100000", "--numbers", "600", "--json"])

    assert json.loads(result.stdout)["numbers"] == 900
    assert "warning: effective quarantine" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--per-day", "0"], [], ["--per-day", "5", "--hold", "soon"], ["--per-day", "5", "--occupancy", "0"]]
)
def test_a_wrong_figure_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(command, arguments).exit_code == 2
