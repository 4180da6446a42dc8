"""The porter: plain requests go straight to their lane, everybody else to aiohttp, and nobody can tell which by the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from gateway.http import porter as under_test
from tests.gateway.hop.visitors import LIMIT, Client, answers, client, echo, fields, hello, post, serving

# -- plain requests


async def test_plain_requests_take_the_lane_one_after_another() -> None:
    async with serving(hello) as listener, client(listener) as one:
        for number in range(5):
            said = await one.ask(post(body=b"%d" % number))
            assert said.startswith(b"HTTP/1.1 200 OK\r\n") and said.endswith(b"<%d>" % number)
            assert fields(said)["way"] == "lane" and "connection" not in fields(said) and "server" not in fields(said)
        said = await one.ask(post("Connection: close"))
        assert (fields(said)["way"], fields(said)["connection"]) == ("lane", "close") and await one.rest() == b""


PLAIN = {
    "names in any case": post("X-ONE: 1", "x-two: 2").replace(b"Host", b"hOsT"),
    "space around a value": post("X-One:1", "X-Two: \t  2 \t "),
    "an empty value": post("X-One:", "X-Two: "),
    "text in UTF-8": post("X-One: 深圳".encode().decode("utf-8")),
    "nothing in it": post(body=b""),
    "a query": post().replace(b"/c/x/y", b"/c/x/y?a=/b&c=%20"),
    "an empty line behind it": post() + b"\r\n",
    "a fragment": post().replace(b"/c/x/y", b"/c/x/y#z"),
    "a connection that stays": post("Connection: Keep-Alive"),
    "a colon in a value": post("X-One: a: b"),
    "a length with zeros before it": post().replace(b"Length: 2", b"Length: 0002"),
    "a body as long as may be": post(body=b"x" * LIMIT),
}


@pytest.mark.parametrize("name", PLAIN)
async def test_a_handler_learns_the_same_on_either_way(name: str) -> None:
    plain = PLAIN[name]
    async with (
        serving(echo) as listener,
        serving(echo, lanes={}) as other,
        client(listener) as one,
        client(other) as two,
    ):
        said, expected = await one.ask(plain), await two.ask(plain)
        assert answers(said) == answers(expected) and said.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("name", PLAIN)
async def test_it_is_plain(name: str) -> None:
    async with serving(hello) as listener, client(listener) as one:
        assert fields(await one.ask(PLAIN[name]))["way"] == "lane"


async def test_a_lane_may_be_a_whole_path_and_then_is_no_other() -> None:
    async with serving(hello, lanes={"/c/x/y": hello}) as listener:
        for path, way in ((b"/c/x/y", "lane"), (b"/c/x/y/", "application"), (b"/c/x", "application")):
            async with client(listener) as one:
                assert fields(await one.ask(post().replace(b"/c/x/y", path)))["way"] == way


async def test_a_request_in_pieces_is_put_together_wherever_it_breaks() -> None:
    octets = post("X-One: 1", body=b"hello")
    async with serving(hello) as listener:

        async def broken(at: int) -> str:
            async with client(listener) as one:
                for part in (octets[:at], octets[at:]):
                    one.writer.write(part)
                    await one.writer.drain()
                    await asyncio.sleep(0.02)
                said = await one.answer()
                assert said.endswith(b"<hello>")
                return fields(said)["way"]

        ways = await asyncio.gather(*map(broken, range(1, len(octets))))
    first = octets.index(b"\r\n") + 2
    assert set(ways[:first]) <= {"application", "lane"} and set(ways[first:]) == {"lane"}


async def test_a_body_in_many_pieces_is_whole() -> None:
    body = b"".join(b"%05d" % number for number in range(2000))
    octets = post(body=body)
    async with serving(hello) as listener, client(listener) as one:
        for at in range(0, len(octets), 1000):
            one.writer.write(octets[at : at + 1000])
            await asyncio.sleep(0.001)
        said = await one.answer()
        assert said.endswith(b"<" + body + b">") and fields(said)["way"] == "lane"


# -- everybody else


ODD = {
    "an old client": post(version="1.0"),
    "an old client that stays": post("Connection: keep-alive", version="1.0"),
    "another method": post(method="PUT"),
    "none to answer with a body": post(method="HEAD"),
    "no length": b"POST /c/x/y HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunks": b"POST /c/x/y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "chunks and a length": post("Transfer-Encoding: chunked"),
    "two lengths": post("Content-Length: 2"),
    "two lengths in one": post().replace(b"Length: 2", b"Length: 2, 2"),
    "a length with a sign": post().replace(b"Length: 2", b"Length: +2"),
    "a length past all bounds": post().replace(b"Length: 2", b"Length: " + b"9" * 30),
    "a word for the way": post("TE: trailers"),
    "another protocol": post("Connection: upgrade", "Upgrade: websocket"),
    "a packed body": post("Content-Encoding: gzip"),
    "an unpacked body": post("Content-Encoding: identity"),
    "a field twice": post("X-One: 1", "x-one: 2"),
    "no host": post().replace(b"Host: x\r\n", b""),
    "bytes that are no text": post().replace(b"Host: x", b"Host: x\r\nX-One: \xff\xfe"),
    "a folded field": post("X-One: a\r\n b"),
    "line feeds alone": post().replace(b"\r\n", b"\n"),
    "a space before the colon": post("X-One : 1"),
    "an empty line first": b"\r\n" + post(),
    "a NUL": post("X-One: a\0b"),
    "a long field": post("X-One: " + "x" * 9000),
    "a long head in all": post(*(f"X-{number}: {'x' * 90}" for number in range(100))),
    "a hundred and fifty fields": post(*(f"X-{number}: 1" for number in range(150))),
    "a body over the limit": post(body=b"x" * (LIMIT + 1)),
    "an absolute target": post().replace(b"/c/x/y", b"http://x/c/x/y"),
    "a target in UTF-8": post().replace(b"/c/x/y", "/c/深圳".encode()),
    "no lane": post().replace(b"/c/x/y", b"/d/x/y"),
    "two at once": post(body=b"one") + post("Connection: close", body=b"two"),
    "one and the start of another": post() + b"PO",
    "no HTTP at all": b"\x16\x03\x01\x02\x00",
    "nothing but a line": b"hello\r\n\r\n",
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is not whole goes to aiohttp at once, and aiohttp complains of nothing."""
    monkeypatch.setattr(under_test, "PATIENCE", 0.0)
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


@pytest.mark.usefixtures("impatient")
async def test_what_is_odd_is_answered_by_aiohttp_as_if_there_were_no_lane() -> None:
    async with serving(hello) as listener, serving(hello, lanes={}) as other:

        async def both(name: str) -> None:
            async with client(listener) as one, client(other) as two:
                said, expected = await asyncio.gather(*(heard(any_, ODD[name]) for any_ in (one, two)))
                assert b"Way: lane" not in said, name
                assert answers(said) == answers(expected), name

        await asyncio.gather(*map(both, ODD))


async def heard(one: Client, octets: bytes) -> bytes:
    """All that is said to these bytes."""
    one.writer.write(octets)
    one.patience = 1.0
    said, one.patience = await one.verdict(), 0.3
    return said + await one.verdict()


def mutants(octets: bytes) -> Iterator[bytes]:
    """Each byte of the head left out, doubled, or another."""
    for at in range(octets.index(b"\r\n\r\n") + 4):
        yield octets[:at] + octets[at + 1 :]
        for put in (octets[at : at + 1] * 2, b" ", b"\t", b"\r", b"\n", b"\0", b":", b",", b"\x7f", b"\xe9", b"1"):
            yield octets[:at] + put + octets[at + 1 :]


@pytest.mark.usefixtures("impatient")
async def test_no_byte_of_a_head_is_read_in_another_way_than_aiohttp_reads_it() -> None:
    octets = post("Content-Type: a/b", "X-One: 1", "Connection: keep-alive")
    async with serving(echo) as listener, serving(echo, lanes={}) as other:
        judged, turn = 0, asyncio.Semaphore(100)

        async def both(sent: bytes) -> None:
            nonlocal judged
            async with turn, client(listener) as one, client(other) as two:
                one.patience = two.patience = 4
                one.writer.write(sent)
                two.writer.write(sent)
                said, expected = await asyncio.gather(one.verdict(), two.verdict())
                judged += expected.startswith(b"HTTP/1.1 200")
                assert answers(said) == answers(expected), sent

        await asyncio.gather(*map(both, mutants(octets)))
    assert judged > 300


async def test_whoever_was_handed_over_stays_there() -> None:
    async with serving(hello) as listener, client(listener) as one:
        assert fields(await one.ask(post()))["way"] == "lane"
        assert fields(await one.ask(post(method="PUT")))["way"] == "application"
        assert fields(await one.ask(post()))["way"] == "application" and not listener.porters


async def test_who_expects_a_word_before_the_body_gets_it() -> None:
    async with serving(hello) as listener, client(listener) as one:
        assert await one.ask(post("Expect: 100-continue")[:-2]) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await one.ask(b"hi")).endswith(b"<hi>")
