"""The connections to one host: never more than allowed, made to nobody but that host, and a fault before one stands sent nothing."""

from __future__ import annotations

import asyncio
import datetime
import random
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.pool import NoConnection, Place, Pool
from gateway.unpacking import Broken
from tests.gateway.raw_courier import OK, Call, RawCourier, raw_courier, says

ASK = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
async def courier() -> AsyncIterator[RawCourier]:
    async with raw_courier() as made:
        yield made


def pool_to(
    courier: RawCourier, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, connections: int = 2
) -> Pool:
    return Pool(Place(host, courier.port, tls, connections, 1.0, 100_000))


async def ask(pool: Pool, seconds: float = 5.0) -> bytes:
    until = asyncio.get_running_loop().time() + seconds
    return (await pool.exchange(ASK, bodiless=False, until=until)).body


async def test_one_request_at_a_time_on_a_connection_and_no_more_connections_than_allowed(courier: RawCourier) -> None:
    pool = pool_to(courier)
    courier.acts += [says(OK, pause=0.002)] * 20
    assert await asyncio.gather(*(ask(pool) for _ in range(20))) == [b"ok"] * 20
    assert (courier.connections, courier.most_under_way) == (2, 2)
    assert repr(pool) == "<Pool 2 connections, 2 at rest, 0 wait>"
    pool.close()
    await asyncio.sleep(0)


async def test_who_waits_for_a_connection_in_vain_has_sent_nothing(courier: RawCourier) -> None:
    pool, go_on = pool_to(courier, connections=1), asyncio.Event()

    async def waits(call: Call) -> None:
        await go_on.wait()
        await call.say(OK)

    courier.acts.append(waits)
    first = asyncio.ensure_future(ask(pool))
    await asyncio.sleep(0.01)
    with pytest.raises(NoConnection):
        await ask(pool, 0.05)
    go_on.set()
    assert await first == b"ok" and len(courier.calls) == 1
    pool.close()
    await asyncio.sleep(0)


async def test_a_connection_that_breaks_makes_room_for_those_who_wait(courier: RawCourier) -> None:
    pool = pool_to(courier, connections=1)
    courier.acts += [says(b"rubbish\r\n\r\n"), says(OK.replace(b"OK", b"OK\r\nConnection: close", 1)), says(OK)]
    told = await asyncio.gather(*(ask(pool) for _ in range(3)), return_exceptions=True)
    assert [type(each).__name__ for each in told] == ["Broken", "bytes", "bytes"] and courier.connections == 3
    pool.close()
    await asyncio.sleep(0)


async def test_a_turn_that_nobody_takes_any_more_goes_to_the_next(courier: RawCourier) -> None:
    pool = pool_to(courier, connections=1)
    asked = [asyncio.ensure_future(ask(pool)) for _ in range(30)]
    for number, task in enumerate(asked):
        await asyncio.sleep(0.0005)
        if number % 3:
            task.cancel()
    told = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)
    assert [each for each in told if not isinstance(each, asyncio.CancelledError)].count(b"ok") >= 10
    assert await ask(pool) == b"ok"
    pool.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example"])
async def test_a_host_that_cannot_be_found_was_sent_nothing(host: str) -> None:
    with pytest.raises(NoConnection):
        await ask(Pool(Place(host, 80, None, 2, 1.0, 100)))


async def test_a_host_that_does_not_take_the_connection_is_given_up_in_time() -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    kept = [socket.socket() for _ in range(8)]  # the queue is full: what comes now is not answered
    for plug in kept:
        plug.setblocking(False)
        plug.connect_ex(full.getsockname())
    pool = Pool(Place("127.0.0.1", full.getsockname()[1], None, 1, 0.1, 100))
    for _ in range(2):
        begun = asyncio.get_running_loop().time()
        with pytest.raises(NoConnection):
            await ask(pool)
        assert asyncio.get_running_loop().time() - begun < 2
    for plug in (full, *kept):
        plug.close()


async def test_a_host_is_looked_up_once_while_it_answers_and_again_once_it_does_not(
    courier: RawCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, asked, pool = asyncio.get_running_loop(), list[Any](), pool_to(courier, host="localhost", connections=4)
    real = loop.getaddrinfo

    async def counted(*names: Any, **more: Any) -> Any:
        asked.append(names[0])
        return await real(*names, **more)

    monkeypatch.setattr(loop, "getaddrinfo", counted)
    courier.acts += [says(OK.replace(b"OK", b"OK\r\nConnection: close", 1))] * 2
    await ask(pool)
    await ask(pool)
    assert asked.count("localhost") == 1 and courier.connections == 2
    port, pool.place = courier.port, Place("localhost", 9, None, 4, 1.0, 100)
    pool._addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]
    while pool._all:
        await asyncio.sleep(0)
    with pytest.raises(NoConnection):
        await ask(pool)
    pool.place = Place("localhost", port, None, 4, 1.0, 100)
    assert await ask(pool) == b"ok" and asked.count("localhost") == 2
    pool.close()
    await asyncio.sleep(0)


async def test_a_request_goes_out_at_once(courier: RawCourier) -> None:
    """A small request must not wait for the acknowledgement of the one before (TCP_NODELAY)."""
    pool = pool_to(courier)
    await ask(pool)
    (connection,) = pool._all
    plug = connection._transport.get_extra_info("socket")
    assert plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    pool.close()
    await asyncio.sleep(0)


async def test_whatever_a_carrier_does_nobody_is_given_another_s_answer_and_nobody_waits_for_ever() -> None:
    """A courier that closes, stops, lags and talks on at random; callers that leave at random; five connections for all."""
    dice = random.Random(20261125)

    async def moody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                name = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(name), name)
                mood = dice.randrange(12)
                if mood == 0:
                    return
                if mood == 1:
                    await asyncio.sleep(0.03)
                cut = {2: 12, 3: len(answer) - 1}.get(mood, len(answer))
                writer.write(answer[:cut] + (b"x" if mood == 4 else b""))
                if mood in (2, 3, 5):
                    await asyncio.sleep(0.001)
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(moody, "127.0.0.1", 0)
    pool = Pool(Place("127.0.0.1", server.sockets[0].getsockname()[1], None, 5, 1.0, 100_000))
    loop, told = asyncio.get_running_loop(), Counter[str]()

    async def one(number: int) -> None:
        until = loop.time() + dice.choice((0.01, 0.5))
        try:
            reply = await pool.exchange(b"GET /%d HTTP/1.1\r\n\r\n" % number, bodiless=False, until=until)
            assert reply.body == b"/%d" % number
            told["answered"] += 1
        except (NoConnection, Broken, TimeoutError, asyncio.CancelledError) as error:
            told[type(error).__name__] += 1
        assert len(pool._all) + pool._connecting <= 5

    for turn in range(100):
        callers = [asyncio.ensure_future(one(turn * 100 + number)) for number in range(dice.randrange(1, 20))]
        for caller in callers:
            if not dice.randrange(8):
                await asyncio.sleep(dice.random() * 0.002)
                caller.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(*callers)
    assert min(told[name] for name in ("answered", "Broken", "TimeoutError", "CancelledError")) > 5, told
    assert repr(pool).endswith(" 0 wait>")
    pool.close()
    await asyncio.sleep(0.01)
    server.close()


# -- TLS, with an authority that exists for this test alone


def authority(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for `names`, and the file of the authority that signed it."""
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of tests")])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)

    def certificate(subject: x509.Name, public: Any) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=9))

    root = certificate(issuer, key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    leaf = certificate(x509.Name([]), own.public_key()).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), True
    )
    pem = serialization.Encoding.PEM
    private = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "root.pem").write_bytes(root.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "leaf.pem").write_bytes(private + leaf.sign(key, hashes.SHA256()).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return context, folder / "root.pem"


async def test_a_carrier_of_the_right_name_and_authority_is_spoken_to(tmp_path: Path) -> None:
    server, root = authority(tmp_path, "localhost")
    async with raw_courier(server) as courier:
        pool = pool_to(courier, "localhost", ssl.create_default_context(cafile=root))
        assert [await ask(pool), await ask(pool)] == [b"ok", b"ok"] and courier.connections == 1
        pool.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", ["another name", "an unknown authority", "no TLS at all"])
async def test_to_anybody_else_nothing_is_sent(tmp_path: Path, fault: str) -> None:
    server, root = authority(tmp_path, "carrier.example" if fault == "another name" else "localhost")
    async with raw_courier(None if fault == "no TLS at all" else server) as courier:
        trusted = None if fault == "an unknown authority" else root
        pool = pool_to(courier, "localhost", ssl.create_default_context(cafile=trusted))
        with pytest.raises(NoConnection):
            await ask(pool)
        assert courier.calls == [] and repr(pool) == "<Pool 0 connections, 0 at rest, 0 wait>"
