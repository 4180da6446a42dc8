"""A phone that speaks just enough SIP over UDP to be one side of a call, and shows its number wherever a message has room for it.

It does what a test tells it, in the order the test tells it, and keeps every byte that it received. Knows no switch.
"""

from __future__ import annotations

import re
import secrets
import socket
import string
import time
from dataclasses import dataclass, field

CRLF = "\r\n"


@dataclass(frozen=True)
class Heard:
    """One message as it came."""

    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    @property
    def start(self) -> str:
        return self.text.split(CRLF, 1)[0]

    @property
    def body(self) -> str:
        return self.text.partition(CRLF * 2)[2]

    def all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return re.findall(rf"(?im)^{re.escape(name)}[ \t]*:[ \t]*(.*?)\r?$", self.text.partition(CRLF * 2)[0])

    def one(self, name: str) -> str:
        found = self.all(name)
        return found[0] if found else ""

    @property
    def code(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        return self.one("CSeq").split()[-1]


@dataclass
class Phone:
    """One side of one dialog."""

    number: str
    switch: tuple[str, int]
    media: tuple[str, int] = ("127.0.0.1", 40000)
    heard: list[Heard] = field(default_factory=list)
    local: str = ""
    remote: str = ""
    call_id: str = ""
    target: str = ""
    routes: list[str] = field(default_factory=list)
    cseq: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.port = self.socket.getsockname()[1]
        self._via, self._tag = 0, _word()

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # -- what it says

    @property
    def planted(self) -> list[str]:
        """Its number in every header that could carry one."""
        n = self.number
        return [
            f'Contact: "{n}" <sip:{n}@127.0.0.1:{self.port};x={n}>',
            f"P-Asserted-Identity: <sip:+{n}@127.0.0.1>",
            f"P-Preferred-Identity: <sip:+{n}@127.0.0.1>",
            f"Remote-Party-ID: <sip:{n}@127.0.0.1>;party=calling",
            f"Reason: SIP;cause=200;text={n}",
            f"User-Agent: phone of {n}",
            f"Server: phone of {n}",
            f"Subject: {n}",
            f"Warning: 399 {n} {n}",
            f"Organization: {n}",
            f"Call-Info: <http://example.com/{n}>",
            f"Reply-To: <sip:{n}@127.0.0.1>",
            f"X-Own: {n}",
        ]

    def sdp(self, *, hold: bool = False, more: str = "") -> str:
        """A description with its number in every line that is free text, and in some that should not be."""
        n, (address, port) = self.number, self.media
        lines = [
            "v=0", f"o={n} {n} 2353687637 IN IP4 {address}", f"s={n}", f"i={n}", f"u=http://example.com/{n}", f"e={n}@example.com",
            f"p=+{n}", f"c=IN IP4 {address}", "b=AS:64", f"b=X-{n}:64", f"t={n} 0", f"k=clear:{n}", f"a=tool:{n}", f"a=x-own:{n}",
            f"m=audio {port} RTP/AVP 0 101", f"i={n}", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16", f"a=fmtp:0 own={n}", f"a=mid:{n}", f"a=ssrc:1 cname:{n}@example.com", f"a=label:{n}",
            f"a=candidate:1 1 UDP 2130706431 {address} {port} typ host", "a=ptime:20", "a=sendonly" if hold else "a=sendrecv",
        ]  # fmt: skip
        return CRLF.join([*lines, *filter(None, [more]), ""])

    def invite(self, user: str, *, body: str | None = None, branch: str = "") -> bytes:
        """The first INVITE of a call. Gives the bytes, for a retransmission."""
        address = f"{self.switch[0]}:{self.switch[1]}"
        self.call_id = f"{self.number}-{_word()}@127.0.0.1"
        self.local = f'"Courier {self.number}" <sip:{self.number}@127.0.0.1:{self.port}>;tag={_word()}'
        self.remote = f"<sip:{user}@{address}>"
        self.target = f"sip:{user}@{address}"
        return self.request("INVITE", body=self.sdp() if body is None else body, branch=branch)

    def request(
        self, method: str, *, body: str = "", cseq: int = 0, branch: str = "", kind: str = "application/sdp"
    ) -> bytes:
        """A request in the dialog. `cseq` and `branch` are a new transaction's unless they are given."""
        self.cseq = cseq or self.cseq + 1
        head = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch or self.branch()}",
            *(f"Route: {route}" for route in self.routes),
            f"From: {self.local}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} {method}",
            "Max-Forwards: 70",
            *self.planted,
        ]
        return self.send(head, body, kind)

    def branch(self) -> str:
        self._via += 1
        return f"z9hG4bK{self.port}x{self._via}"

    def answer(self, asked: Heard, code: int, *, body: str = "", to: str = "") -> bytes:
        """A response to a request; the first one that makes a dialog fixes this side of it."""
        tagged = to or asked.one("To")
        if "tag=" not in tagged:
            tagged += f";tag={self._tag}"
        if asked.method == "INVITE" and not self.local:
            self.local, self.remote, self.call_id = tagged, asked.one("From"), asked.one("Call-ID")
            self.routes = asked.all("Record-Route")
            self.target = _uri(asked.one("Contact"))
        head = [
            f"SIP/2.0 {code} {self.number} says so",
            *(f"Via: {via}" for via in asked.all("Via")),
            *(f"Record-Route: {route}" for route in asked.all("Record-Route")),
            f"From: {asked.one('From')}",
            f"To: {tagged}",
            f"Call-ID: {asked.one('Call-ID')}",
            f"CSeq: {asked.one('CSeq')}",
            *self.planted,
        ]
        return self.send(head, body, "application/sdp")

    def send(self, head: list[str], body: str, kind: str) -> bytes:
        if body:
            head = [*head, f"Content-Type: {kind}"]
        raw = CRLF.join([*head, f"Content-Length: {len(body.encode())}", "", body]).encode()
        self.again(raw)
        return raw

    def again(self, raw: bytes) -> None:
        """The very same bytes, as a retransmission."""
        self.socket.sendto(raw, self.switch)

    # -- what it hears

    def hears(self, word: str, *, within: float = 3.0) -> Heard:
        """The next message whose first line holds `word`. What comes before it is kept, too."""
        ends = time.monotonic() + within
        while (left := ends - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                message = Heard(self.socket.recv(65535))
            except TimeoutError:
                break
            self.heard.append(message)
            if word in message.start:
                return message
        raise AssertionError(f"{word!r} did not come; heard {[m.start for m in self.heard][-8:]}")

    def quiet(self, for_: float) -> list[Heard]:
        """Whatever comes in this time."""
        before = len(self.heard)
        try:
            self.hears("\0", within=for_)
        except AssertionError:
            return self.heard[before:]
        raise AssertionError("unreachable")

    def established(self, ok: Heard) -> None:
        """The caller's side after a 200 to its INVITE."""
        self.remote, self.target = ok.one("To"), _uri(ok.one("Contact"))
        self.routes = list(reversed(ok.all("Record-Route")))

    def acks(self, ok: Heard, *, body: str = "") -> None:
        """ACK of a 200, a transaction of its own with the INVITE's number."""
        self.established(ok)
        cseq = self.cseq
        self.request("ACK", cseq=int(ok.one("CSeq").split()[0]), body=body)
        self.cseq = cseq

    def acks_refusal(self, refusal: Heard, asked: bytes) -> None:
        """ACK of anything else, within the INVITE's transaction."""
        via = Heard(asked).one("Via")
        head = [
            f"ACK {self.target} SIP/2.0", f"Via: {via}", f"From: {self.local}", f"To: {refusal.one('To')}",
            f"Call-ID: {self.call_id}", f"CSeq: {Heard(asked).one('CSeq').split()[0]} ACK", "Max-Forwards: 70",
        ]  # fmt: skip
        self.send(head, "", "")

    def cancels(self, asked: bytes) -> bytes:
        """CANCEL of an INVITE, with a reason in free text."""
        sent = Heard(asked)
        head = [
            f"CANCEL {self.target} SIP/2.0", f"Via: {sent.one('Via')}", f"From: {self.local}", f"To: {self.remote}",
            f"Call-ID: {self.call_id}", f"CSeq: {sent.one('CSeq').split()[0]} CANCEL", "Max-Forwards: 70", *self.planted,
        ]  # fmt: skip
        return self.send(head, "", "")

    @property
    def received(self) -> bytes:
        """Every byte so far."""
        return b"\n".join(message.raw for message in self.heard)


def _word() -> str:
    """Something new in letters: digits could make up a number by chance."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


def _uri(header: str) -> str:
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header.split(";")[0]
