"""Blocks of relay numbers, leased to processes, so that two of them never give out one slot. Rare and off the hot path.

A block is a run of a number's extensions. The embedded store has one process, which takes every block for good. With the
shared store each process claims some blocks, renews them while it lives, and a dead one's fall free when the lease ends. Even
a process that sleeps past its lease cannot bind twice: (X, extension, turn) is the binding's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from gateway.store.relay_reads import FIT, PoolRow
from gateway.store.tables import number_blocks, numbers

LEASE = timedelta(minutes=2)
BLOCK = 1000  # extensions a block: ten blocks a number with four digits
SHARE = 64  # blocks that one process claims at a time from the shared store


@dataclass(frozen=True, slots=True)
class Block:
    """Extensions `first` to `last` of X; both empty where the number is dialled whole."""

    x: str
    first: str
    last: str

    @property
    def extensions(self) -> range:
        """The extensions as integers; an empty range says that X is whole."""
        return range(int(self.first), int(self.last) + 1) if self.first else range(0)


def add_blocks(connection: Connection, x: str, ext_digits: int) -> None:
    """Cut a number that was just added into free blocks."""
    spans = [("", "")]
    if ext_digits:
        places = 10**ext_digits
        spans = [
            (f"{first:0{ext_digits}d}", f"{min(first + BLOCK, places) - 1:0{ext_digits}d}")
            for first in range(0, places, BLOCK)
        ]
    rows = [{"x": x, "first_ext": a, "last_ext": b, "holder": "", "lease_until": 0} for a, b in spans]
    connection.execute(insert(number_blocks), rows)


def claim_blocks(connection: Connection, pool: PoolRow, *, holder: str, now: datetime, everything: bool) -> list[Block]:
    """Renew what this holder has and claim more; gives all that it now holds of the pool."""
    ms = int(now.timestamp() * 1000)
    until = ms + int(LEASE.total_seconds() * 1000)
    mine = select(numbers.c.x).where(numbers.c.pool == pool.name, *FIT)
    free = or_(number_blocks.c.holder == holder, number_blocks.c.lease_until < ms)
    if everything:
        free = or_(free, number_blocks.c.lease_until >= ms)
    wanted = select(number_blocks.c.x, number_blocks.c.first_ext).where(number_blocks.c.x.in_(mine), free)
    if not everything:
        # The holder's own first, then others; a row that another process claims at this moment is passed over.
        wanted = wanted.order_by(number_blocks.c.holder != holder, number_blocks.c.x).limit(SHARE)
        wanted = wanted.with_for_update(skip_locked=True)
    for x, first in connection.execute(wanted).all():
        connection.execute(
            update(number_blocks)
            .where(number_blocks.c.x == x, number_blocks.c.first_ext == first)
            .values(holder=holder, lease_until=until)
        )
    rows = connection.execute(
        select(number_blocks.c.x, number_blocks.c.first_ext, number_blocks.c.last_ext).where(
            number_blocks.c.holder == holder, number_blocks.c.x.in_(mine)
        )
    )
    return [Block(r.x, r.first_ext, r.last_ext) for r in rows]


def renew(connection: Connection, *, holder: str, now: datetime) -> int:
    """Keep what this holder has; gives how many blocks."""
    until = int((now + LEASE).timestamp() * 1000)
    done = connection.execute(update(number_blocks).where(number_blocks.c.holder == holder).values(lease_until=until))
    return done.rowcount


def let_go(connection: Connection, *, holder: str) -> None:
    """Give all blocks back at an orderly stop."""
    connection.execute(update(number_blocks).where(number_blocks.c.holder == holder).values(holder="", lease_until=0))
