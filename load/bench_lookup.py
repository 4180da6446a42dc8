"""What one call's look-up costs at 10^4, 10^6 and 10^7 active bindings: the gateway's own read, on the gateway's own schema.

Each size is a store of its own, filled in one statement, then asked about random slots by the two who may call: the bound party and
a stranger. A look-up is everything that a decision needs (`gateway.flows.relay_facts.find`), not one row. One JSON line, the last on stdout.
Run: `python -m load.bench_lookup [--sizes 10000,1000000,10000000] [--lookups 20000] [--url postgresql+asyncpg://…]` (an empty database).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.flows.relay_facts import Question, find
from gateway.flows.relays import party_index
from gateway.store.config_tables import numbers, pools
from gateway.store.database import Database, open_database
from gateway.store.migrate import migrate
from gateway.store.tables import bindings
from masking.keyring import Keyring

PER_NUMBER = 10_000  # four digits of extension
FIRST_X = 17_000_000_000
KNOWN = 2_000  # bindings whose party the bench knows, spread evenly
TARGET = 1.5
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

FILL = """
INSERT INTO bindings (x, ext, turn, tenant, shipment, carrier, role, scheme, party, owner, bound_at, expires_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {size})
SELECT CAST({first} + i / {per} AS TEXT), substr(CAST({per} + i % {per} AS TEXT), 2), 1, 'shop', 's' || CAST(i AS TEXT),
       'sf-express', 'recipient', 'axn-ext', {random}, {random}, {now}, {now} + 1296000000 + i FROM n
"""
RANDOM = {"sqlite": "randomblob(16)", "postgresql": "decode(md5(CAST(random() AS TEXT) || CAST(i AS TEXT)), 'hex')"}


def slot(i: int) -> tuple[str, str]:
    """The i-th binding's X and extension."""
    return str(FIRST_X + i // PER_NUMBER), f"{i % PER_NUMBER:04d}"


def phone(i: int) -> str:
    """The phone of a party that the bench knows."""
    return f"+8613{i:09d}"


def fill(connection: Connection, keyring: Keyring, size: int) -> None:
    """`size` active bindings on as many numbers as they need; indexes are built afterwards, as a restore does."""
    now = int(NOW.timestamp() * 1000)
    pool = {"name": "bench", "scheme": "axn-ext", "ext_digits": 4, "created_at": now}
    connection.execute(insert(pools).values(pool))
    xs = [str(FIRST_X + k) for k in range(-(-size // PER_NUMBER))]
    connection.execute(insert(numbers), [{"x": x, "pool": "bench", "added_at": now} for x in xs])
    for index in bindings.indexes:
        index.drop(connection)
    random_bytes = RANDOM[connection.dialect.name]
    connection.execute(text(FILL.format(size=size, first=FIRST_X, per=PER_NUMBER, random=random_bytes, now=now)))
    for i in known(size):
        x, ext = slot(i)
        held = update(bindings).where(bindings.c.x == x, bindings.c.ext == ext, bindings.c.turn == 1)
        connection.execute(held.values(party=party_index(keyring, x, phone(i))))
    for index in sorted(bindings.indexes, key=lambda index: str(index.name)):
        index.create(connection)
    connection.execute(text("ANALYZE"))


def known(size: int) -> range:
    """The bindings whose party is known."""
    return range(0, size, max(1, size // KNOWN))


def empty(connection: Connection) -> None:
    """Nothing of an earlier size is left."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("TRUNCATE bindings"))
    for table in (bindings, numbers, pools):
        connection.execute(delete(table))


def ask(
    connection: Connection, keyring: Keyring, size: int, lookups: int, seed: int
) -> tuple[list[float], list[float]]:
    """Microseconds of each look-up, by the clock and of this process's own work; every answer is checked."""
    rng = random.Random(seed)  # which slots are asked; no secret
    spent, worked = [], []
    for nth in range(lookups):
        i = rng.choice(known(size)) if nth % 2 else rng.randrange(size)
        x, ext = slot(i)
        caller = phone(i) if nth % 2 else "+8613900000000"
        begun, own = time.perf_counter(), time.thread_time()
        found = find(connection, keyring, Question(caller, x, ext, NOW))
        spent.append((time.perf_counter() - begun) * 1e6)
        worked.append((time.thread_time() - own) * 1e6)
        if not any(binding.slot == (x, ext, 1) for binding in found.bindings):
            raise SystemExit(f"the binding at {x} {ext} was not found")
    return spent, worked


def folder_mb(folder: Path) -> int:
    """What a folder's files take together, in MiB."""
    return sum(path.stat().st_size for path in folder.iterdir()) >> 20


async def settle(url: str) -> None:
    """What a shared store's own housekeeping does soon after a load: rows that were just written cost their first reader more."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM ANALYZE bindings"))
    await engine.dispose()


def table_mb(connection: Connection) -> int:
    """What the bindings and their indexes take in a shared store, in MiB."""
    return int(connection.scalar(text("SELECT pg_total_relation_size('bindings')")) or 0) >> 20


async def measure(database: Database, size: int, lookups: int, url: str, folder: Path | None) -> dict[str, Any]:
    """One size, filled and asked; the first tenth warms up and is not counted."""
    keyring = Keyring.generate()
    begun = time.perf_counter()
    await database.write(lambda connection: fill(connection, keyring, size))
    if url:
        await settle(url)
    filled = time.perf_counter() - begun
    await database.read(lambda connection: ask(connection, keyring, size, lookups // 10, 1))
    spent, worked = map(sorted, await database.read(lambda connection: ask(connection, keyring, size, lookups, 2)))
    held = await database.read(
        lambda connection: int(connection.scalar(select(func.count()).select_from(bindings)) or 0)
    )
    row = {
        "bindings": held,
        "p50_us": round(statistics.median(spent), 1),
        "p99_us": round(spent[int(len(spent) * 0.99)], 1),
        # What others do on this machine is not in it; with a shared store the server's part is not, either.
        "p99_own_us": round(worked[int(len(worked) * 0.99)], 1),
        "fill_s": round(filled, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    row["store_mb"] = folder_mb(folder) if folder else await database.read(table_mb)
    print(
        f"{held:>11,} bindings: p50 {row['p50_us']} µs, p99 {row['p99_us']} µs, own {row['p99_own_us']} µs",
        file=sys.stderr,
        flush=True,
    )
    return row


async def run(sizes: Sequence[int], lookups: int, url: str) -> dict[str, Any]:
    """All sizes on one kind of store."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="veilway-lookup-") as name:
            database = open_database(url or f"sqlite:///{name}/store.db")
            try:
                await database.write(migrate)
                await database.write(empty)
                rows.append(await measure(database, size, lookups, url, None if url else Path(name)))
                await database.write(empty) if url else None
            finally:
                await database.close()
    ratios = {
        f"{name}_ratio": round(rows[-1][f"{name}_us"] / rows[0][f"{name}_us"], 2) for name in ("p50", "p99", "p99_own")
    }
    return {"store": url.split(":")[0].split("+")[0] or "sqlite", **ratios, "target": TARGET, "sizes": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a call's look-up costs as bindings grow; one JSON line.")
    parser.add_argument("--sizes", default="10000,1000000,10000000")
    parser.add_argument("--lookups", type=int, default=20_000)
    parser.add_argument(
        "--url", default="", help="a shared store that is empty; without it SQLite in a folder of its own"
    )
    asked = parser.parse_args()
    sizes = [int(word) for word in asked.sizes.split(",")]
    print(json.dumps(asyncio.run(run(sizes, asked.lookups, asked.url))))


if __name__ == "__main__":
    main()
