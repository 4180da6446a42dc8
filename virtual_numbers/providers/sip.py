"""SIP through Kamailio's evapi: netstring frames of JSON, in the shape that `deploy/kamailio/kamailio.cfg` speaks.

Kamailio suspends the INVITE, sends a question, and goes on when the answer comes; without one it refuses by itself. It does not
gather digits (that needs early media), so a call that would have to is refused unless the extension was dialled with the number
(`X*EXT` or `X-EXT`). A 302 is never answered: it would hand the real number upstream and the caller's to the callee.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.providers.wire import Asked, Told, digits, must_be_object, read_json, text_of

PROVIDER = "sip"
MAX_FRAME = 16 * 1024  # a question is some 300 bytes

_CODES = {
    "wrong_extension": 404,
    "no_such_number": 404,
    "shipment_closed": 410,
    "caller_withheld": 433,
    "caller_not_allowed": 403,
    "not_now": 480,
    "too_many_calls": 480,
    "nobody_to_call_back": 480,
    "not_ready": 480,
    "extension_needed": 484,
}
UNDECIDED = 503
_USER = re.compile(r"([0-9]{1,15})(?:[*\-;,p]([0-9]{1,6}))?")
_CALLER = re.compile(r"\+?[0-9]{3,15}")


class Frames:
    """Cuts a byte stream into netstrings. Holds at most one unfinished frame."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are complete now. Raises ProviderRefused `provider_frame_malformed`: drop the connection."""
        self._buffer += data
        while (colon := self._buffer.find(b":")) >= 0:
            size = self._size(colon)
            if len(self._buffer) < colon + size + 2:
                return
            if self._buffer[colon + size + 1] != ord(","):
                raise _malformed()
            yield bytes(self._buffer[colon + 1 : colon + 1 + size])
            del self._buffer[: colon + size + 2]
        if len(self._buffer) > 6:
            raise _malformed()

    def _size(self, colon: int) -> int:
        size = bytes(self._buffer[:colon])
        if not size.isdigit() or len(size) > 5 or int(size) > MAX_FRAME:
            raise _malformed()
        return int(size)


def frame(payload: bytes) -> bytes:
    return b"%d:%b," % (len(payload), payload)


def read_question(payload: bytes) -> Asked:
    """One suspended INVITE. Its `resume` names the transaction to go on with. Raises ProviderRefused."""
    document = must_be_object(read_json(payload))
    index, label = text_of(document, "tindex"), text_of(document, "tlabel")
    if not (index.isdecimal() and label.isdecimal()):
        raise ProviderRefused("a question that names no transaction", code="provider_body_malformed", path="tindex")
    user = _USER.fullmatch(text_of(document, "x").removeprefix("+"))
    caller = text_of(document, "caller")
    return Asked(
        PROVIDER,
        "voice",
        text_of(document, "callid"),
        caller if _CALLER.fullmatch(caller) else "",
        user[1] if user else "",
        (user[2] or "") if user else "",
        resume={"tindex": index, "tlabel": label},
    )


def write_decision(asked: Asked, told: Told, *, trunk: str, domain: str) -> bytes:
    """The frame that lets the INVITE go on. `trunk` is host:port of the way out, `domain` stands in the From that the callee sees."""
    answer: dict[str, object] = {name: int(value) for name, value in asked.resume.items()}
    callee, display = digits(told.callee), digits(told.display)
    if told.action == "connect" and callee and display:
        plus = "+" if told.callee.startswith("+") else ""
        answer |= {
            "action": "relay",
            "uri": f"sip:{plus}{callee}@{trunk}",
            "from": f"sip:{display}@{domain}",
            "longest": told.longest_seconds,
            "ring": told.ring_seconds,
        }
    else:
        answer |= {"action": "reject", "code": _CODES.get(told.reason, UNDECIDED)}
    return frame(json.dumps(answer, separators=(",", ":")).encode())


def _malformed() -> ProviderRefused:
    return ProviderRefused("the stream is no sequence of netstrings", code="provider_frame_malformed")
