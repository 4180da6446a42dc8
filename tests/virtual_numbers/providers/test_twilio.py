"""Twilio: signature vectors, calls that a fake Twilio places for real, TwiML that shows X and nothing else."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import CallRecord, Outcome, fold
from virtual_numbers.fakes.twilio import FakeTwilio
from virtual_numbers.providers.twilio import (
    read_call,
    read_form,
    read_message,
    read_status,
    signature,
    verify,
    write_decision,
    write_message,
    write_reply,
)

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
URL1, URL2 = "https://mycompany.com/myapp.php?foo=1&bar=2", "https://relay.example.com/twilio/voice?tenant=1"
FORM1 = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}
FORM2 = {"AccountSid": "AC" + "0" * 32, "CallSid": "CA1234567890ABCDE", "From": "+12349013030", "To": "+18005551212"}
CALLER, CALLEE, X = "+12025550143", "+8613800000001", "+17000000001"


@pytest.mark.parametrize(
    ("url", "form", "algorithm", "expected"),
    [
        (URL1, FORM1, "sha1", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        (URL2, FORM2, "sha1", "bdcMhxcY+vH+2TbJDZglFZayL7I="),
        (URL2, FORM2, "sha256", "vRr27eRS3nx3kX7cdDF+BxAqqGocGGXfTwMmlYF0JmE="),
    ],
)
def test_signatures_reproduce_their_vectors(url: str, form: dict[str, str], algorithm: str, expected: str) -> None:
    assert signature(url, form.items(), "12345", algorithm=algorithm) == expected
    verify(url, urlencode(form).encode(), FORM, expected, "12345", algorithm=algorithm)


def test_one_flipped_bit_is_refused() -> None:
    body, good = urlencode(FORM1).encode(), "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    wrong = [
        (URL1 + "3", body, good, "12345"),
        (URL1, body.replace(b"1234", b"1235", 1), good, "12345"),
        (URL1, body + b"&Extra=1", good, "12345"),
        (URL1, body, "1" + good[1:], "12345"),
        (URL1, body, good, "12346"),
        (URL1, body, "", "12345"),
        (URL1, body, "é", "12345"),
    ]
    for url, sent, given, token in wrong:
        with pytest.raises(ProviderRefused) as refused:
            verify(url, sent, FORM, given, token)
        assert refused.value.code == "provider_signature"


def test_a_port_in_the_url_makes_no_difference() -> None:
    body = urlencode(FORM2).encode()
    with_port = URL2.replace("example.com", "example.com:443")

    verify(with_port, body, FORM, signature(URL2, FORM2.items(), "12345"), "12345")
    verify(URL2, body, FORM, signature(with_port, FORM2.items(), "12345"), "12345")


def test_a_json_body_is_covered_by_its_hash_in_the_url() -> None:
    body = b'{"a": 1}'
    url = f"https://relay.example.com/x?bodySHA256={hashlib.sha256(body).hexdigest()}"
    given = signature(url, [], "12345")

    verify(url, body, "application/json", given, "12345")
    with pytest.raises(ProviderRefused):
        verify(url, b'{"a": 2}', "application/json", given, "12345")
    with pytest.raises(ProviderRefused):
        verify(
            "https://relay.example.com/x",
            body,
            "application/json",
            signature("https://relay.example.com/x", [], "12345"),
            "12345",
        )


def test_repeated_fields_are_signed_once_and_in_order() -> None:
    form = [("To", "b"), ("To", "a"), ("To", "b"), ("From", "c")]

    assert signature("https://a", form, "t") == signature("https://a", [("From", "c"), ("To", "a"), ("To", "b")], "t")


# -- calls placed by the fake


class Desk:
    """Our webhook, as the gateway wires it: verify, read, decide (by a table), answer."""

    def __init__(self, told, token: str = "token", algorithm: str = "sha1") -> None:  # type: ignore[no-untyped-def]
        self.told, self.token, self.algorithm, self.asked = told, token, algorithm, []  # type: ignore[var-annotated]
        self.twilio = FakeTwilio(
            "token",
            "https://relay.example.com/twilio/voice",
            "https://relay.example.com/twilio/sms",
            algorithm=algorithm,
        )

    def voice(self, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        verify(url, body, headers["Content-Type"], headers["X-Twilio-Signature"], self.token, algorithm=self.algorithm)
        asked = read_call(read_form(body))
        self.asked.append(asked)
        action = {"": "collect", "0421": "connect"}.get(asked.ext, "reject")
        return write_decision(
            self.told(action),
            ext_url="/twilio/voice?step=ext",
            done_url="/twilio/done?b=b1",
            event_url="/twilio/event?b=b1",
            prompt="请输入分机号 & #",
        )

    def message(self, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        verify(url, body, headers["Content-Type"], headers["X-Twilio-Signature"], self.token)
        asked = read_message(read_form(body))
        return (
            write_message(self.told("connect"), asked.text)
            if asked.text.startswith("#0421")
            else write_reply("help <b>")
        )


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_caller_types_the_extension_and_the_callee_sees_x(told, algorithm: str) -> None:  # type: ignore[no-untyped-def]
    desk = Desk(told, algorithm=algorithm)

    leg, _ = desk.twilio.dial(CALLER, X, desk.voice, NOW, digits="0421")

    assert (leg.rang, leg.saw) == (CALLEE, X)
    assert leg.said == ["请输入分机号 & #"]
    assert [a.ext for a in desk.asked] == ["", "0421"]
    assert (desk.asked[0].caller, desk.asked[0].called) == (CALLER, "17000000001")


def test_a_wrong_extension_rings_nobody(told) -> None:  # type: ignore[no-untyped-def]
    leg, callbacks = Desk(told).twilio.dial(CALLER, X, Desk(told).voice, NOW, digits="9999")

    assert (leg.rang, leg.rejected, callbacks) == ("", True, [])


def test_callbacks_fold_into_one_record_in_any_order_and_hold_no_number(told) -> None:  # type: ignore[no-untyped-def]
    desk = Desk(told)
    _, callbacks = desk.twilio.dial(CALLER, X, desk.voice, NOW, digits="0421", talk=75)
    for url, body, headers in callbacks:
        verify(url, body, headers["Content-Type"], headers["X-Twilio-Signature"], "token")
    events = [
        read_status(read_form(body), NOW + timedelta(seconds=81), x="17000000001", binding="b1")
        for _, body, _ in callbacks
    ]

    records = set()
    for order in itertools.permutations([*events, events[0]]):
        record: CallRecord | None = None
        for event in order:
            record = fold(record, event)
        assert record is not None
        records.add(record)

    (record,) = records
    assert (record.outcome, record.seconds, record.minutes, record.binding) == (Outcome.ANSWERED, 75, 2, "b1")
    assert "2025550143" not in repr(record) and "13800000001" not in repr(record)


def test_a_call_that_nobody_answers_lasts_no_time(told) -> None:  # type: ignore[no-untyped-def]
    desk = Desk(told)
    _, callbacks = desk.twilio.dial(CALLER, X, desk.voice, NOW, digits="0421", talk=0)
    record: CallRecord | None = None
    for _, body, _ in callbacks:
        record = fold(record, read_status(read_form(body), NOW + timedelta(seconds=30)))

    assert record is not None
    assert (record.outcome, record.seconds) == (Outcome.NO_ANSWER, 0)


def test_a_withheld_caller_is_nobody() -> None:
    for withheld in ("", "anonymous", "Restricted", "+266696687", "+86282452253"):
        assert read_call([("CallSid", "CA1"), ("From", withheld), ("To", X)]).caller == ""


def test_messages_are_passed_on_or_answered_with_help(told) -> None:  # type: ignore[no-untyped-def]
    desk = Desk(told)

    assert desk.twilio.text(CALLER, X, "#0421 at your door <now>", desk.message) == [
        {"from": X, "to": CALLEE, "body": "#0421 at your door <now>"}
    ]
    assert desk.twilio.text(CALLER, X, "hello", desk.message) == [{"from": X, "to": CALLER, "body": "help <b>"}]
    assert b"<Message" not in write_message(told("reject"), "hello")


def test_a_refusal_is_a_reject_without_a_prompt(told) -> None:  # type: ignore[no-untyped-def]
    assert b"<Reject" in write_decision(told("reject"), ext_url="/e", done_url="/d", event_url="/s")


@pytest.mark.parametrize("body", [b"\xff=1", b"a" * (1 << 21), b"=", b"CallSid=CA1", b"CallSid=CA1&From=%2B1"])
def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderRefused):
        read_call(read_form(body))
