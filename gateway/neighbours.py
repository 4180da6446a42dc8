"""What the processes on one store must know of each other to count right: device proofs that were spent, and tickets that were missed.

With the embedded store there is one process: it counts in memory and nothing is written. Beside others a proof is taken in the store
before anything is done with it, so that it holds once and not once a process; misses are told and heard twice a second, so that a
source is locked out at the limit and not at the limit times the processes, late by that half second and two misses a process.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from gateway.store.database import Database
from gateway.store.errors import Conflict
from gateway.store.tables import scan_misses, spent_proofs
from masking.device_proof import WINDOW, Nonces, ProofRefused
from masking.keyring import Keyring
from masking.vault import blind_index

EVERY = 0.5
SOURCES = 100_000  # sources of misses remembered at once
TOLD_FROM = 3  # misses a minute from which a source is worth telling: a flood of made-up sources misses once each
TOLD_AT_ONCE = 2_000
KEPT = 2 * WINDOW + timedelta(minutes=1)
"""How long a spent proof stands: after two windows no proof with its nonce holds, and clocks differ a little."""


class Neighbours:
    """One process's counts, and what it heard of the others'."""

    def __init__(self, database: Database, keyring: Keyring, holder: str, *, alone: bool, limit: int) -> None:
        self._database, self._keyring, self._holder = database, keyring, holder
        self._alone, self._limit = alone, limit
        self._nonces = Nonces()
        self._own: OrderedDict[tuple[int, str], int] = OrderedDict()
        self._untold: set[tuple[int, str]] = set()
        self._heard: dict[tuple[int, bytes], int] = {}
        self._swept = 0

    def __repr__(self) -> str:
        return f"<Neighbours {'alone' if self._alone else self._holder}, {len(self._own)} sources missed>"

    async def spend(self, courier: str, nonce: str, now: datetime) -> None:
        """Take a proof's nonce, once in all processes. Raises `proof_refused` where it is taken."""
        self._nonces.spend(courier, nonce, now)
        if self._alone:
            return
        row = {"courier": courier, "nonce": sha256(nonce.encode()).digest()[:16], "at": _ms(now)}
        try:
            await self._database.write(lambda connection: connection.execute(insert(spent_proofs).values(row)))
        except Conflict:
            raise ProofRefused("the request does not prove that it comes from the enrolled device") from None

    def locked(self, source: str, now: datetime) -> bool:
        """Whether the source has missed as often as it may, here and as far as was heard from the others."""
        minute = _minute(now)
        missed = self._own.get((minute, source), 0)
        if self._heard:
            missed += self._heard.get((minute, self._index(source)), 0)
        return missed >= self._limit

    def miss(self, source: str, now: datetime) -> None:
        """Count a refused ticket."""
        key = (_minute(now), source)
        self._own[key] = self._own.get(key, 0) + 1
        self._own.move_to_end(key)
        if len(self._own) > SOURCES:
            self._own.popitem(last=False)
        if not self._alone and self._own[key] >= TOLD_FROM:
            self._untold.add(key)

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Tell and hear until cancelled; nothing to do for a process alone."""
        while not self._alone:
            await asyncio.sleep(EVERY)
            with suppress(Conflict):  # two processes sweep at once
                await self.exchange(clock())

    async def exchange(self, now: datetime) -> None:
        """Tell the others what was missed here, hear what was missed there, forget what is over."""
        minute = _minute(now)
        telling = sorted(self._untold)[-TOLD_AT_ONCE:]
        rows = [
            {"minute": key[0], "source": self._index(key[1]), "holder": self._holder, "count": self._own.get(key, 0)}
            for key in telling
        ]
        if rows:
            await self._database.write(lambda connection: self._tell(connection, rows))
            self._untold.difference_update(telling)
        self._heard = await self._database.read(lambda connection: self._hear(connection, minute))
        if minute != self._swept:
            self._swept = minute
            before = _ms(now - KEPT)
            await self._database.write(lambda connection: _sweep(connection, minute - 2, before))

    def _tell(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        ours = scan_misses.c.holder == self._holder
        for minute in {row["minute"] for row in rows}:
            told = [row["source"] for row in rows if row["minute"] == minute]
            connection.execute(
                delete(scan_misses).where(ours, scan_misses.c.minute == minute, scan_misses.c.source.in_(told))
            )
        connection.execute(insert(scan_misses), rows)

    def _hear(self, connection: Connection, minute: int) -> dict[tuple[int, bytes], int]:
        theirs = (
            select(scan_misses.c.source, func.sum(scan_misses.c["count"]))
            .where(scan_misses.c.minute == minute, scan_misses.c.holder != self._holder)
            .group_by(scan_misses.c.source)
            .order_by(func.sum(scan_misses.c["count"]).desc())
            .limit(SOURCES)
        )
        return {(minute, bytes(source)): int(count) for source, count in connection.execute(theirs)}

    def _index(self, source: str) -> bytes:
        return blind_index(self._keyring, "#misses", "source", source)


def _sweep(connection: Connection, minute: int, before: int) -> None:
    connection.execute(delete(scan_misses).where(scan_misses.c.minute < minute))
    connection.execute(delete(spent_proofs).where(spent_proofs.c.at < before))


def _minute(now: datetime) -> int:
    return int(now.timestamp() // 60)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
