"""`veilway mask` on a command line: one masked value a line, whatever comes in."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from gateway.cli.mask import mask


def run(*arguments: str, stdin: bytes | str = b"") -> Result:
    return CliRunner().invoke(mask, list(arguments), input=stdin)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("name", "张三", "张**"),
        ("phone", "13812345678", "1******5678"),
        ("address", "景田路7号翠园3栋501", "景田路7号翠园****"),
        ("email", "zhangsan@qq.com", "z***@qq.com"),
        ("id", "E12345678", "E*******8"),
        ("company", "枫晚公司", "枫**"),
        ("postcode", "SW1A 1AA", "SW1A ***"),
        ("text", "call 13812345678", "call 1******5678"),
    ],
)
def test_each_kind_masks_its_values_in_order(kind: str, value: str, expected: str) -> None:
    result = run(kind, value, value)
    assert (result.exit_code, result.stdout) == (0, f"{expected}\n{expected}\n")


def test_a_dash_reads_lines_and_a_broken_line_never_stops_the_rest_nor_comes_out_plain() -> None:
    result = run("phone", "-", stdin=b"13812345678\n\xff\xfe13\x80\n\n0755-26806888\r\n")
    assert result.exit_code == 0
    assert result.stdout.split("\n") == ["1******5678", "**", "", "0755-******88", ""]


def test_a_line_in_is_a_line_out_even_for_a_value_of_several() -> None:
    assert run("address", "12 Main St\nAustin").stdout == "**** Main St Austin\n"


def test_a_file_is_read_by_its_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "names").write_text("张三\n李四\n", "utf-8")
    assert run("name", f"@{tmp_path / 'names'}").stdout == "张**\n李**\n"


def test_a_masker_that_breaks_hides_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import masking.names

    def broken(text: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("masking.copies.mask_name", broken)
    assert masking.names.mask_name("张三").text == "张**"
    result = run("name", "张三")
    assert (result.exit_code, result.stdout) == (0, "****\n")


def test_the_policy_is_taken() -> None:
    assert run("phone", "--policy", "gb-strict", "13812345678").stdout == "1********78\n"
    assert run("phone", "--policy", "gb-last5", "13812345678").exit_code == 2


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("17012345678-8888", "17012345678-8888"),
        ("700123456789012", "700123456789012"),
        ("张三13812345678", "1******5678"),
        ("1701234567890123", "************0123"),
    ],
)
def test_whoever_asks_for_the_virtual_policy_sees_a_relay_number_whole(number: str, expected: str) -> None:
    assert run("phone", "--policy", "virtual", number).stdout == expected + "\n"


def test_a_plain_address_is_not_to_be_had_here() -> None:
    result = run("address", "--policy", "none", "景田路7号")
    assert result.exit_code == 2
    assert "景田" not in result.output


def test_the_country_is_handed_on() -> None:
    assert run("postcode", "--country", "SG", "018956").stdout == "01****\n"
    assert run("address", "--country", "DE", "10115 Berlin").stdout == "10115 Berlin\n"


def test_json_says_the_rule() -> None:
    assert json.loads(run("name", "--json", "欧阳娜娜").stdout) == {"masked": "欧阳**", "reason": "name_compound"}


def test_explain_says_the_rule_in_both_languages_and_how_many_numbers_match() -> None:
    found = json.loads(run("phone", "--explain", "--json", "--city", "深圳", "13812345678").stdout)
    assert found["masked"] == "1******5678"
    assert found["reason"] == "phone_mobile"
    assert found["matches"] > 1000 and found["city"] == "深圳"
    assert found["zh"] and found["en"]
    line = run("address", "--explain", "景田路7号翠园3栋501").stdout
    assert line.startswith("景田路7号翠园****\tdoor_word\t")
    assert "numbers match in mainland China" in run("phone", "--explain", "13812345678").stdout


def test_without_a_value_it_is_a_question_of_usage() -> None:
    assert run("name").exit_code == 2


def test_a_lone_surrogate_is_no_reason_to_stop() -> None:
    assert run("text", "\ud800 ok", "fine").stdout == "? ok\nfine\n"
