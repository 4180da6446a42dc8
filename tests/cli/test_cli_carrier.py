"""`veilway carrier` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main

PAYLOADS = Path(__file__).parents[1] / "payloads"


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["carrier", *map(str, arguments)])
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


def test_list_names_every_carrier_and_whether_it_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list", "--json")
    found = {entry["id"]: entry for entry in json.loads(out)}
    assert code == 0
    assert set(found["zto"]) == {"id", "name", "verified", "operations"}
    assert found["zto"]["verified"] is True
    assert "create" in found["ups"]["operations"]


def test_list_prints_a_table_of_carriers_and_calls(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list", "--markdown", "zh")
    assert code == 0
    assert out.splitlines()[0].startswith("| 承运商 | 下单 |")
    assert any(line.startswith("| `sf-express` 顺丰速运 | ● |") for line in out.splitlines())


def test_list_says_shape_only_of_what_nobody_verified(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "carriers").mkdir()
    shape = 'id = "tern"\nname = { en = "Tern" }\nlast_mile = "label"\n\n[[operation]]\nid = "create"\neffect = "create"\nmatch = { path = "/x" }\nfields = { name = ["to"] }\n'
    (tmp_path / "carriers" / "tern.toml").write_text(shape, encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--dir", str(tmp_path), "carrier", "list"])
    out = capsys.readouterr().out
    assert any(line.startswith("tern ") and "shape only" in line for line in out.splitlines())


def test_show_says_which_operations_are_recalled(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "show", "sf-express", "--json")
    verified = {operation["id"]: operation["verified"] for operation in json.loads(out)["operations"]}
    assert verified["create"] is True


def test_show_tells_the_secrets_that_a_carrier_needs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "zto", "--json")
    assert (code, json.loads(out)["secrets"]) == (0, ["app_key", "app_secret", "account_id", "account_password"])
    _, out, _ = run(capsys, "show", "zto")
    assert "secrets: app_key, app_secret" in out


def test_an_unknown_carrier_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "nobody")
    assert (code, out) == (2, "")
    assert "veilway carrier list" in err


def test_check_names_file_and_line_of_a_mistake(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(
        'id = "bad"\nname = { en = "Bad" }\nlast_mile = "label"\n\n[[operation]]\nid = "create"\neffect = "create"\nmatch = { path = "/x" }\nfields = { nme = ["a"] }\n'
    )
    code, out, _ = run(capsys, "check", bad)
    assert code == 1
    assert out.startswith("bad.toml:")
    assert "unknown_kind" in out


def test_check_accepts_what_comes_with_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from carriers.profile import BUILT_IN

    code, out, _ = run(capsys, "check", *sorted(BUILT_IN.glob("*.toml")))
    assert code == 0
    assert len(out.splitlines()) >= 27


def test_check_of_a_missing_file_is_a_usage_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "check", tmp_path / "none.toml")[0] == 2


def test_infer_prints_one_json_line_a_leaf(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "infer", PAYLOADS / "zto" / "create_request.json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert all(set(line) == {"path", "kind", "party", "confidence"} for line in lines)
    assert {"path": "$.receiveInfo.receiverDistrict", "kind": "plain", "party": None} in [
        {key: line[key] for key in ("path", "kind", "party")} for line in lines
    ]


def test_infer_of_several_files_says_which_line_is_whose(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "infer", PAYLOADS / "ups" / "webhook.json", PAYLOADS / "zto" / "webhook.form")
    assert {json.loads(line)["file"] for line in out.splitlines()} == {"webhook.json", "webhook.form"}


def test_infer_drafts_a_profile_that_check_accepts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, out, _ = run(capsys, "infer", "--profile", "--id", "acme", PAYLOADS / "ups" / "create_request.json")
    file = tmp_path / "acme.toml"
    file.write_text(out, encoding="utf-8")
    assert run(capsys, "check", file)[0] == 0


def test_infer_refuses_what_it_cannot_read_without_quoting_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sample = tmp_path / "x.json"
    sample.write_text('{"phone": "13800138000"')
    code, _, err = run(capsys, "infer", sample)
    assert code == 1
    assert "sample_unreadable" in err
    assert "13800138000" not in err


def test_coverage_lists_each_field_of_one_carrier(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "coverage", "zto", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {"personal", "plain", "free_text", "credential", "unclassified"} <= {row["class"] for row in rows}
    assert all(set(row) == {"carrier", "operation", "direction", "path", "class", "kind", "party"} for row in rows)


def test_coverage_of_all_carriers_is_a_table_of_counts(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "coverage")
    assert any(line.split()[:2] == ["zto", "create"] and line.endswith("block") for line in out.splitlines())


def test_coverage_of_a_sample_fails_where_a_leaf_is_unclassified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(capsys, "coverage", "zto", "--sample", PAYLOADS / "zto" / "create_request.json")[0] == 0
    strange = tmp_path / "x.json"
    strange.write_text('{"surprise": "x"}')
    code, out, _ = run(capsys, "coverage", "zto", "--sample", strange)
    assert code == 1
    assert "$.surprise" in out


def test_a_profile_in_the_folder_adds_a_carrier(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "carriers"
    folder.mkdir()
    (folder / "acme.toml").write_text(
        'id = "acme"\nname = { en = "Acme" }\nlast_mile = "label"\n[[operation]]\nid = "create"\neffect = "create"\nmatch = { path = "/x" }\nfields = { plain = ["a"] }\n'
    )
    with pytest.raises(SystemExit):
        main(["--dir", str(tmp_path), "carrier", "list", "--json"])
    assert "acme" in {entry["id"] for entry in json.loads(capsys.readouterr().out)}
