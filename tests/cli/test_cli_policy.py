"""`veilway policy`: data on stdout, exit codes, and nothing beside the rules that decide."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from masking.audit import entry
from masking.policy import Audience, Occasion, Reader
from masking.policy_diff import facts
from masking.policy_load import built_in
from masking.stage import Stage
from tests.gateway.world import make_folder

NARROW = 'name="narrow"\nbase="built-in"\ndrop=["delivery-door"]\n'
EXPLAIN = ["policy", "explain", "--carrier", "zto", "--role", "delivery", "--stage", "out_for_delivery"]


@pytest.fixture
def narrow(tmp_path: Path) -> str:
    path = tmp_path / "narrow.toml"
    path.write_text(NARROW, "utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out = capsys.readouterr()
    return int(stop.value.code or 0), out.out, out.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    _, out, _ = run(capsys, *arguments, "--json")
    return json.loads(out)


def test_show_tells_every_rule_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "policy", "show")
    assert code == 0
    assert out.splitlines()[0] == f"built-in  {built_in().digest}"
    assert len(out.splitlines()) == 1 + len(built_in().rules)
    told = as_json(capsys, "policy", "show", "--lang", "zh")
    assert [rule["id"] for rule in told["rules"]] == [rule.id for rule in built_in().rules]
    assert "派件员" in json.dumps(told, ensure_ascii=False)


def test_show_tells_terms(capsys: pytest.CaptureFixture[str], narrow: str) -> None:
    Path(narrow).write_text(NARROW + "[terms.zto]\nends=2026-12-31\n[terms.sto]\n", "utf-8")
    _, out, _ = run(capsys, "policy", "show", "--policy", narrow)
    assert out.splitlines()[-2:] == ["- zto: until 2026-12-31", "- sto: -"]


def test_explain_says_what_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *EXPLAIN, "--field", "recipient.street")
    assert code == 0
    assert out.splitlines()[0] == "full"
    assert out.splitlines()[1] == "- full by delivery-door: the parcel is carried to this door"
    told = as_json(capsys, *EXPLAIN, "--field", "recipient.street")
    assert (told["level"], told["deepest"], told["carrier"]) == ("full", "full", "zto")
    assert [grant["rule"] for grant in told["grants"]] == ["delivery-door", "held-up-door", "couriers-street-masked"]


def test_explain_says_that_nothing_is_granted(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *EXPLAIN, "--field", "recipient.ids")
    assert (code, out) == (0, "hidden\n- no rule grants it\n")


def test_explain_tells_the_terms_that_bind(capsys: pytest.CaptureFixture[str], narrow: str) -> None:
    Path(narrow).write_text('name="x"\nbase="built-in"\n[terms.zto]\nopened=true\n', "utf-8")
    _, out, _ = run(capsys, *EXPLAIN, "--field", "recipient.street", "--policy", narrow)
    assert out.splitlines()[0] == "hidden"
    assert out.splitlines()[-1] == "- zto: after the first scan at the last-mile depot"


@pytest.mark.parametrize(
    ("option", "value"), [("--role", "boss"), ("--stage", "lost"), ("--field", "recipient.shoe"), ("--lang", "fr")]
)
def test_a_word_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    code, out, err = run(capsys, *EXPLAIN, "--field", "recipient.street", option, value)
    assert (code, out) == (2, "")
    assert "one of" in err


def test_diff_tells_who_would_see_more_or_less(capsys: pytest.CaptureFixture[str], narrow: str) -> None:
    code, out, _ = run(capsys, "policy", "diff", "built-in", narrow)
    assert (code, out) == (0, "less   delivery of every carrier: recipient.street full -> full at out_for_delivery\n")
    code, out, _ = run(capsys, "policy", "diff", narrow, "built-in")
    assert code == 1
    assert out.startswith("more   delivery of every carrier")
    told = as_json(capsys, "policy", "diff", narrow, "built-in")
    assert told["changes"][0]["effect"] == "more"
    assert told["changes"][0]["stages"] == ["out_for_delivery"]


def test_diff_of_the_same_says_so_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "policy", "diff", "built-in", "built-in") == (0, "", "no difference\n")


def test_diff_decides_recorded_questions_again(capsys: pytest.CaptureFixture[str], narrow: str, tmp_path: Path) -> None:
    lines = []
    for hour in range(3):
        at = datetime(2026, 11, 25, hour, tzinfo=UTC)
        question = Audience(Reader.DELIVERY, "courier:c1", "zto"), Occasion(Stage.OUT_FOR_DELIVERY, at, True)
        lines.append(
            entry("disclosure.made", at=at, tenant="t", actor="courier:c1", subject="s", detail=facts(*question))
        )
        lines.append(entry("order.sealed", at=at, tenant="t", actor="shop:t", subject="s", detail={}))
    log = tmp_path / "entries"
    log.write_bytes(b"\n".join(lines))
    told = as_json(capsys, "policy", "diff", "built-in", narrow, "--entries", f"@{log}", "--last", "2")
    assert [one["at"] for one in told["replayed"]] == ["2026-11-25T01:00:00+00:00", "2026-11-25T02:00:00+00:00"]
    assert told["replayed"][0] | {"at": ""} == {
        "at": "",
        "reader": "delivery",
        "field": "recipient.street",
        "carrier": "zto",
        "old": "full",
        "new": "masked",
        "effect": "less",
    }
    assert (told["decisions"], told["more"], told["less"]) == (2, 0, 2)
    _, out, _ = run(capsys, "policy", "diff", "built-in", narrow, "--entries", f"@{log}")
    assert out.count("replay ") == 3


def test_entries_that_are_none_and_files_that_cannot_be_read_are_config_errors(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "entries"
    log.write_text('{"tag":"disclosure.made"}\n', "utf-8")
    code, _, err = run(capsys, "policy", "diff", "built-in", "built-in", "--entries", f"@{log}")
    assert (code, err.split(":")[0]) == (2, "config_policy_unreadable")
    for name in (str(tmp_path), str(tmp_path / "absent")):
        code, _, err = run(capsys, "policy", "show", "--policy", name)
        assert (code, err.split(":")[0]) == (2, "config_policy_unreadable")


def test_a_policy_that_is_not_understood_names_the_place(capsys: pytest.CaptureFixture[str], narrow: str) -> None:
    Path(narrow).write_text('name="x"\nnmae=1\n', "utf-8")
    code, _, err = run(capsys, "policy", "show", "--policy", narrow)
    assert (code, err) == (2, f"config_policy_unreadable: {narrow}: there is no such key (at nmae)\n")


def test_the_policy_in_force_in_the_folder_is_the_default(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_folder(tmp_path)
    _, out, _ = run(capsys, "--dir", str(tmp_path), "policy", "show")
    assert out.startswith("built-in  ")
    (tmp_path / "scopes.toml").write_text(NARROW, "utf-8")
    _, out, _ = run(capsys, "--dir", str(tmp_path), "policy", "show")
    assert out.startswith("narrow  ")
