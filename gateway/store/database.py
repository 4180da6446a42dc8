"""One door to the database, embedded or shared. Knows engines and transactions; knows no table and no flow.

Above this file all code is the same for both stores: work is a plain function of a SQLAlchemy `Connection`.

*Embedded* (SQLite): one connection, opened by the one process that serves. Work runs on the event loop's own thread, where
a point read costs some 20 µs and no other thread contends for the interpreter; only COMMIT, with its fsync, is handed to a
thread, so that the loop goes on accepting while the disk works. Reads that come meanwhile are done together when it ends.
*Shared* (PostgreSQL): SQLAlchemy's asyncio engine over asyncpg; work runs in its greenlet.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from gateway.store.errors import translate

T = TypeVar("T")
Work = Callable[[Connection], T]
Meanwhile = Callable[[], None]
"""What a writer has to do next and what needs nothing of the disk: done beside the COMMIT. It must not raise: what it finds, it keeps."""

# sqlite3 asks every parameter that is no str, int, float or bytearray for an adapter, by two attribute look-ups that fail with
# a formatted error: a quarter of an insert with ten blobs and nulls. These two give the value back as it is.
sqlite3.register_adapter(bytes, bytes.__bytes__)
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]


class Database(Protocol):
    """What flows, the writer and the verbs know of the store."""

    dialect: Dialect

    async def read(self, work: Work[T]) -> T:
        """Run reads. The result must be plain values: rows do not outlive the call."""
        ...

    async def write(self, work: Work[T], meanwhile: Meanwhile | None = None) -> T:
        """Run `work` in one transaction; durable when it returns, undone when it raises; `meanwhile` once it gets to its COMMIT."""
        ...

    async def close(self) -> None: ...


def open_database(url: str) -> Database:
    """`sqlite:///path` or `postgresql+asyncpg://…`; the scheme chooses the store."""
    if make_url(url).get_backend_name() == "sqlite":
        return EmbeddedDatabase(url)
    return SharedDatabase(url)


class EmbeddedDatabase:
    """SQLite behind one connection, WAL, `synchronous=FULL`: an acknowledged commit survives a power cut."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = asyncio.Lock()
        """Of whoever writes."""
        self._put_off: list[tuple[Work[Any], asyncio.Future[Any]]] | None = None
        """The reads that came during the COMMIT that is under way; None while there is none."""
        self._committer = _Committer()
        self._connection: Connection | None = None
        self.dialect = create_engine(url).dialect

    def _open(self) -> Connection:
        engine = create_engine(
            self._url, poolclass=StaticPool, connect_args={"check_same_thread": False, "isolation_level": None}
        )
        event.listen(engine, "connect", _set_pragmas)
        # The driver must not begin transactions of its own: writers begin IMMEDIATE, reads need none.
        event.listen(engine, "begin", lambda connection: None)
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # To SQLAlchemy the connection stands in one transaction for life: nobody commits through it, a migration least of all.
        connection.begin()
        return connection

    def _live(self) -> Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    async def read(self, work: Work[T]) -> T:
        if self._put_off is None:
            return self._read(work)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put_off.append((work, done))
        return await done

    def _read(self, work: Work[T]) -> T:
        try:
            return work(self._live())
        except SQLAlchemyError as error:
            raise translate(error) from None

    def _catch_up(self) -> None:
        """Do the reads that a COMMIT put off, all at once: to wake each reader for itself costs as much as a small read."""
        put_off, self._put_off = self._put_off or (), None
        for work, done in put_off:
            if done.done():  # cancelled
                continue
            try:
                done.set_result(self._read(work))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the reader's
                done.set_exception(error)
                done.exception()  # a reader that leaves now does not make the loop complain

    async def write(self, work: Work[T], meanwhile: Meanwhile | None = None) -> T:
        async with self._lock:
            try:
                connection = self._live()
                raw: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
                raw.execute("BEGIN IMMEDIATE")
            except (SQLAlchemyError, sqlite3.Error) as error:
                self._reopen_later()
                raise translate(error) from None
            try:
                result = work(connection)
                self._put_off = []
                await self._committer.commit(raw, meanwhile)
                return result
            except (SQLAlchemyError, sqlite3.Error) as error:
                self._roll_back(raw)
                raise translate(error) from None
            except BaseException:
                self._roll_back(raw)
                raise
            finally:
                self._catch_up()

    def _roll_back(self, raw: sqlite3.Connection) -> None:
        try:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        except sqlite3.Error:
            # A disk that fails a rollback has left the handle in doubt; a fresh one recovers from the WAL.
            self._reopen_later()

    def _reopen_later(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.engine.dispose()

    async def close(self) -> None:
        async with self._lock:
            self._reopen_later()
        self._committer.close()


class _Verdict(asyncio.Future[sqlite3.Error | None]):
    """How a COMMIT ended. A COMMIT under way cannot be called back: whoever waits and is cancelled hears of it when the end is known."""

    def cancel(self, msg: Any = None) -> bool:
        return False


class _Committer:
    """The thread that COMMITs. An executor would do, at the price of two futures, four locks and two turns of the loop a COMMIT."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[sqlite3.Connection, _Verdict] | None] = SimpleQueue()
        self._begun: SimpleQueue[None] = SimpleQueue()
        self._thread: Thread | None = None

    async def commit(self, raw: sqlite3.Connection, meanwhile: Meanwhile | None = None) -> None:
        """Return once the transaction is on disk and `meanwhile` is done. Raises what the driver said."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="commit", daemon=True)
            self._thread.start()
        verdict = _Verdict()
        self._asked.put((raw, verdict))
        # The interpreter runs one thread at a time: this one waits until the other has it, and gets it back with the COMMIT.
        self._begun.get()
        try:
            if meanwhile is not None:
                meanwhile()
        finally:
            error = await verdict
        if error is not None:
            raise error

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            raw, verdict = asked
            self._begun.put(None)
            error = None
            try:
                raw.execute("COMMIT")
            except sqlite3.Error as refusal:
                error = refusal
            with suppress(RuntimeError):  # the loop is closed, and with it went whoever waited
                verdict.get_loop().call_soon_threadsafe(verdict.set_result, error)

    def close(self) -> None:
        """Wait for what is under way; a later COMMIT begins a thread anew."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None


def _set_pragmas(raw: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=1000",  # a foreign lock is told as 503 within two seconds
        "secure_delete=ON",
        # 64 MiB: a page comes home once for several orders. With more, whoever waits for the COMMIT that copies them waits longer.
        "wal_autocheckpoint=16000",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        raw.execute(f"PRAGMA {pragma}")


class SharedDatabase:
    """PostgreSQL through asyncpg; needs the extra `veilway[pg]`."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, pool_size=8, max_overflow=8, pool_timeout=2)
        self.dialect = self._engine.dialect

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)

    async def write(self, work: Work[T], meanwhile: Meanwhile | None = None) -> T:
        try:
            async with self._engine.begin() as connection:
                result = await connection.run_sync(work)
                if meanwhile is not None:
                    meanwhile()
                return result
        except (SQLAlchemyError, OSError) as error:
            raise translate(error) from None

    async def close(self) -> None:
        await self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database file."""
    return f"sqlite:///{path}"
