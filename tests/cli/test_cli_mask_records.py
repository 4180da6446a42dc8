"""`veilway mask file`: a whole copy or none, and no record that was not understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.mask import mask

CSV = "name,mobile,address,sku\n张三,13812345678,景田路7号翠园3栋501,A1\n李四,13987654321,深圳大学,A2\n"
MAP = ["--map", "name=name,mobile=phone", "--map", "address=address"]


def copy(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mask, ["file", str(path), *arguments, "-o", str(path.with_suffix(".out"))])


def orders(tmp_path: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_is_copied_with_its_own_delimiter(tmp_path: Path, mark: str) -> None:
    path = orders(tmp_path, ("\ufeff" + CSV).replace(",", mark))
    result = copy(path, *MAP, "--map", "sku=plain")
    assert result.exit_code == 0, result.stderr
    masked = "name,mobile,address,sku\n张**,1******5678,景田路7号翠园****,A1\n李**,1******4321,深圳大学,A2\n"
    assert path.with_suffix(".out").read_text("utf-8") == masked.replace(",", mark)
    assert "2 records copied, 0 left out" in result.stderr


def test_a_broken_record_is_left_out_counted_and_never_plain(tmp_path: Path) -> None:
    path = orders(tmp_path, CSV.encode() + b"\xff\xfe,13812345678\n" + "王五,13800001111,翠园5栋,A3\n".encode())
    result = copy(path, *MAP, "--rest", "scrub")
    assert result.exit_code == 1
    copied = path.with_suffix(".out").read_text("utf-8").split("\n")
    assert [line.partition(",")[0] for line in copied] == ["name", "张**", "李**", "王**", ""]
    assert "record 3 left out: not a record" in result.stderr
    assert "13812345678" not in result.output


def test_a_column_without_a_kind_is_refused_by_default(tmp_path: Path) -> None:
    path = orders(tmp_path, CSV)
    result = copy(path, *MAP)
    assert result.exit_code == 1
    assert "copy_column_unknown" in result.stderr and "(at sku)" in result.stderr
    assert path.with_suffix(".out").read_text("utf-8") == ""


def test_lines_of_json_are_copied_by_path(tmp_path: Path) -> None:
    lines = [
        json.dumps({"to": {"name": "张三", "tel": ["13812345678"]}, "n": 1}, ensure_ascii=False),
        "not json",
        "[1]",
        "",
        '{"to": {"name": "李四"}}',
    ]
    path = orders(tmp_path, "\n".join(lines), "orders.jsonl")
    result = copy(path, "--map", "to.name=name,to.tel=phone", "--rest", "keep", "--json")
    assert result.exit_code == 1
    copied = [json.loads(line) for line in path.with_suffix(".out").read_text("utf-8").splitlines()]
    assert copied == [{"to": {"name": "张**", "tel": ["1******5678"]}, "n": 1}, {"to": {"name": "李**"}}]
    counted = json.loads(result.stdout)
    assert (counted["copied"], counted["left_out"]) == (2, 2)
    assert counted["reasons"] == {"name_first_letter": 2, "phone_mobile": 1}


def test_the_strict_policy_is_taken(tmp_path: Path) -> None:
    path = orders(tmp_path, "mobile\n13812345678\n")
    assert copy(path, "--map", "mobile=phone", "--policy", "gb-strict").exit_code == 0
    assert path.with_suffix(".out").read_text("utf-8") == "mobile\n1********78\n"


@pytest.mark.parametrize(
    ("name", "map_"), [("orders.xml", "a=name"), ("orders.csv", "name"), ("orders.csv", "=name"), ("orders.csv", "a=")]
)
def test_another_suffix_or_a_broken_map_is_a_question_of_usage(tmp_path: Path, name: str, map_: str) -> None:
    path = orders(tmp_path, CSV, name)
    assert copy(path, "--map", map_).exit_code == 2
    assert not path.with_suffix(".out").exists() and not list(tmp_path.glob("*.part"))


def test_an_unknown_kind_is_refused_before_a_record_is_read(tmp_path: Path) -> None:
    result = copy(orders(tmp_path, CSV), "--map", "name=surname")
    assert result.exit_code == 1
    assert not list(tmp_path.glob("*.out*"))


def test_only_so_many_refusals_are_told_and_all_are_counted(tmp_path: Path) -> None:
    path = orders(tmp_path, "name\n" + "a,b\n" * 50)
    result = copy(path, "--map", "name=name")
    assert result.stderr.count("left out:") == 20
    assert "0 records copied, 50 left out" in result.stderr
