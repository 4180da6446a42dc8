"""One call on a switch: a courier's phone, a recipient's, and the decision server between them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.virtual_numbers.telephony.conftest import CALLEES, CALLERS, Decider, Switch, X
from tests.virtual_numbers.telephony.phone import Heard, Phone

COURIER, RECIPIENT = f"{CALLERS}000001", f"{CALLEES}000000"


@dataclass
class Call:
    """A courier's phone, a recipient's, and the relay between them."""

    courier: Phone
    recipient: Phone
    decider: Decider

    @property
    def user(self) -> str:
        """What the courier dials."""
        return f"{X}*{self.decider.exts[0]}"

    def rings(self) -> tuple[bytes, Heard]:
        """The INVITE as sent and as it reached the recipient, who rings."""
        sent = self.courier.invite(self.user)
        asked = self.recipient.hears("INVITE")
        self.recipient.answer(asked, 180)
        self.courier.hears(" 180 ")
        return sent, asked

    def stands(self) -> Heard:
        """An answered call; the answer as the courier heard it."""
        _, asked = self.rings()
        self.recipient.answer(asked, 200, body=self.recipient.sdp())
        ok = self.courier.hears(" 200 ")
        self.courier.acks(ok)
        self.recipient.hears("ACK")
        return ok

    def ends(self, by: Phone, other: Phone) -> None:
        """BYE, acknowledged."""
        by.request("BYE")
        other.answer(other.hears("BYE"), 200)
        by.hears(" 200 ")

    def nobody_learned_a_number(self) -> None:
        for phone, prefix in ((self.recipient, CALLERS), (self.courier, CALLEES)):
            for message in phone.heard:
                assert prefix.encode() not in message.raw, message.text
        assert self.recipient.heard or self.courier.heard


def wait_until_asked(switch: Switch, decider: Decider) -> None:
    """Until Kamailio knows that a decision server is there; before that it refuses by itself."""
    for _ in range(50):
        with Phone(COURIER, ("127.0.0.1", switch.sip)) as early:
            sent = early.invite("17000000099")
            while not (refusal := early.hears("SIP/2.0")).code >= 200:
                pass
            early.acks_refusal(refusal, sent)
        if decider.asked:
            return decider.asked.clear()
        time.sleep(0.05)
    raise AssertionError("the decision server is not asked")


@contextmanager
def on(switch: Switch) -> Iterator[Call]:
    """The phones and the decision server, ready; afterwards neither phone may have heard the other's number."""
    trunk = f"127.0.0.1:{switch.callee}"
    with (
        Phone(COURIER, ("127.0.0.1", switch.sip), media=("127.0.0.2", 40002)) as courier,
        Phone(RECIPIENT, ("127.0.0.1", switch.sip), media=("127.0.0.3", 40004), port=switch.callee) as recipient,
        Decider(switch.evapi, trunk, bindings=4) as decider,
    ):
        made = Call(courier, recipient, decider)
        wait_until_asked(switch, decider)
        yield made
        made.nobody_learned_a_number()
