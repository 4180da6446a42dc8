"""`veilway demo` as a person runs it: one command, an exit code, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import demo as file


def test_the_demo_answers_machines_in_json_and_leaves_the_label_where_it_was_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(file.demo, ["--json", "--out", str(tmp_path)])

    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] is True
    assert told["leaks"] == 0
    assert len(told["orders"]) == 2
    assert (tmp_path / "label.png").is_file()
