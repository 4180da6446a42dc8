"""One connection: what answers it reads, what it takes for none, and when it is not used again. Real sockets throughout."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from itertools import chain

import pytest

from gateway import connection as under_test
from gateway.pool import Place, Pool
from gateway.unpacking import Broken, TooLong
from tests.gateway.raw_courier import OK, Call, RawCourier, raw_courier, says

LIMIT = 100_000
ASK = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
async def courier() -> AsyncIterator[RawCourier]:
    async with raw_courier() as made:
        yield made


@pytest.fixture
async def pool(courier: RawCourier) -> AsyncIterator[Pool]:
    made = Pool(Place("127.0.0.1", courier.port, None, 8, 1.0, LIMIT))
    yield made
    made.close()
    await asyncio.sleep(0)


async def ask(pool: Pool, seconds: float = 5.0, *, bodiless: bool = False) -> tuple[int, bytes]:
    until = asyncio.get_running_loop().time() + seconds
    reply = await pool.exchange(ASK, bodiless=bodiless, until=until)
    return reply.status, reply.body


def sized(body: bytes, *fields: bytes) -> bytes:
    return HEAD + b"".join(field + b"\r\n" for field in fields) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, size: int, tail: bytes = b"\r\n", *fields: bytes) -> bytes:
    parts = [b"%x\r\n%s\r\n" % (len(body[at : at + size]), body[at : at + size]) for at in range(0, len(body), size)]
    return HEAD + b"".join((b"Transfer-Encoding: chunked\r\n", *fields, b"\r\n", *parts, b"0\r\n", tail))


def bare(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


BODY = b'{"apiResultCode":"A1000"}' * 9
GOOD = {
    "with its length": sized(BODY),
    "empty": sized(b""),
    "in chunks": chunked(BODY, 10),
    "in chunks of a byte": chunked(BODY * 3, 1),
    "in chunks with trailers": chunked(BODY, 10, b"X: y\r\nContent-Type: z\r\n\r\n"),
    "after interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
    + sized(BODY),
    "gzip": sized(gzip.compress(BODY), b"Content-Encoding: gzip"),
    "gzip in chunks": chunked(gzip.compress(BODY), 3, b"\r\n", b"CONTENT-ENCODING: GZIP\r\n"),
    "deflate": sized(zlib.compress(BODY), b"Content-Encoding: deflate"),
    "bare deflate": sized(bare(BODY), b"Content-Encoding: deflate"),
    "packed and empty": sized(b"", b"Content-Encoding: gzip"),
    "blanks after a value": sized(gzip.compress(BODY), b"Content-Encoding: gzip \t "),
    "an encoding that is none": sized(BODY, b"Content-Encoding: identity"),
    "of two dozen fields": sized(BODY, *(b"X-%d: %s" % (n, b"v" * 300) for n in range(24))),
    "in lines without CR": sized(BODY).replace(b"\r\n", b"\n"),
    "with bytes that are no UTF-8": sized(BODY, b"Content-Type: \xc9\xcf\xba\xa3"),
    "with folded fields": sized(BODY, b"X: a\r\n b", b"Content-Type: a;\r\n b"),
    "of old": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 225\r\n\r\n" + BODY,
}
PLAIN = {"empty": b"", "packed and empty": b"", "in chunks of a byte": BODY * 3}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("how", ["at once", "byte by byte"])
async def test_an_answer_is_read_to_its_end_and_the_connection_used_again(
    courier: RawCourier, pool: Pool, name: str, how: str
) -> None:
    octets, step = GOOD[name], 1 if how == "byte by byte" else 1 << 20
    courier.acts.append(says(*(octets[at : at + step] for at in range(0, len(octets), step))))
    assert await ask(pool) == (200, PLAIN.get(name, BODY))
    assert await ask(pool) == (200, b"ok")
    assert courier.connections == 1


LAST = {
    "Connection: close": sized(BODY, b"Connection: close"),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 225\r\n\r\n" + BODY,
    "HTTP/1.0, no length": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "no length": HEAD + b"\r\n" + BODY,
    "no length, packed": HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY),
}


@pytest.mark.parametrize("name", LAST)
async def test_an_answer_that_ends_its_connection_is_read_and_the_next_goes_elsewhere(
    courier: RawCourier, pool: Pool, name: str
) -> None:
    courier.acts.append(says(LAST[name][:40], LAST[name][40:], then_hang_up=True))
    assert await ask(pool) == (200, BODY)
    assert await ask(pool) == (200, b"ok")
    assert courier.connections == 2


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_none_whatever_its_length_says(
    courier: RawCourier, pool: Pool, status: int
) -> None:
    courier.acts.append(says(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status))
    assert await ask(pool) == (status, b"")
    assert await ask(pool) == (200, b"ok")


async def test_the_answer_to_head_has_no_body_and_its_connection_is_left(courier: RawCourier, pool: Pool) -> None:
    courier.acts.append(says(HEAD + b"Content-Length: 5000000\r\nContent-Encoding: br\r\n\r\n"))
    assert await ask(pool, bodiless=True) == (200, b"")
    await ask(pool)
    assert courier.connections == 2


LONG = b"v" * 4097
BAD = {
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "half a head": HEAD + b"Content-Len",
    "nothing": b"",
    "half a body": sized(BODY)[:-1],
    "half a chunk": chunked(BODY, 10)[:-12],
    "no last chunk": chunked(BODY, 10)[:-5],
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length among the trailers": chunked(BODY, 10, b"Content-Length: 7\r\n\r\n"),
    "a length below zero": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length past counting": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a chunk's length that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "NUL in a field": sized(BODY, b"Content-Type: a\0b"),
    "a line break in a field": sized(BODY, b"Content-Type: a\r b"),
    "a long field": sized(BODY, b"X: " + LONG),
    "a long name": sized(BODY, LONG + b": x"),
    "too many fields": sized(BODY, *(b"X-%d: %s" % (n, b"v" * 99) for n in range(200))),
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    "another protocol, unnamed": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
    "packed, and is not": sized(BODY, b"Content-Encoding: gzip"),
    "packed and cut off": sized(gzip.compress(BODY)[:-9], b"Content-Encoding: gzip"),
    "packed as nobody reads": sized(BODY, b"Content-Encoding: br"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_answer_is_broken_and_asked_once(courier: RawCourier, pool: Pool, name: str) -> None:
    courier.acts.append(says(BAD[name], then_hang_up=True))
    with pytest.raises(Broken) as fault:
        await ask(pool)
    assert not isinstance(fault.value, TooLong) and len(courier.calls) == 1
    assert await ask(pool) == (200, b"ok") and courier.connections == 2


ENDLESS = {
    "field": (HEAD + b"X: ", b"v" * 10_000),
    "head": (HEAD, b"X: v\r\n" * 2_000),
    "interim answer": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 400),
    "trailer": (chunked(BODY, 10, b""), b"X: v\r\n" * 2_000),
    "chunk extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x" * 10_000),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_no_head_is_read_without_end(courier: RawCourier, pool: Pool, name: str) -> None:
    begin, more = ENDLESS[name]
    courier.acts.append(says(begin, *([more] * 4000)))
    with pytest.raises(Broken):
        await ask(pool)
    assert len(pool._all) == 0


TOO_LONG = {
    "by its own word": HEAD + b"Content-Length: 100001\r\n\r\n",
    "in chunks": chunked(b"a" * (LIMIT + 1), 1000),
    "without a length": HEAD + b"\r\n" + b"a" * (LIMIT + 1),
    "once unpacked": sized(gzip.compress(b"a" * (LIMIT + 1)), b"Content-Encoding: gzip"),
    "once inflated": sized(zlib.compress(b"a" * (LIMIT + 1)), b"Content-Encoding: deflate"),
}


@pytest.mark.parametrize("name", TOO_LONG)
async def test_an_answer_past_the_limit_is_not_read(courier: RawCourier, pool: Pool, name: str) -> None:
    courier.acts.append(says(TOO_LONG[name]))
    with pytest.raises(TooLong):
        await ask(pool)
    await courier.ended.wait()


@pytest.mark.parametrize("size", [1, 1000])
async def test_an_answer_of_just_the_limit_is_read(courier: RawCourier, pool: Pool, size: int) -> None:
    courier.acts.append(says(chunked(b"a" * LIMIT, size)))
    assert await ask(pool) == (200, b"a" * LIMIT)


UNASKED = {
    "a second answer": OK,
    "half of one": b"HTTP/1.1 2",
    "anything": b"x",
}


@pytest.mark.parametrize("name", UNASKED)
@pytest.mark.parametrize("when", ["with the answer", "later"])
async def test_a_connection_that_says_anything_unasked_is_left(
    courier: RawCourier, pool: Pool, name: str, when: str
) -> None:
    async def act(call: Call) -> None:
        if when == "with the answer":
            await call.say(sized(BODY) + UNASKED[name])
        else:
            await call.say(sized(BODY))
            await asyncio.sleep(0.05)
            await call.say(UNASKED[name])

    courier.acts.append(act)
    assert await ask(pool) == (200, BODY)
    await courier.ended.wait()
    assert await ask(pool) == (200, b"ok")
    assert courier.connections == 2


async def test_a_connection_that_the_carrier_closed_at_rest_is_not_used(courier: RawCourier, pool: Pool) -> None:
    courier.acts.append(says(sized(BODY), then_hang_up=True))
    await ask(pool)
    while pool._all:
        await asyncio.sleep(0)
    assert await ask(pool) == (200, b"ok") and courier.connections == 2


async def test_a_connection_at_rest_ends_in_time(
    courier: RawCourier, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "KEPT", 0.05)
    await ask(pool)
    await asyncio.wait_for(courier.ended.wait(), 5)
    assert not pool._all and await ask(pool) == (200, b"ok")


async def test_a_busy_connection_outlives_the_deadlines_of_its_earlier_requests(
    courier: RawCourier, pool: Pool
) -> None:
    for _ in range(6):
        courier.acts.append(says(b"", sized(BODY), pause=0.05))
        assert await ask(pool, 0.15) == (200, BODY)
    assert courier.connections == 1


async def test_silence_ends_at_the_deadline_and_not_before(courier: RawCourier, pool: Pool) -> None:
    async def silent(_call: Call) -> None:
        await asyncio.sleep(5)

    courier.acts += [says(sized(BODY)), silent]
    await ask(pool, 5.0)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await ask(pool, 0.1)
    assert 0.09 < asyncio.get_running_loop().time() - begun < 2


async def test_an_answer_that_drips_does_not_move_its_deadline(courier: RawCourier, pool: Pool) -> None:
    courier.acts.append(says(*chain([HEAD + b"Content-Length: 1000\r\n\r\n"], [b"a"] * 1000), pause=0.01))
    with pytest.raises(TimeoutError):
        await ask(pool, 0.15)


async def test_an_answer_that_nobody_waits_for_any_more_never_reaches_the_next(courier: RawCourier, pool: Pool) -> None:
    late = asyncio.Event()

    async def act(call: Call) -> None:
        await late.wait()
        await call.say(sized(b"late"))

    courier.acts.append(act)
    first = asyncio.ensure_future(ask(pool))
    while not courier.calls:
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    late.set()
    assert await ask(pool) == (200, b"ok") and courier.connections == 2


async def test_an_answer_before_the_request_has_gone_out_leaves_the_connection(courier: RawCourier, pool: Pool) -> None:
    """What is left of a long request would be read as the beginning of the next."""

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(1)
        writer.close()

    server = await asyncio.start_server(early, "127.0.0.1", 0, limit=1024)
    place = Place("127.0.0.1", server.sockets[0].getsockname()[1], None, 8, 1.0, LIMIT)
    short_of_room = Pool(place)
    until = asyncio.get_running_loop().time() + 5
    reply = await short_of_room.exchange(ASK + b"a" * (32 << 20), bodiless=False, until=until)
    assert reply.status == 413 and not short_of_room._resting
    short_of_room.close()
    await asyncio.sleep(0)
    server.close()
