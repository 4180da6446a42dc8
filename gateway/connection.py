"""One connection to a carrier's host: a request's bytes out, its answer back. Knows HTTP/1.1; knows no carrier and no pool.

HTTP itself is read by httptools, the binding of Node's own parser. What is ours is what a gateway must be strict about: one
request at a time, nothing sent twice, nothing read past its limits, no connection used that said anything unasked or is known
to be closed.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from carriers.answer import KEPT_HEADERS
from carriers.wire import WireReply
from gateway.unpacking import PACKED, UNREADABLE, Broken, TooLong, Unpacked

KEPT = 10.0
"""Seconds that a connection may rest: below most servers' own, so that a POST seldom meets a connection just closed."""
LONGEST_FIELD = 4096
MOST_FIELDS = 128
LONGEST_HEAD = 65_536
"""Bytes of an answer that are no body: its head, interim answers, trailers."""
SWITCHING = 101
FRAMED = 6
"""A body in chunks of one byte each takes so many bytes a byte."""
READ = frozenset({*KEPT_HEADERS, "content-length", "content-encoding", "transfer-encoding"})
"""The fields of an answer that anybody reads; no other is kept."""


class Keeper(Protocol):
    """Whoever keeps connections between their exchanges."""

    def pass_on(self, connection: Connection) -> None:
        """An exchange ended well; the next may follow on this connection."""

    def set_aside(self, connection: Connection) -> None:
        """It is not to be used again."""

    def lost(self, connection: Connection) -> None:
        """It is gone."""


class Connection(asyncio.Protocol):
    """One connection. It closes itself at the first doubt; `closed` is true from then on."""

    def __init__(self, keeper: Keeper, limit: int) -> None:
        self.closed = False
        self._keeper = keeper
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._raw: dict[bytes, bytes] = {}
        self.on_header = self._raw.__setitem__
        """What the parser calls with each field; in C, because it comes with every field of every answer."""
        self._parser = HttpResponseParser(self)
        # Servers in the field break these rules harmlessly; what could move an answer's end stays strict.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._answer: asyncio.Future[WireReply] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings = self._ends = math.inf

    # -- one exchange

    def ask(self, request: bytes, *, bodiless: bool, until: float) -> asyncio.Future[WireReply]:
        """Send a request, whole; the future holds its answer, `TimeoutError` or `Broken`."""
        self._bodiless = bodiless
        self._raw.clear()
        self._headers: dict[str, str] | None = None
        self._body: list[bytes] = []
        self._unpacked: Unpacked | None = None
        self._whole = self._unasked = False
        self._received = self._size = self._long = 0
        answer = self._answer = self._loop.create_future()
        self._end_at(until)
        self._transport.write(request)
        return answer

    def leave(self, answer: asyncio.Future[WireReply]) -> None:
        """Whoever asked no longer waits: what comes now would be taken for the next one's answer."""
        if self._answer is answer:
            self._answer = None
            self.close()

    def close(self) -> None:
        """Close without regard for what is under way."""
        self._set_aside()
        self._transport.abort()

    def _set_aside(self) -> None:
        self.closed = True
        self._keeper.set_aside(self)

    def _settle(self) -> None:
        if self._unpacked is not None and not self._unpacked.whole:
            self._fail(Broken())
            return
        answer, self._answer = cast("asyncio.Future[WireReply]", self._answer), None
        if self._keep and not self._unasked and not self.closed and not self._transport.get_write_buffer_size():
            self._end_at(self._loop.time() + KEPT)
            self._keeper.pass_on(self)
        else:
            self.close()
        if not answer.done():
            body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            answer.set_result(WireReply(self._status, self._headers or {}, body))

    def _fail(self, fault: Exception) -> None:
        answer, self._answer = self._answer, None
        self.close()
        if answer is not None and not answer.done():
            answer.set_exception(fault)

    # -- its one timer: the answer's deadline, or the end of its rest

    def _end_at(self, moment: float) -> None:
        self._ends = moment
        if moment < self._rings:
            if self._timer is not None:
                self._timer.cancel()
            self._ring_at(moment)

    def _ring_at(self, moment: float) -> None:
        self._rings = moment
        self._timer = self._loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        # Set anew here and not with every request, which would cost more than the request's head.
        self._rings = math.inf
        if self._loop.time() < self._ends:
            self._ring_at(self._ends)
        else:
            self._fail(TimeoutError())

    # -- what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._unasked = True
            if not self._whole:
                # What a callback raised comes as the context of the parser's own error.
                self._fail(error.__context__ if isinstance(error.__context__, Broken) else Broken())
                return
        if self._whole:
            self._settle()
        elif self._received > LONGEST_HEAD + FRAMED * self._size:
            self._fail(Broken())

    def eof_received(self) -> None:
        self._set_aside()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_aside()
        if self._timer is not None:
            self._timer.cancel()
        if self._answer is not None:
            if exc is None and self._headers is not None and _ends_with_connection(self._headers):
                self._settle()
            else:
                self._fail(Broken())
        self._keeper.lost(self)

    # -- what the parser tells

    def on_message_begin(self) -> None:
        self._unasked = self._whole

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._whole or (100 <= status < 200 and status != SWITCHING):
            self._raw.clear()
            return
        if status < 200:
            raise Broken
        fields = self._headers = _fields(self._raw, short=self._received <= LONGEST_FIELD)
        self._status = status
        if self._bodiless:
            # The parser waits for the body that the head speaks of: of no use for another answer.
            self._whole, self._keep = True, False
            return
        self._keep = self._parser.should_keep_alive()
        if int(fields.get("content-length") or 0) > self._limit:
            raise TooLong
        encoding = fields.get("content-encoding", "").lower()
        if encoding in PACKED:
            self._unpacked = Unpacked(encoding)
        elif encoding in UNREADABLE:
            raise Broken

    def on_body(self, part: bytes) -> None:
        if self._whole:
            return
        self._size += len(part)
        if self._unpacked is not None:
            part = self._unpacked.more(part, self._limit - self._long)
        self._long += len(part)
        if self._long > self._limit:
            raise TooLong
        self._body.append(part)

    def on_message_complete(self) -> None:
        if self._headers is not None:  # an interim answer (1xx) has left none
            self._whole = True


def _fields(raw: dict[bytes, bytes], *, short: bool) -> dict[str, str]:
    """The fields that are read, names in lower case. `short`: the head is no longer than a field may be. Raises `Broken`."""
    if not short and (len(raw) > MOST_FIELDS or max(map(len, (*raw, *raw.values())), default=0) > LONGEST_FIELD):
        raise Broken
    fields = {}
    for name, value in raw.items():
        known = _names.get(name)
        if known is None:
            known = _know(name)
        if known:
            fields[known] = text = value.decode("utf-8", "replace").rstrip(" \t")
            if "\0" in text or "\r" in text or "\n" in text:  # goes on to the shop, in a head of ours
                raise Broken
    return fields


_names: dict[bytes, str] = {}
"""Names of fields as carriers write them -> as they are read; empty where nobody reads them."""


def _know(name: bytes) -> str:
    if len(_names) > 1000:
        _names.clear()
    known = name.decode("utf-8", "replace").lower()
    return _names.setdefault(name, known if known in READ else "")


def _ends_with_connection(headers: dict[str, str]) -> bool:
    """Whether nothing but the connection's end tells the body's."""
    return "content-length" not in headers and not headers.get("transfer-encoding", "").lower().endswith("chunked")
