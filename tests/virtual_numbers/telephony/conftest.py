"""A real Kamailio on loopback for one test, the decision server it asks, and rtpengine where there is one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from virtual_numbers.pool import PoolPolicy
from virtual_numbers.providers.sip import Frames, read_question, write_decision
from virtual_numbers.reference import Reference
from virtual_numbers.relay import RelayPolicy

CONFIG = Path(__file__).parents[3] / "deploy" / "kamailio" / "kamailio.cfg"
CALLERS, CALLEES = "13888", "13999"  # prefixes by which a leaked number is known
X = "17000000001"


def index(phone: str) -> bytes:
    return hashlib.blake2b(phone.encode(), key=b"test", digest_size=16).digest()


@dataclass
class Told:
    action: str
    reason: str
    callee: str = ""
    display: str = ""
    ring_seconds: int = 25
    longest_seconds: int = 600


@dataclass
class Decider:
    """The decision server: one asyncio client of evapi over the in-memory relay. `mute` reads questions and never answers."""

    port: int
    trunk: str
    mute: bool = False
    bindings: int = 400
    takes: float = 0.0
    """Seconds that a decision takes."""
    longest: int = 600
    ring: int = 25
    asked: list[str] = field(default_factory=list)
    """The callers of every question so far."""

    def __post_init__(self) -> None:
        self.relay = Reference(
            PoolPolicy(occupancy=1.0), [(X, range(10_000))], relay=RelayPolicy(wrong_per_minute=10**6)
        )
        self.phones = {index(phone): phone for phone in (f"{CALLEES}{n:06d}" for n in range(self.bindings))}
        now = datetime.now(UTC)
        self.exts = [self.relay.bind(f"s{n}", party, now).ext for n, party in enumerate(self.phones)]
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Decider:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10), "Kamailio does not listen"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        assert self._thread is not None
        self._thread.join(10)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        reader, writer = await connect(self.port)
        ready.set()
        task = asyncio.create_task(self._answer(reader, writer))
        await self._stop.wait()
        task.cancel()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames()
        while data := await reader.read(65536):
            for payload in frames.feed(data):
                asked = read_question(payload)
                self.asked.append(asked.caller)
                await asyncio.sleep(self.takes)
                if not self.mute:
                    writer.write(
                        write_decision(
                            asked,
                            self._decide(asked.caller, asked.called, asked.ext),
                            trunk=self.trunk,
                            domain="relay.example.com",
                        )
                    )

    def _decide(self, caller: str, called: str, ext: str) -> Told:
        decision = self.relay.call(index(caller.lstrip("+")), called, ext, datetime.now(UTC))
        told = Told(
            decision.action, decision.reason.value, self.phones.get(decision.callee_index, ""), decision.display
        )
        told.longest_seconds, told.ring_seconds = self.longest, self.ring
        return told


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
    raise AssertionError("no evapi port")


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Switch:
    sip: int
    evapi: int
    callee: int


@contextlib.contextmanager
def kamailio(folder: Path, ports: Switch, **defines: str) -> Iterator[Switch]:
    """A Kamailio with the configuration that is shipped."""
    settings = {
        "LISTEN_ADDR": f"udp:127.0.0.1:{ports.sip}",
        "EVAPI_ADDR": f'"127.0.0.1:{ports.evapi}"',
        "CHILDREN": "2",
    } | defines
    arguments = [word for name, value in settings.items() for word in ("-A", f"{name}={value}")]
    log = (folder / "kamailio.log").open("wb")
    command = [
        "kamailio", "-DD", "-E", "-f", str(CONFIG), "-P", str(folder / "pid"), "-Y", str(folder), "-m", "64", "-M", "8", *arguments,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _answers(ports.sip)
        yield ports
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _answers(port: int) -> None:
    """Until it answers OPTIONS: before that a call is neither taken nor refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(0.2)
        own = one.getsockname()[1]
        asked = (
            f"OPTIONS sip:x@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own}\r\n"
            f"From: <sip:a@b>;tag=1\r\nTo: <sip:x@b>\r\nCall-ID: {own}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 9\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        for _ in range(100):
            with contextlib.suppress(OSError):
                one.sendto(asked.encode(), ("127.0.0.1", port))
                if one.recv(2000).startswith(b"SIP/2.0 200"):
                    return
            time.sleep(0.05)
    raise AssertionError("Kamailio does not answer")


def new_ports() -> Switch:
    return Switch(free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM))


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    with kamailio(tmp_path, new_ports()) as ports:
        yield ports
    log = (tmp_path / "kamailio.log").read_text(errors="replace")
    assert CALLERS not in log and CALLEES not in log, "a number in the switch's own log"


@dataclass
class Anchor:
    """A running rtpengine."""

    port: int
    address: str
    process: subprocess.Popen[bytes]


@pytest.fixture
def rtpengine(tmp_path: Path) -> Iterator[Anchor]:
    """Debian's rtpengine, forwarding in user space: no kernel module is needed for a test."""
    if shutil.which("rtpengine") is None:
        pytest.skip("rtpengine not installed: apt-get install rtpengine-daemon")
    port, address = free_port(socket.SOCK_DGRAM), "127.0.0.4"
    log = (tmp_path / "rtpengine.log").open("wb")
    command = [
        "rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--table=-1", f"--interface={address}",
        f"--listen-ng=127.0.0.1:{port}", "--port-min=31000", "--port-max=31400", "--num-threads=1",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _pinged(port, process)
        yield Anchor(port, address, process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _pinged(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it answers; skips where it ends at once, which says that it cannot run on this kernel."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(0.1)
        for _ in range(100):
            if process.poll() is not None:
                pytest.skip(f"rtpengine does not run here (exit {process.returncode})")
            with contextlib.suppress(OSError):
                one.sendto(b"1 d7:command4:pinge", ("127.0.0.1", port))
                if b"pong" in one.recv(200):
                    return
            time.sleep(0.05)
    raise AssertionError("rtpengine does not answer")
