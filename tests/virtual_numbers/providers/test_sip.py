"""The wire to Kamailio: frames cut anywhere, questions read strictly, answers that never redirect."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.providers.sip import MAX_FRAME, Frames, frame, read_question, write_decision

QUESTION = {
    "event": "route",
    "tindex": 12,
    "tlabel": 34,
    "caller": "+13800000001",
    "x": "17000000001*0421",
    "callid": "c@h",
    "src": "127.0.0.1",
}


def question(**changes: object) -> bytes:
    return json.dumps({**QUESTION, **changes}).encode()


@given(st.lists(st.binary(max_size=200), max_size=8), st.lists(st.integers(1, 40), max_size=30))
@settings(max_examples=100, deadline=None)
def test_frames_come_out_whole_however_the_stream_is_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream, frames, got = b"".join(map(frame, payloads)), Frames(), []
    for cut in [*cuts, len(stream)]:
        got += list(frames.feed(stream[:cut]))
        stream = stream[cut:]

    assert got == payloads


@pytest.mark.parametrize(
    "stream",
    [b"abc:", b"3:abc;", b"99999999", b"-1:,", b"+3:abc,", f"{MAX_FRAME + 1}:".encode(), b"1 :a,", "٣:abc,".encode()],
)
def test_a_stream_that_is_no_netstring_is_dropped(stream: bytes) -> None:
    with pytest.raises(ProviderRefused) as refused:
        list(Frames().feed(stream + b"x" * 8))
    assert refused.value.code == "provider_frame_malformed"


@pytest.mark.parametrize(
    ("x", "called", "ext"),
    [
        ("17000000001", "17000000001", ""),
        ("+17000000001", "17000000001", ""),
        ("17000000001*0421", "17000000001", "0421"),
        ("17000000001-0421", "17000000001", "0421"),
        ("700123456789012", "700123456789012", ""),
        ("alice", "", ""),
        ("17000000001;evil=1", "", ""),
        ("1234567890123456", "", ""),
    ],
)
def test_the_dialled_user_is_x_and_perhaps_an_extension(x: str, called: str, ext: str) -> None:
    asked = read_question(question(x=x))

    assert (asked.called, asked.ext) == (called, ext)


@pytest.mark.parametrize("caller", ["anonymous", "", "<null>", "13800000001; drop", "1" * 20, None])
def test_a_caller_that_is_no_number_is_withheld(caller: object) -> None:
    assert read_question(question(caller=caller)).caller == ""


@pytest.mark.parametrize(
    "payload", [b"", b"[]", question(tindex=None), question(tlabel="x"), question(tindex=-1), question(tindex=True)]
)
def test_a_question_without_its_transaction_is_refused(payload: bytes) -> None:
    with pytest.raises(ProviderRefused):
        read_question(payload)


def answer(told) -> dict[str, object]:  # type: ignore[no-untyped-def]
    (payload,) = Frames().feed(
        write_decision(read_question(question()), told, trunk="127.0.0.1:5090", domain="relay.example.com")
    )
    found: dict[str, object] = json.loads(payload)
    return found


def test_a_connect_relays_with_x_as_the_only_identity(told) -> None:  # type: ignore[no-untyped-def]
    assert answer(told("connect")) == {
        "tindex": 12, "tlabel": 34, "action": "relay", "uri": "sip:+8613800000001@127.0.0.1:5090", "from": "sip:17000000001@relay.example.com",
        "longest": 600, "ring": 25,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("shipment_closed", 410),
        ("wrong_extension", 404),
        ("caller_not_allowed", 403),
        ("caller_withheld", 433),
        ("not_now", 480),
        ("fault", 503),
        ("?", 503),
    ],
)
def test_a_refusal_has_its_code(told, reason: str, code: int) -> None:  # type: ignore[no-untyped-def]
    assert answer(told("reject", reason)) == {"tindex": 12, "tlabel": 34, "action": "reject", "code": code}


def test_digits_cannot_be_collected_here(told) -> None:  # type: ignore[no-untyped-def]
    assert answer(told("collect", "extension_needed"))["code"] == 484


def test_a_connect_without_a_callee_is_a_refusal(told) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    assert answer(replace(told("connect"), callee=""))["action"] == "reject"
    assert answer(replace(told("connect"), display=""))["action"] == "reject"
