"""Media through a real rtpengine: neither side learns the other's address, sound flows both ways, and without it there is no call.

Needs Debian's kamailio, kamailio-extra-modules and rtpengine-daemon (in user space, without its kernel module); without them these
tests are skipped and say so.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.virtual_numbers.telephony.call import Call, on
from tests.virtual_numbers.telephony.conftest import Anchor, kamailio, new_ports
from tests.virtual_numbers.telephony.phone import Heard, Phone

pytestmark = [
    pytest.mark.telephony,
    pytest.mark.timeout(60),
    pytest.mark.skipif(
        shutil.which("kamailio") is None,
        reason="kamailio not installed: apt-get install kamailio kamailio-extra-modules",
    ),
]


@pytest.fixture
def call(rtpengine: Anchor, tmp_path: Path) -> Iterator[Call]:
    anchored = {"WITH_RTPENGINE": "1", "RTPENGINE_SOCK": f'"udp:127.0.0.1:{rtpengine.port}"'}
    with kamailio(tmp_path, new_ports(), **anchored) as switch, on(switch) as made:
        yield made
    for one, other in ((made.courier, made.recipient), (made.recipient, made.courier)):
        assert other.media[0].encode() not in one.received, "an address of the other side's"


def media(message: Heard) -> tuple[str, int]:
    """Where a description wants the sound sent."""
    address, port = re.search(r"c=IN IP4 (\S+)", message.body), re.search(r"m=audio (\d+)", message.body)
    assert address and port, message.text
    return address[1], int(port[1])


def sound(phone: Phone) -> socket.socket:
    """The socket that a phone speaks and listens on."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(phone.media)
    one.settimeout(3)
    return one


def rtp(seq: int, word: bytes) -> bytes:
    """One packet of PCMU."""
    return b"\x80\x00" + seq.to_bytes(2, "big") + (160 * seq).to_bytes(4, "big") + b"abcd" + word.ljust(160, b"\xff")


def test_sound_goes_both_ways_and_each_side_knows_the_relay_s_address_alone(call: Call, rtpengine: Anchor) -> None:
    ok = call.stands()
    invite = next(m for m in call.recipient.heard if m.start.startswith("INVITE"))
    to_recipient, to_courier = media(ok), media(invite)
    assert to_recipient[0] == to_courier[0] == rtpengine.address
    with sound(call.courier) as courier, sound(call.recipient) as recipient:
        for seq in range(3):
            courier.sendto(rtp(seq, b"hello"), to_recipient)
            heard, origin = recipient.recvfrom(2000)
            assert b"hello" in heard and origin[0] == rtpengine.address
            recipient.sendto(rtp(seq, b"parcel"), to_courier)
            heard, origin = courier.recvfrom(2000)
            assert b"parcel" in heard and origin[0] == rtpengine.address
    call.ends(call.courier, call.recipient)


@pytest.mark.parametrize("first", ["courier", "recipient"])
def test_a_call_on_hold_keeps_to_the_relay_s_address(call: Call, rtpengine: Anchor, first: str) -> None:
    call.stands()
    by, other = (call.courier, call.recipient) if first == "courier" else (call.recipient, call.courier)
    by.request("INVITE", body=by.sdp(hold=True))
    asked = other.hears("INVITE")
    assert media(asked)[0] == rtpengine.address and "a=sendonly" in asked.body
    other.answer(asked, 200, body=other.sdp())
    ok = by.hears(" 200 ")
    assert media(ok)[0] == rtpengine.address
    by.request("ACK", cseq=by.cseq)
    other.hears("ACK")
    call.ends(other, by)


def test_a_cancelled_call_leaves_the_next_one_its_sound(call: Call, rtpengine: Anchor) -> None:
    sent, asked = call.rings()
    call.courier.cancels(sent)
    cancelled = call.recipient.hears("CANCEL")
    call.recipient.answer(cancelled, 200)
    call.recipient.answer(asked, 487)
    call.courier.acks_refusal(call.courier.hears(" 487 "), sent)
    call.recipient.hears("ACK")
    call.recipient.local = ""
    assert media(call.stands())[0] == rtpengine.address


def test_while_rtpengine_is_away_calls_are_refused_and_one_that_stands_can_be_ended(
    call: Call, rtpengine: Anchor
) -> None:
    call.stands()
    rtpengine.process.kill()
    rtpengine.process.wait(10)
    call.courier.request("INVITE", body=call.courier.sdp(hold=True))
    refusal = call.courier.hears(" 503 ", within=8)
    call.courier.request("ACK", cseq=int(refusal.one("CSeq").split()[0]))
    call.courier.cseq += 1
    call.ends(call.recipient, call.courier)

    before = len(call.recipient.heard)
    call.courier.routes = []
    sent = call.courier.invite(call.user)
    call.courier.acks_refusal(call.courier.hears(" 503 ", within=8), sent)
    assert not [m for m in [*call.recipient.heard[before:], *call.recipient.quiet(0.5)] if m.body]


def test_an_answer_that_rtpengine_has_not_seen_goes_on_without_a_description(call: Call, rtpengine: Anchor) -> None:
    _, asked = call.rings()
    rtpengine.process.kill()
    rtpengine.process.wait(10)
    call.recipient.answer(asked, 200, body=call.recipient.sdp())
    ok = call.courier.hears(" 200 ", within=8)
    assert ok.body == ""
