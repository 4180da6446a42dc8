"""Each generator counts what a server really did: good answers, errors, replays, cut connections, and sends no order twice."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = b'{"apiResultCode":"A1000","apiResultData":"{}"}'
OTHER = b'{"apiResultCode":"A1001","apiErrorMsg":"no"}'


def reply(status: str, body: bytes, header: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


ANSWERS = {
    b"good": reply("200 OK", GOOD),
    b"replay": reply("200 OK", GOOD, "Veilway-Replayed: yes\r\n"),
    b"refused": reply("422 Unprocessable Entity", OTHER),
    b"business": reply("200 OK", OTHER),
}


class Carrier:
    """Answers each body by its first word and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: Counter[bytes] = Counter()
        self.heads: set[bytes] = set()
        self.cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            self.bodies[body] += 1
            self.heads.add(head.lower().split(b"content-length")[0])
            word = body.split(b" ")[0]
            if word == b"cut":
                break
            writer.write(ANSWERS[word])
        writer.close()

    @staticmethod
    async def _head(reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


def wrk(url: str, corpus: Path) -> list[str]:
    script = str(ROOT / "load/wrk/orders.lua")
    return ["wrk", "-t2", "-c4", "-d1s", "-s", script, url, "--", str(corpus), "vw_key", "2", "text/plain"]


def own(url: str, corpus: Path) -> list[str]:
    return [sys.executable, "-m", "load.generator", url, str(corpus), "vw_key", "--connections", "4", "--seconds", "1"]


def steady(url: str, corpus: Path) -> list[str]:
    rate = ["--rate", "400", "--seconds", "1", "--connections", "4"]
    return [sys.executable, "-m", "load.open_model", url, str(corpus), "vw_key", *rate]


needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not here (Debian: apt-get install wrk)")
EVERY = [
    pytest.param(wrk, marks=needs_wrk, id="wrk"),
    pytest.param(own, id="own"),
    pytest.param(steady, id="open model"),
]


async def drive(command: Any, folder: Path, lines: list[bytes]) -> tuple[dict[str, Any], Carrier]:
    corpus = folder / "corpus"
    corpus.write_bytes(b"\n".join(lines) + b"\n")
    carrier = Carrier()
    server = await asyncio.start_server(carrier.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/c/sf-express/std/service"
    run = await asyncio.create_subprocess_exec(
        *command(url, corpus), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await run.communicate()
    server.close()
    lines_out = [line for line in (out + err).decode().splitlines() if line.startswith("{")]
    assert lines_out, err.decode()
    return json.loads(lines_out[-1]), carrier


@pytest.mark.parametrize("command", EVERY)
async def test_errors_and_replays_are_told_apart_and_no_order_is_sent_twice(command: Any, tmp_path: Path) -> None:
    kinds = [b"good"] * 100 + [b"replay"] * 7 + [b"refused"] * 5 + [b"business"] * 3
    counted, carrier = await drive(command, tmp_path, [kind + b" %d" % at for at, kind in enumerate(kinds)])
    figures = {name: counted[name] for name in ("answers", "bad", "replays", "broken", "exhausted")}
    # wrk ends its threads as soon as the corpus is at its end; answers then under way, one a connection, stay uncounted.
    assert figures["exhausted"] == 1 and figures["broken"] == 0
    assert set(carrier.bodies.values()) == {1}
    sent = Counter(body.split(b" ")[0] for body in carrier.bodies)
    assert figures["replays"] <= sent[b"replay"] and figures["bad"] <= sent[b"refused"] + sent[b"business"]
    assert len(kinds) - 8 <= figures["answers"] <= len(kinds)
    if command is not wrk:
        assert figures == {"answers": 115, "bad": 8, "replays": 7, "broken": 0, "exhausted": 1}


@pytest.mark.parametrize("command", EVERY)
async def test_the_shop_s_key_and_the_body_s_kind_are_sent(command: Any, tmp_path: Path) -> None:
    _, carrier = await drive(command, tmp_path, [b"good %d" % at for at in range(20)])
    (head,) = carrier.heads
    assert head.startswith(b"post /c/sf-express/std/service http/1.1") and b"authorization: bearer vw_key" in head


@pytest.mark.parametrize("command", EVERY[1:])
async def test_a_cut_connection_counts_as_broken(command: Any, tmp_path: Path) -> None:
    counted, _ = await drive(command, tmp_path, [b"good 1", b"cut 2", b"good 3", b"good 4"])
    assert (counted["answers"], counted["broken"]) == (3, 1)
