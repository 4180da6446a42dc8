"""Many units, one transaction, one fsync. The only writer of the hot path; knows units, rows and the audit chain.

No timer: a batch is what queued while the last COMMIT ran and while the loop's turns brought more, so an idle service adds no delay
and a busy one fills its batches by itself. The queue is bounded (`Overloaded` past it). A unit that breaks a constraint, or whose
own work refuses, fails alone: its batch is rolled back and written again with a savepoint a unit. A cancelled caller does not cancel its write.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.store.database import Database, Meanwhile
from gateway.store.errors import Conflict, Overloaded, StoreError, StoreUnavailable
from gateway.store.tables import AGAIN, HOT, RECORDED, audit, audit_checkpoints
from gateway.store.unit import Unit
from masking.audit import Chain

ENOUGH = 32  # units make a batch that need not wait for more
CROWD = 64  # the same of units whose callers have something to do meanwhile: the more go in step, the less each costs
BATCH = 256  # bounds the time that one transaction holds the writer
ORDER = {table: rank for rank, table in enumerate((*HOT, *RECORDED))}


@dataclass(slots=True)
class _Ticket:
    unit: Unit
    receipt: asyncio.Future[None]
    meanwhile: Meanwhile | None


class _Refused(Exception):
    """One unit was refused, by a constraint or by its own work; `error` is what its caller gets."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Inserts:
    """INSERT statements, compiled once for the store's dialect and run on the driver's own cursor: a row is then a tuple and costs no more."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._text: dict[Table, str] = {}

    def __call__(self, connection: Connection, table: Table, rows: list[Any]) -> None:
        """Add `rows`. Raises `Conflict` or `StoreUnavailable`."""
        driver = self._dialect.loaded_dbapi
        cursor = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]  # past the pool's wrapper, as reads
        try:
            cursor.executemany(self.text(table), rows)
        except driver.IntegrityError:
            raise Conflict("a row with this key is already stored") from None
        except driver.Error as error:
            raise StoreUnavailable(f"the store answered {type(error).__name__}") from None
        finally:
            cursor.close()

    def text(self, table: Table) -> str:
        """The statement for one table."""
        text = self._text.get(table)
        if text is None:
            keys = [column.name for column in table.columns if table is not audit or column.name != "id"]
            text = str(insert(table).compile(dialect=self._dialect, column_keys=keys))
            if table in AGAIN:
                text += " ON CONFLICT DO NOTHING"
            self._text[table] = text
        return text


class GroupCommit:
    """The writer of one process and keeper of its audit chain. `run()` is its task; `commit()` is all that a flow knows."""

    def __init__(self, database: Database, *, origin: str, limit: int = 4096) -> None:
        self._database = database
        self._inserts = Inserts(database.dialect)
        self._origin = origin
        self._limit = limit
        self._waiting: deque[_Ticket] = deque()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self.chain: Chain | None = None
        self.batches = 0
        self.units = 0
        self.on_commit: Callable[[Chain], None] = lambda chain: None
        """Called after each COMMIT with the chain as it now stands (checkpoints listen here)."""

    def __repr__(self) -> str:
        mean = self.units / self.batches if self.batches else 0
        return f"<GroupCommit {len(self._waiting)} waiting, {self.batches} batches of {mean:.1f} units>"

    @property
    def waiting(self) -> int:
        """Units that are queued and not yet durable."""
        return len(self._waiting)

    async def commit(self, unit: Unit, meanwhile: Meanwhile | None = None) -> None:
        """Return once the unit is on disk. The caller may be cancelled; the write is not.

        `meanwhile` is done once while the disk works, before this returns; where the unit fails, maybe not at all. Raises `Conflict`
        (this unit alone), what its own work raised, `StoreUnavailable` or `Overloaded`; in each case nothing of it is durable.
        """
        if self._closing or len(self._waiting) >= self._limit:
            raise Overloaded("more waits to be written than the bound allows")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()  # Python 3.11 asks the system each time
        receipt: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(_Ticket(unit, receipt, meanwhile))
        self._wake.set()
        # A caller that is cancelled here cancels its receipt; the unit is queued and will be written all the same.
        await receipt

    async def run(self) -> None:
        """Write batches until `close()`; what was accepted before is written first."""
        while not (self._closing and not self._waiting):
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._gather()
            waiting = len(self._waiting)
            # Where everybody waits for the disk, and has nothing to do meanwhile, nobody works: of many, half go first.
            take = min(BATCH, waiting if waiting < 2 * self._enough() else waiting // 2)
            await self._write([self._waiting.popleft() for _ in range(take)])

    async def _gather(self) -> None:
        """Let whoever is ready add a unit: a batch costs as much as a dozen of them, and those who leave it together stay together."""
        held, enough = 0, self._enough()
        while held < len(self._waiting) < enough:
            held = len(self._waiting)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _enough(self) -> int:
        return ENOUGH if self._waiting[0].meanwhile is None else CROWD

    def close(self) -> None:
        """Accept no more; `run()` drains and returns."""
        self._closing = True
        self._wake.set()

    async def _write(self, batch: list[_Ticket]) -> None:
        try:
            await self._write_units(batch, self._write_together)
        except (Conflict, _Refused):
            await self._settle_apart(batch)
        except StoreError as error:
            self.chain = None  # a failed disk leaves in doubt what is there: the chain is read anew
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - the writer must outlive any one batch; the error is each caller's to report
            self.chain = None
            _fail(batch, StoreUnavailable(f"the writer failed with {type(error).__name__}"))
        else:
            _settle(batch)

    async def _write_units(
        self, batch: list[_Ticket], write: Callable[[Connection, Chain, list[_Ticket]], Chain]
    ) -> None:
        if self.chain is None:
            self.chain = await self._database.read(lambda connection: load_chain(connection, self._origin))
        before = self.chain
        later = [ticket.meanwhile for ticket in batch if ticket.meanwhile is not None]
        self.chain = await self._database.write(
            lambda connection: write(connection, before, batch), partial(_do, later) if later else None
        )
        self.batches += 1
        self.units += len(batch)
        self.on_commit(self.chain)

    def _write_together(self, connection: Connection, chain: Chain, batch: list[_Ticket]) -> Chain:
        self._insert(connection, [ticket.unit for ticket in batch])
        entries = [entry for ticket in batch for entry in ticket.unit.entries]
        for ticket in batch:
            if ticket.unit.work is not None:
                try:
                    entries += ticket.unit.work(connection)
                except (StoreError, SQLAlchemyError):
                    raise
                except Exception as error:  # noqa: BLE001 - it is one caller's, to whom `_settle_apart` gives it
                    raise _Refused(error) from None
        return self._record(connection, chain, entries)

    async def _settle_apart(self, batch: list[_Ticket]) -> None:
        """One of the batch breaks a constraint or refuses: the same transaction again with a savepoint a unit, so that it fails alone."""
        refused: list[tuple[_Ticket, Exception]] = []

        def write(connection: Connection, chain: Chain, tickets: list[_Ticket]) -> Chain:
            refused.clear()
            entries: list[bytes] = []
            for ticket in tickets:
                try:
                    entries += self._write_alone(connection, ticket.unit)
                except _Refused as refusal:
                    refused.append((ticket, refusal.error))
            return self._record(connection, chain, entries)

        try:
            await self._write_units(batch, write)
        except StoreError as fault:
            self.chain = None
            _fail(batch, fault)
            return
        for ticket, error in refused:
            _fail([ticket], error)
        _settle(batch)

    def _write_alone(self, connection: Connection, unit: Unit) -> Sequence[bytes]:
        """One unit within a savepoint; gives its audit entries. Where it is refused nothing of it stays; a fault of the store ends the batch."""
        connection.exec_driver_sql("SAVEPOINT unit")
        refusal: Exception
        try:
            self._insert(connection, [unit])
            entries = [*unit.entries, *(unit.work(connection) if unit.work else ())]
        except (IntegrityError, Conflict):
            refusal = Conflict("a row with this key is already stored")
        except (StoreError, SQLAlchemyError):
            raise
        except Exception as error:  # noqa: BLE001 - this unit's, and nobody else's
            refusal = error
        else:
            connection.exec_driver_sql("RELEASE SAVEPOINT unit")
            return entries
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
        raise _Refused(refusal)

    def _insert(self, connection: Connection, units: Sequence[Unit]) -> None:
        rows: dict[Table, list[Any]] = {}
        for unit in units:
            for table, values in unit.rows:
                rows.setdefault(table, []).append(values)
        for table in sorted(rows, key=ORDER.__getitem__):
            self._inserts(connection, table, rows[table])

    def _record(self, connection: Connection, chain: Chain, entries: list[bytes]) -> Chain:
        if not entries:
            return chain
        batch, chain = chain.extend(entries)
        row = (chain.origin, batch.first_seq, batch.count, batch.entries, batch.link)
        self._inserts(connection, audit, [row])
        return chain


def _do(jobs: list[Meanwhile]) -> None:
    """Do them in a row. Where one core has both threads, the one that hands pages to the disk goes first: while it waits, there is work."""
    os.sched_yield()
    for job in jobs:
        job()


def _settle(batch: list[_Ticket]) -> None:
    for ticket in batch:
        if not ticket.receipt.done():
            ticket.receipt.set_result(None)


def _fail(batch: list[_Ticket], error: Exception) -> None:
    for ticket in batch:
        if not ticket.receipt.done():
            ticket.receipt.set_exception(error)
            ticket.receipt.exception()  # a caller that left does not make the loop complain


def load_chain(connection: Connection, origin: str) -> Chain:
    """The chain of `origin` as stored: from its newest checkpoint on, so that a start does not read the whole log."""
    kept = connection.execute(
        select(audit_checkpoints.c.state)
        .where(audit_checkpoints.c.chain == origin)
        .order_by(audit_checkpoints.c.size.desc())
        .limit(1)
    ).scalar()
    chain = Chain.from_bytes(origin, bytes(kept)) if kept is not None else Chain.empty(origin)
    rows = connection.execute(
        select(audit.c.entries)
        .where(audit.c.chain == origin, audit.c.first_seq >= chain.size)
        .order_by(audit.c.first_seq)
        .execution_options(yield_per=64)
    )
    for (entries,) in rows:
        _, chain = chain.extend(bytes(entries).split(b"\n"))
    return chain
