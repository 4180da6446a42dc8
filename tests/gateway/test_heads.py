"""A head is its lines and nothing else: no value can end its line and begin another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.heads import BrokenHead, head


def test_lines_are_ended_and_an_empty_one_follows() -> None:
    assert head(["GET / HTTP/1.1", "Host: x"]) == b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("value", ["图书", "a\tb", "\u3000", "\xa0", "é"])
def test_what_is_no_control_character_goes_out_in_utf_8(value: str) -> None:
    assert head([f"X: {value}"]) == f"X: {value}\r\n\r\n".encode()


@pytest.mark.parametrize("value", ["\r\nX-Evil: 1", "\n", "\r", "\0", "\ud800", "图书\n"])
def test_what_would_break_out_of_its_line_is_refused_and_not_told(value: str) -> None:
    with pytest.raises(BrokenHead) as refused:
        head(["GET / HTTP/1.1", f"X: 13900090817{value}"])
    assert "13900090817" not in str(refused.value) and refused.value.__cause__ is None


@given(st.lists(st.text(), min_size=1))
def test_as_many_lines_come_out_as_go_in(lines: list[str]) -> None:
    try:
        octets = head(lines)
    except BrokenHead:
        return
    assert octets.count(b"\n") == octets.count(b"\r") == len(lines) + 1
