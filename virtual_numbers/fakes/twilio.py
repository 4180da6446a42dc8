"""Twilio as a caller meets it: posts signed webhooks, follows the TwiML that comes back, reports the leg it dialled."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode, urljoin

from lxml import etree

Post = Callable[[str, bytes, dict[str, str]], bytes]
"""Our webhook: URL, form body and headers in, TwiML out."""


@dataclass(slots=True)
class Leg:
    """What happened to a call: whom it rang, and what that phone saw."""

    rang: str = ""
    saw: str = ""
    said: list[str] = field(default_factory=list)
    rejected: bool = False


@dataclass(slots=True)
class FakeTwilio:
    """One account. `algorithm` is sha1, or sha256 where SharedKey signatures are switched on."""

    token: str
    voice_url: str
    message_url: str
    account: str = "AC" + "0" * 32
    algorithm: str = "sha1"
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def sign(self, url: str, fields: dict[str, str]) -> str:
        text = url + "".join(k + fields[k] for k in sorted(fields))
        return b64encode(
            hmac.new(self.token.encode(), text.encode(), getattr(hashlib, self.algorithm)).digest()
        ).decode()

    def dial(
        self, caller: str, to: str, post: Post, at: datetime, *, digits: str = "", talk: int = 60
    ) -> tuple[Leg, list[tuple[str, bytes, dict[str, str]]]]:
        """Call X. The leg, and the callbacks that Twilio would make about it, in their true order."""
        fields = {
            "AccountSid": self.account,
            "CallSid": f"CA{next(self._ids):032d}",
            "From": caller,
            "To": to,
            "CallStatus": "ringing",
        }
        fields |= {"Direction": "inbound", "ApiVersion": "2010-04-01"}
        leg, url = Leg(), self.voice_url
        for _ in range(5):
            twiml = _read(post(*self._request(url, fields)))
            leg.said += [say.text or "" for say in twiml.iter("Say")]
            gather, dial = twiml.find("Gather"), twiml.find("Dial")
            if dial is not None:
                return leg, self._ring(leg, dial, fields, at, talk)
            if gather is None or not digits:
                leg.rejected = True
                return leg, []
            url = urljoin(url, gather.get("action", ""))
            fields |= {"Digits": digits[: int(gather.get("numDigits", "99"))], "CallStatus": "in-progress"}
        leg.rejected = True
        return leg, []

    def text(self, sender: str, to: str, body: str, post: Post) -> list[dict[str, str]]:
        """Send a message to X: the messages that the answer makes Twilio send."""
        fields = {
            "AccountSid": self.account,
            "MessageSid": f"SM{next(self._ids):032d}",
            "From": sender,
            "To": to,
            "Body": body,
            "NumMedia": "0",
        }
        twiml = _read(post(*self._request(self.message_url, fields)))
        return [
            {"from": m.get("from", to), "to": m.get("to", sender), "body": m.text or ""} for m in twiml.iter("Message")
        ]

    def _ring(
        self, leg: Leg, dial: etree._Element, fields: dict[str, str], at: datetime, talk: int
    ) -> list[tuple[str, bytes, dict[str, str]]]:
        number = dial.find("Number")
        if number is None or dial.get("record") != "do-not-record":
            raise ValueError("a Dial without a Number, or one that records")
        leg.rang, leg.saw = number.text or "", dial.get("callerId", "")
        child = {
            "AccountSid": self.account,
            "CallSid": f"CA{next(self._ids):032d}",
            "ParentCallSid": fields["CallSid"],
            "From": leg.saw,
            "To": leg.rang,
        }
        status = urljoin(self.voice_url, number.get("statusCallback", ""))
        course = [("initiated", 0), ("ringing", 2)] + (
            [("in-progress", 6), ("completed", 6 + talk)] if talk else [("no-answer", 25)]
        )
        posts = []
        for name, seconds in course:
            about = {**child, "CallStatus": name, "Timestamp": format_datetime(at + timedelta(seconds=seconds))}
            if name == "completed":
                about["CallDuration"] = str(talk)
            posts.append(self._request(status, about))
        done = {
            **fields,
            "DialCallStatus": "completed" if talk else "no-answer",
            "DialCallSid": child["CallSid"],
            "DialCallDuration": str(talk),
        }
        return [*posts, self._request(urljoin(self.voice_url, dial.get("action", "")), done)]

    def _request(self, url: str, fields: dict[str, str]) -> tuple[str, bytes, dict[str, str]]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self.sign(url, fields),
        }
        return url, urlencode(fields).encode(), headers


def _read(twiml: bytes) -> etree._Element:
    return etree.fromstring(twiml, etree.XMLParser(resolve_entities=False, no_network=True))
