from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import veilway
from masking.labels.lint import Plain, check
from masking.labels.sinks import format_of
from masking.personal import Party

ORDER = {
    "carrier": "sf-express",
    "waybill": "SF1234567890123",
    "routing_code": "755A-021-33",
    "parcel": {"number": 1, "of": 2},
    "flags": ["cod"],
    "sender": {
        "name": "李雷",
        "phone": "0755-26806888",
        "address": {"country": "CN", "city": "深圳市", "street": "科技园路1号科兴科学园A栋3单元1201"},
    },
    "recipient": {
        "name": "欧阳娜娜",
        "phone": "13812345678",
        "address": {"country": "CN", "city": "上海市", "street": "漕溪北路88号圣爱大厦12楼1203室"},
    },
}
PLAIN = Plain([Party("欧阳娜娜", "13812345678")], "SF1234567890123")


def veil(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(veilway, [str(argument) for argument in arguments], input=stdin)


@pytest.fixture
def order(tmp_path: Path) -> Path:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(ORDER, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", ["76x130", "100x150", "100x180", "4x6", "a6"])
@pytest.mark.parametrize("format", ["png", "pdf", "zpl", "tspl"])
def test_a_label_is_rendered_from_an_order_file(order: Path, tmp_path: Path, format: str, size: str) -> None:
    out = tmp_path / "label"
    done = veil("label", "render", "--file", order, "--format", format, "--size", size, "-o", out, "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["code"] == "ok"
    assert "thrown away" in done.stderr
    assert format_of(out.read_bytes()) == format and check(out.read_bytes(), PLAIN).clean


def test_a_label_may_go_to_standard_output_and_come_from_standard_input(order: Path) -> None:
    done = veil("label", "render", "--file", "-", "-o", "-", stdin=order.read_bytes())
    assert done.exit_code == 0 and format_of(done.stdout_bytes) == "png"


def test_a_batch_is_one_pdf_or_one_zip_with_a_result_a_label(order: Path, tmp_path: Path) -> None:
    batch = tmp_path / "orders.json"
    batch.write_text(json.dumps([ORDER, {**ORDER, "carrier": "usps"}, ORDER]), encoding="utf-8")
    done = veil("label", "render", "--batch", batch, "--format", "zpl", "-o", tmp_path / "all.zip", "--json")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1 and [item["code"] for item in results] == ["ok", "plain_address_required", "ok"]
    assert "3/3" in done.stderr and "plain_address_required" in done.stderr
    assert len(zipfile.ZipFile(io.BytesIO((tmp_path / "all.zip").read_bytes())).namelist()) == 3
    lines = "\n".join(json.dumps(ORDER) for _ in range(2)).encode()
    done = veil("label", "render", "--batch", "-", "--format", "pdf", "-o", tmp_path / "all.pdf", stdin=lines)
    assert done.exit_code == 0 and format_of((tmp_path / "all.pdf").read_bytes()) == "pdf"


def test_a_refused_order_says_its_code_and_no_value(order: Path, tmp_path: Path) -> None:
    order.write_text(json.dumps({**ORDER, "waybill": "欧阳娜娜 13812345678"}), encoding="utf-8")
    done = veil("label", "render", "--file", order, "-o", tmp_path / "x")
    assert done.exit_code == 1 and done.exception.code == "waybill_shape"
    assert "欧阳" not in str(done.exception) and not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--file", "FILE", "--batch", "FILE"], ["--file", "FILE", "--json"], ["--shipment", "S1"]]
)
def test_usage_errors_exit_2(order: Path, arguments: list[str]) -> None:
    assert veil("label", "render", *(str(order) if item == "FILE" else item for item in arguments)).exit_code == 2


def test_check_says_what_a_stranger_gets_and_exits_1_on_personal_data(order: Path, tmp_path: Path) -> None:
    clean, dirty = tmp_path / "clean.png", tmp_path / "dirty.zpl"
    veil("label", "render", "--file", order, "-o", clean)
    dirty.write_text("^XA^FO1,1^A0^FD欧阳娜娜 13812345678^FS^FO40,90^BCN^FDSF1234567890123^FS^XZ", encoding="utf-8")
    good = veil("label", "check", clean, "--json")
    assert good.exit_code == 0 and json.loads(good.stdout)["clean"] is True
    assert veil("label", "check", clean, "--order", order).exit_code == 0
    bad = veil("label", "check", dirty, "--order", order, "--json")
    shown = json.loads(bad.stdout)
    assert bad.exit_code == 1 and {item["code"] for item in shown["findings"]} == {"personal_name", "personal_phone"}
    assert "13812345678" not in bad.stdout
    assert "personal_phone" in veil("label", "check", dirty).stdout


def test_remask_rewrites_a_carriers_label(order: Path, tmp_path: Path) -> None:
    raw, out = tmp_path / "raw.zpl", tmp_path / "out.zpl"
    raw.write_text("^XA^FO1,1^A0^FD欧阳娜娜 13812345678^FS^FO40,90^BCN^FDSF1234567890123^FS^XZ", encoding="utf-8")
    done = veil("label", "remask", raw, "--order", order, "-o", out)
    assert done.exit_code == 0 and "1 changed" in done.stderr
    assert out.read_text("utf-8") == "^XA^FO1,1^A0^FD欧阳** 1******5678^FS^FO40,90^BCN^FDSF1234567890123^FS^XZ"
    assert veil("label", "check", out, "--order", order).exit_code == 0


def test_remask_covers_boxes_and_refuses_what_it_cannot_read(order: Path, tmp_path: Path) -> None:
    label = tmp_path / "label.png"
    veil("label", "render", "--file", order, "-o", label)
    refused = veil("label", "remask", label, "-o", tmp_path / "out.png")
    assert refused.exit_code == 1 and refused.exception.code == "picture_unreadable"
    assert veil("label", "remask", label, "--cover", "2,53,96,30", "-o", tmp_path / "out.png").exit_code == 0
    assert veil("label", "remask", label, "--cover", "2,53", "-o", tmp_path / "out.png").exit_code == 2
