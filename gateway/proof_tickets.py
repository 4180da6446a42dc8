"""Guessing tickets, in process: `python -m gateway.proof_tickets [--guesses 1000000] [--near 10000] [--seed N]`.

Well-formed tickets made up by somebody who knows the form, the host, the carrier and the date, and genuine ones with one thing
changed, go through the very flow that scans go through, each from a source of its own so that no lockout helps; the store's reads
are counted. Then one source guesses on. Exit 1 where a guess is answered, or costs a read that no genuine head earned it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from hashlib import shake_256
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import Dialect

from gateway.flows import make_flows
from gateway.flows.scan import CourierScan, ScanRequest
from gateway.identity import Courier
from gateway.keys import make_keys
from gateway.service import Service, open_service
from gateway.settings import Settings
from gateway.store.database import Database, Meanwhile, Work
from gateway.store.tables import tickets
from gateway.store.unit import Unit
from masking.labels.errors import TicketRefused
from masking.labels.ticket import HEAD_BYTES, TICKET_BYTES, Ticket, issue, parse

CARRIER, GENUINE = "sf-express", 50
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567018abc=/"
T = TypeVar("T")


class Counted:
    """A database that counts its reads."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dialect: Dialect = inner.dialect
        self.reads = 0

    async def read(self, work: Work[T]) -> T:
        self.reads += 1
        return await self._inner.read(work)

    async def write(self, work: Work[T], meanwhile: Meanwhile | None = None) -> T:
        return await self._inner.write(work, meanwhile)

    async def close(self) -> None:
        await self._inner.close()


@dataclass(slots=True)
class Found:
    """What came of it."""

    guesses: int = 0
    guess_reads: int = 0
    near: int = 0
    near_reads: int = 0
    """Genuine heads with another signature: each costs the one read that its tag earned."""
    unearned_reads: int = 0
    hits: int = 0
    genuine_reads: int = 0
    """A control: genuine tickets do reach the store."""
    locked_out_after: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing was reached that should not be, and the controls hold."""
        clean = not (self.hits or self.guess_reads or self.unearned_reads)
        return clean and self.genuine_reads == GENUINE and self.locked_out_after > 0


class Dice:
    """Numbers that a seed repeats."""

    def __init__(self, seed: int) -> None:
        self._seed, self._turn = seed, 0

    def bytes(self, count: int) -> bytes:
        self._turn += 1
        return shake_256(f"{self._seed} {self._turn}".encode()).digest(count)

    def below(self, bound: int) -> int:
        return int.from_bytes(self.bytes(8), "big") % bound


def guesses(count: int, real: list[Ticket], host: str, dice: Dice) -> Iterator[str]:
    """Made-up tickets with a genuine version, key id, date and carrier."""
    for at in range(count):
        known = real[at % len(real)].raw[:7] if at % 4 else b""
        raw = known + dice.bytes(TICKET_BYTES - len(known))
        yield f"HTTPS://{host}/Q/{b32encode(raw).decode().rstrip('=')}"


def near_misses(count: int, real: list[Ticket], host: str, dice: Dice) -> Iterator[str]:
    """Genuine tickets with a bit, a character, half of another or a later date."""
    genuine = {ticket.text(host) for ticket in real}
    while count:
        one, other = real[dice.below(len(real))], real[dice.below(len(real))]
        raw, text = bytearray(one.raw), one.text(host)
        match dice.below(4):
            case 0:
                bit = dice.below(TICKET_BYTES * 8)
                raw[bit // 8] ^= 1 << bit % 8
                text = Ticket(bytes(raw)).text(host)
            case 1:
                cut = 8 + dice.below(TICKET_BYTES - 8)
                text = Ticket(bytes(raw[:cut]) + other.raw[cut:]).text(host)
            case 2:
                raw[2:5] = (int.from_bytes(raw[2:5], "big") + 1 + dice.below(9999)).to_bytes(3, "big")
                text = Ticket(bytes(raw)).text(host)
            case _:
                at = dice.below(len(text))
                text = text[:at] + SIGNS[dice.below(len(SIGNS))] + text[at + 1 :]
        if text not in genuine:
            count -= 1
            yield text


class Guesser:
    """Sends tickets through the flow and counts what they reach."""

    def __init__(self, service: Service, scan: CourierScan, counted: Counted) -> None:
        self._scan, self._counted = scan, counted
        self._courier = Courier("cou_guesser", CARRIER, "delivery")
        self._host = service.settings.ticket_host
        self.hits = 0

    async def reads(self, text: str, source: str) -> int:
        """How many reads one ticket costs."""
        before = self._counted.reads
        try:
            await self._scan.run(ScanRequest(ticket=text), self._courier, source=source)
            self.hits += 1
        except TicketRefused:
            pass
        return self._counted.reads - before


async def prove(folder: Path, count: int, near: int, seed: int) -> Found:
    """Run it all on a store of its own."""
    async with open_service(Settings(folder), keys=make_keys()) as service:
        real = await _issued(service)
        counted = Counted(service.database)
        service.database = counted
        guesser = Guesser(service, make_flows(service).scan, counted)
        host, dice, found, begun = service.settings.ticket_host.upper(), Dice(seed), Found(), time.perf_counter()
        for at, ticket in enumerate(real):
            found.genuine_reads += await guesser.reads(ticket.text(host), f"genuine {at}")
        for at, text in enumerate(guesses(count, real, host, dice)):
            found.guess_reads += await guesser.reads(text, f"guess {at}")
        heads = {ticket.raw[:HEAD_BYTES] for ticket in real}
        for at, text in enumerate(near_misses(near, real, host, dice)):
            cost = await guesser.reads(text, f"near {at}")
            found.near_reads += cost
            found.unearned_reads += cost if not _has_head(text, heads) else max(0, cost - 1)
        found.locked_out_after = await _lockout(guesser, real[0].text(host), service.settings.scan_misses)
        done = time.perf_counter() - begun
        return replace(found, guesses=count, near=near, hits=guesser.hits, seconds=round(done, 1))


async def _issued(service: Service) -> list[Ticket]:
    """Genuine tickets on record. No parcel stands behind them: what matters is who gets as far as looking."""
    now, unit, made = service.clock(), Unit(), []
    ms = int(now.timestamp() * 1000)
    for at in range(GENUINE):
        ticket = issue(service.keys.tickets.signer, audience=CARRIER, expires=now + timedelta(days=30))
        unit.add(tickets, ticket.id, ticket.fingerprint, "shop", f"shp_{at}", CARRIER, ms, ms + 1, None)
        made.append(ticket)
    await service.commit(unit)
    return made


async def _lockout(guesser: Guesser, genuine: str, limit: int) -> int:
    """After how many misses a genuine ticket of the same source does not reach the store; 0 where never, or too early."""
    for _ in range(limit - 1):
        await guesser.reads("HTTPS://V.EXAMPLE/Q/NONSENSE", "one source")
    before, after = [await guesser.reads(genuine, "one source") for _ in range(2)]
    return limit if (before, after) == (1, 0) else 0


def _has_head(text: str, heads: set[bytes]) -> bool:
    """Whether a text has the head of a genuine ticket: version, key id, date, carrier, id and tag, to the bit."""
    try:
        return parse(text).raw[:HEAD_BYTES] in heads
    except TicketRefused:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description="Guess tickets; exit 1 where a guess reaches anything.")
    parser.add_argument("--guesses", type=int, default=1_000_000)
    parser.add_argument("--near", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="veilway-guess-") as folder:
        found = asyncio.run(prove(Path(folder), asked.guesses, asked.near, asked.seed))
    sys.stdout.write(json.dumps({"ok": found.ok, **asdict(found)}) + "\n")
    sys.exit(0 if found.ok else 1)


if __name__ == "__main__":
    main()
