"""The log says what it was declared to say: fields from a list, values that are plain, nothing of foreign texts."""

from __future__ import annotations

import io
import json
import logging

import pytest

from gateway.logs import LOGGABLE, Log, configure, log
from tests.canary import RECIPIENT


def written(event: str = "x", **values: object) -> dict[str, object]:
    stream = io.StringIO()
    Log(stream).info(event, **values)
    return json.loads(stream.getvalue())


def test_a_line_is_one_json_object_with_its_declared_fields() -> None:
    line = written("shipment.created", shipment="shp_1", carrier="ups", ms=1.5, count=3)
    assert {
        "shipment": "shp_1",
        "carrier": "ups",
        "ms": 1.5,
        "count": 3,
        "event": "shipment.created",
    }.items() <= line.items()
    assert set(line) == {"at", "level", "event", "shipment", "carrier", "ms", "count"}


@pytest.mark.parametrize("kind", sorted(RECIPIENT.values))
def test_no_field_carries_a_personal_value(kind: str) -> None:
    value = RECIPIENT.values[kind]
    lines = [written(**{name: value}) for name in sorted(LOGGABLE - {"x", "waybill", "shipment"})]
    phones = [line for line in lines if kind != "email" and RECIPIENT.seen_in(json.dumps(line, ensure_ascii=False))]
    assert phones == []


def test_an_undeclared_field_is_dropped() -> None:
    assert "buyer" not in written(buyer="x") and "name" not in written(name="x")


@pytest.mark.parametrize("value", ["two words", "a\nb", "x" * 129, "王", {"a": 1}, "13900090817"])
def test_a_value_that_is_not_plain_is_dropped(value: object) -> None:
    assert "reason" not in written(reason=value)


def test_levels_below_the_chosen_one_are_silent() -> None:
    stream = io.StringIO()
    quiet = Log(stream, "warning")
    quiet.debug("a")
    quiet.info("b")
    quiet.warning("c")
    quiet.error("d")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["c", "d"]


def test_foreign_loggers_keep_their_class_and_lose_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level, own = list(root.handlers), root.level, log.level
    try:
        configure("debug")
        try:
            raise ValueError(RECIPIENT.values["phone"])
        except ValueError:
            logging.getLogger("aiohttp.server").exception("bad header %s", RECIPIENT.values["name"])
    finally:
        root.handlers[:], log.level = handlers, own
        root.setLevel(level)
    printed = capsys.readouterr().err
    assert "foreign.aiohttp.server" in printed and "ValueError" in printed and RECIPIENT.seen_in(printed) == []
