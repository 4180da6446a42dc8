"""The edges of a call through a real Kamailio: cancelled, held, sent again, ended by either side, and no number in any of it.

Needs Debian's kamailio and kamailio-extra-modules; without them these tests are skipped and say so.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.virtual_numbers.telephony.call import COURIER, RECIPIENT, Call, on
from tests.virtual_numbers.telephony.conftest import CALLERS, Switch, X

pytestmark = [
    pytest.mark.telephony,
    pytest.mark.timeout(60),
    pytest.mark.skipif(
        shutil.which("kamailio") is None,
        reason="kamailio not installed: apt-get install kamailio kamailio-extra-modules",
    ),
]


@pytest.fixture
def call(switch: Switch) -> Iterator[Call]:
    with on(switch) as made:
        yield made


@pytest.mark.parametrize("first", ["courier", "recipient"])
def test_a_call_is_ended_by_either_side(call: Call, first: str) -> None:
    call.stands()
    both = call.courier, call.recipient
    call.ends(*(both if first == "courier" else both[::-1]))
    assert all(f"<sip:{X}@relay.example.com>" in m.one("From") for m in call.recipient.heard if not m.code)


def test_a_ringing_call_is_cancelled_and_stops_ringing(call: Call) -> None:
    sent, asked = call.rings()
    call.courier.cancels(sent)
    assert call.courier.hears(" 200 ").method == "CANCEL"
    cancelled = call.recipient.hears("CANCEL")
    assert f"<sip:{X}@relay.example.com>" in cancelled.one("From") and cancelled.all("Reason") == []
    call.recipient.answer(cancelled, 200)
    call.recipient.answer(asked, 487)
    refusal = call.courier.hears(" 487 ")
    call.courier.acks_refusal(refusal, sent)
    call.recipient.hears("ACK")


def test_a_call_that_is_cancelled_before_it_is_decided_rings_nobody(call: Call) -> None:
    call.decider.takes = 0.4
    sent = call.courier.invite(call.user)
    time.sleep(0.1)
    call.courier.cancels(sent)
    assert call.courier.hears(" 200 ").method == "CANCEL"
    refusal = call.courier.hears(" 487 ")
    call.courier.acks_refusal(refusal, sent)
    assert call.recipient.quiet(1.0) == []
    call.decider.takes = 0.0
    call.recipient.heard.clear()
    call.stands()  # and the next call is not hurt by it


def test_an_answer_that_crosses_a_cancel_leaves_a_call_that_can_be_ended(call: Call) -> None:
    sent, asked = call.rings()
    call.recipient.answer(asked, 200, body=call.recipient.sdp())
    ok = call.courier.hears(" 200 ")
    call.courier.cancels(sent)
    call.courier.acks(ok)
    call.recipient.hears("ACK")
    call.ends(call.courier, call.recipient)


def test_an_invite_sent_again_is_asked_about_and_rung_once(call: Call) -> None:
    call.decider.takes = 0.3
    sent = call.courier.invite(call.user)
    for _ in range(3):
        time.sleep(0.05)
        call.courier.again(sent)
    asked = call.recipient.hears("INVITE")
    call.courier.again(sent)
    call.recipient.answer(asked, 180)
    call.courier.hears(" 180 ")
    answer = call.recipient.answer(asked, 200, body=call.recipient.sdp())
    ok = call.courier.hears(" 200 ")
    # The 200 is lost on its way to the courier, so the recipient's phone sends it again.
    call.recipient.again(answer)
    again = call.courier.hears(" 200 ")
    assert (again.one("To"), again.body) == (ok.one("To"), again.body) and again.body
    for one in (ok, again):
        call.courier.acks(one)
        call.recipient.hears("ACK")
    call.ends(call.recipient, call.courier)
    assert len(call.decider.asked) == 1
    assert [m.start.split()[0] for m in call.recipient.heard if not m.code].count("INVITE") == 1


@pytest.mark.parametrize("first", ["courier", "recipient"])
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_call_is_put_on_hold_and_taken_back_by_either_side(call: Call, first: str, method: str) -> None:
    call.stands()
    by, other = (call.courier, call.recipient) if first == "courier" else (call.recipient, call.courier)
    for hold in (True, False):
        by.request(method, body=by.sdp(hold=hold))
        asked = other.hears(method)
        assert ("a=sendonly" in asked.body, "a=sendrecv" in asked.body) == (hold, not hold)
        if other is call.recipient:
            assert f"<sip:{X}@relay.example.com>" in asked.one("From")
        other.answer(asked, 200, body=other.sdp())
        ok = by.hears(" 200 ")
        assert ok.one("CSeq").endswith(method) and "m=audio" in ok.body
        if method == "INVITE":
            by.target = by.target or ok.one("Contact")
            cseq = by.cseq
            by.request("ACK", cseq=cseq)
            other.hears("ACK")
    call.ends(by, other)


def test_a_description_keeps_what_media_needs_and_nothing_else(call: Call) -> None:
    ok = call.stands()
    invite = next(m for m in call.recipient.heard if m.start.startswith("INVITE"))
    for body, own in ((invite.body, call.courier), (ok.body, call.recipient)):
        lines = body.strip().split("\r\n")
        assert re.fullmatch(r"o=- 1 [0-9]{10} IN IP4 192\.0\.2\.1", lines.pop(1))
        assert lines == [
            "v=0", "s=-", f"c=IN IP4 {own.media[0]}", "b=AS:64", "t=0 0", f"m=audio {own.media[1]} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        f"c=IN IP4 {COURIER}.example.com", f"m=audio 4000 RTP/AVP {COURIER}", f"m={COURIER} 4000 RTP/AVP 0",
        f"a=rtpmap:96 own/{COURIER}", f"a=sendrecv {COURIER}", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{COURIER}",
        f"{COURIER}", f"z={COURIER} -1h", f"r={COURIER}", f"a={COURIER}", f"a=group:BUNDLE {COURIER}",
    ],
)  # fmt: skip
def test_a_number_in_a_line_of_the_description_does_not_go_on(call: Call, line: str) -> None:
    call.courier.invite(call.user, body=call.courier.sdp(more=line))
    asked = call.recipient.hears("INVITE")
    assert "m=audio 40002 RTP/AVP 0 101" in asked.body and CALLERS not in asked.text
    call.recipient.answer(asked, 486)
    call.courier.hears(" 486 ")


@pytest.mark.parametrize("kind", ["text/plain", "application/pidf+xml", "multipart/mixed;boundary=x"])
def test_a_body_that_is_no_description_does_not_go_on(call: Call, kind: str) -> None:
    call.stands()
    call.courier.request("UPDATE", body=f"call me at {COURIER}", kind=kind)
    asked = call.recipient.hears("UPDATE")
    assert asked.body == ""
    call.recipient.answer(asked, 200)
    call.courier.hears(" 200 ")


def test_a_description_without_end_is_refused(call: Call) -> None:
    sent = call.courier.invite(call.user, body=call.courier.sdp(more="a=ptime:20\r\n" * 400))
    refusal = call.courier.hears(" 503 ")
    call.courier.acks_refusal(refusal, sent)
    assert call.recipient.quiet(0.5) == []


@pytest.mark.parametrize("method", ["REFER", "INFO", "MESSAGE", "NOTIFY", "SUBSCRIBE", "OPTIONS", "PUBLISH"])
@pytest.mark.parametrize("first", ["courier", "recipient"])
def test_what_could_carry_a_number_past_the_relay_is_refused(call: Call, method: str, first: str) -> None:
    call.stands()
    by, other = (call.courier, call.recipient) if first == "courier" else (call.recipient, call.courier)
    by.request(method, body=f"call {by.number}", kind="text/plain")
    by.hears(" 405 ")
    assert [m.start for m in other.quiet(0.3) if method in m.start] == []


@pytest.mark.parametrize("code", [183, 302, 404, 486, 603])
def test_whatever_the_recipient_s_side_answers_tells_no_number(call: Call, code: int) -> None:
    sent, asked = call.rings()
    call.recipient.answer(asked, code, body=call.recipient.sdp() if code == 183 else "")
    heard = call.courier.hears({183: " 183 ", 302: " 480 "}.get(code, f" {code} "))
    if code >= 200:
        call.courier.acks_refusal(heard, sent)
        call.recipient.hears("ACK")


def test_a_name_in_the_recipient_s_own_from_stays_with_it(call: Call) -> None:
    call.stands()
    call.recipient.local = call.recipient.local.replace("<sip:", f'"{RECIPIENT}" <sip:', 1)
    call.ends(call.recipient, call.courier)
    assert call.recipient.heard[-1].one("From") == call.recipient.local, "it gets back what it sent"


def test_a_phone_that_nobody_answers_stops_ringing_in_time(call: Call) -> None:
    call.decider.ring = 1
    sent, asked = call.rings()
    cancelled = call.recipient.hears("CANCEL")
    call.recipient.answer(cancelled, 200)
    call.recipient.answer(asked, 487)
    call.courier.acks_refusal(call.courier.hears(" 480 "), sent)


def test_a_call_ends_for_both_when_its_longest_time_is_over(call: Call) -> None:
    call.decider.longest = 2
    call.stands()
    for phone in (call.recipient, call.courier):
        bye = phone.hears("BYE", within=6)
        phone.answer(bye, 200)
    assert f"<sip:{X}@relay.example.com>" in next(m for m in call.recipient.heard if m.start.startswith("BYE")).text


@pytest.mark.parametrize(
    "spoilt",
    [
        b"INVITE sip:%b SIP/9.9\r\nFrom: %b\r\n\r\n", b"%b %b\r\n\r\n", b"INVITE sip:x@y SIP/2.0\r\nVia: %b\r\nTo: %b\r\n\r\n",
        b"INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=%b\r\nFrom: <%b\r\nCSeq: a\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_message_leaves_no_number_in_the_log(call: Call, spoilt: bytes) -> None:
    number = COURIER.encode()
    call.courier.again(spoilt % (number, number))
    call.stands()  # and the switch goes on
