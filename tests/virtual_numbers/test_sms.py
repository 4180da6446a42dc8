"""Messages: the extension at their head, the decision, and what may pass."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.binding import Scheme, Slot, bind
from virtual_numbers.relay import CallFacts
from virtual_numbers.sms import LONGEST_CODE, REMOVED, decide_message, open_text, scrub

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
ANNA, COURIER, X = b"a" * 16, b"c" * 16, "17012345678"


def facts(ext: str, caller: bytes = COURIER, *, bound: bool = True) -> CallFacts:
    binding = bind(
        Slot(X, "1234", 0),
        tenant="t",
        shipment="s",
        carrier="c",
        role="recipient",
        party=ANNA,
        now=NOW - timedelta(days=1),
    )
    return CallFacts(
        caller, X, ext, NOW, Scheme.AXN_EXT, bindings=(binding,) if bound else (), last_callers={binding.slot: COURIER}
    )


@pytest.mark.parametrize(
    ("text", "ext", "body"),
    [
        ("#1234 hello", "1234", "hello"),
        ("  ＃１２３４：您好", "1234", "您好"),
        ("# 12,hi", "12", "hi"),
        ("#1234", "1234", ""),
        ("hello #1234", "", "hello #1234"),
        ("#1234567 x", "", "#1234567 x"),
        ("#\u200b1234 x", "1234", "x"),
        ("", "", ""),
    ],
)
def test_the_extension_stands_at_the_head(text: str, ext: str, body: str) -> None:
    assert open_text(text) == (ext, body)


def test_a_message_with_its_extension_passes_scrubbed() -> None:
    opened = open_text("#1234 I am at your door, call 138-0013-8000")

    message = decide_message(facts(opened.ext), opened.body, helped=False)

    assert message.decision.action == "connect"
    assert (message.text, message.removed, message.reply) == (f"I am at your door, call {REMOVED}", 1, "")


def test_a_recipient_answers_without_an_extension() -> None:
    message = decide_message(facts("", ANNA), "leave it with the guard", helped=False)

    assert (message.decision.action, message.decision.callee_index) == ("connect", COURIER)


def test_without_an_extension_help_is_sent_once_and_nothing_passes() -> None:
    first = decide_message(facts(""), "hello", helped=False)
    second = decide_message(facts(""), "hello", helped=True)

    assert (first.decision.action, first.text, first.reply) == ("reject", "", "help")
    assert (second.decision.action, second.text, second.reply) == ("reject", "", "")


def test_a_refused_message_passes_nothing() -> None:
    message = decide_message(facts("9999", bound=False), "hello", helped=False)

    assert (message.decision.action, message.text, message.decision.record_miss) == ("reject", "", True)


@pytest.mark.parametrize(
    "secret",
    [
        "13800138000", "138-0013-8000", "138 0013 8000", "１３８００１３８０００", "+86 (138) 0013 8000", "1.3.8.0.0.1.3.8.0.0.0",
        "一三八零零一三八零零零", "幺三八〇〇幺三八〇〇〇", "13八00一38零00", "⑬⑧⓪⓪①③⑧⓪⓪⓪", "1\u200b3\u200b8\u200b0\u200b0\u200b1\u200b3\u200b8\u200b0\u200b0\u200b0",
        "one three eight zero zero one three eight zero zero zero", "1📞3📞8📞0📞0📞1📞3📞8", "021-5555 1234", "+1 (202) 555-0143",
        "http://evil.example/x?y=1", "https://t.cn/A6abc", "www.evil.example", "evil.com", "wx.example.cn/abc", "EVIL．COM",
        "a.b@example.com", "a.b (at) example (dot) com", "微信号：abc_12345", "WeChat: abc12345", "QQ 1234567", "telegram: @abcde",
    ],
)  # fmt: skip
def test_ways_around_the_relay_are_cut_out(secret: str) -> None:
    passed = scrub(f"hello {secret} bye")

    assert passed.removed >= 1
    assert passed.text.startswith("hello") and passed.text.endswith("bye")
    assert secret not in passed.text
    assert sum(c.isdecimal() for c in passed.text) <= LONGEST_CODE


@pytest.mark.parametrize(
    "text",
    [
        "取件码 8-2-1234",
        "code 123456",
        "Parcel at door 3, back in 10 min",
        "快递已放在菜鸟驿站3号柜",
        "No problem. Thanks",
        "e.g. at 5pm",
        "一楼二单元",
    ],
)
def test_what_a_courier_needs_to_say_passes_whole(text: str) -> None:
    assert scrub(text) == (text, 0)


@given(
    st.lists(st.sampled_from("0123456789"), min_size=LONGEST_CODE + 1, max_size=15),
    st.sampled_from(["", " ", "-", ".", " - ", "·", "\u200b", "/"]),
)
@settings(max_examples=100, deadline=None)
def test_no_run_of_digits_longer_than_a_code_passes_in_any_spacing(digits: list[str], gap: str) -> None:
    assert sum(c.isdecimal() for c in scrub(f"a {gap.join(digits)} z").text) == 0


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_text_is_scrubbed_without_error_and_scrubbing_twice_changes_nothing(text: str) -> None:
    once = scrub(text).text

    assert scrub(once).text == once


@pytest.mark.parametrize(
    "hostile",
    ["1 " * 9000, "a." * 9000, "www." * 5000, "(at)" * 5000, "one " * 5000, "a@" * 9000, "1!!!!" * 4000, "qq" * 9000],
)
def test_a_hostile_text_costs_little_time(hostile: str) -> None:
    began = time.perf_counter()
    scrub(hostile)

    assert time.perf_counter() - began < 0.25
