"""The demo's picture shows what happened, and shows a failure as one."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from PIL import Image
from rich.console import Console

from gateway.demo.picture import picture, short, show
from gateway.demo.story import OrderTold, Row, Told


def told(tmp_path: Path) -> Told:
    label = tmp_path / "label.png"
    Image.new("1", (40, 40), 1).save(label)
    rows = [Row("form:msgData~$.contact", "诸葛文静", "诸葛**"), Row("form:msgData~$.orderId", "1", "1")]
    return Told(
        orders=[OrderTold("sf-express", "shp_1", "SF1", 200, [], rows, [])],
        label=str(label),
        scans=[{"role": "delivery", "stage": "created", "recipient": {"name": "林**"}, "dial": "170-1"}],
        calls=[{"called": "170-1", "action": "reject", "reason": "wrong_extension"}],
        retry={"identical": True, "waybills_at_the_courier": 1},
        remark={"sent": "电话 13800138000", "received": "电话 1******8000", "leaked": False},
        refused={"status": 422, "code": "unclaimed_field", "path": "$.x", "forwarded": 0},
        audit={"ok": True, "entries": 7},
    )


def shown(story: Told) -> str:
    out = StringIO()
    show(story, Console(file=out, width=120))
    return out.getvalue()


def test_both_sides_of_a_changed_field_are_shown_and_an_unchanged_one_is_counted(tmp_path: Path) -> None:
    text = shown(told(tmp_path))

    assert "诸葛文静" in text
    assert "诸葛**" in text
    assert "1 fields went through unchanged" in text
    assert "0 leaks" in text


def test_a_leak_and_a_bad_log_are_not_hidden(tmp_path: Path) -> None:
    story = told(tmp_path)
    story.orders[0].leaks.append("$.tel")
    story.audit["ok"] = False

    text = shown(story)

    assert "1 leaks" in text
    assert "audit verify: bad" in text
    assert not story.ok


def test_a_label_is_drawn_in_half_blocks(tmp_path: Path) -> None:
    file = tmp_path / "half.png"
    image = Image.new("L", (4, 4), 255)
    image.paste(0, (0, 0, 4, 1))
    image.save(file)

    assert picture(file, columns=4) == "▀▀▀▀\n    "


def test_a_path_is_shown_without_what_all_have_in_front() -> None:
    assert short("form:msgData~$.contactInfoList[0].tel") == "contactInfoList[0].tel"
