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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from gateway.store.errors import StoreUnavailable, translate

T = TypeVar("T")
Work = Callable[[Connection], T]

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

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction; durable when it returns, undone when it raises."""
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
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._connection: Connection | None = None
        self.dialect = create_engine(url).dialect

    def _open(self) -> Connection:
        engine = create_engine(
            self._url, poolclass=StaticPool, connect_args={"check_same_thread": False, "isolation_level": None}
        )
        event.listen(engine, "connect", _set_pragmas)
        # The driver must not begin transactions of its own: writers begin IMMEDIATE, reads need none.
        event.listen(engine, "begin", lambda connection: None)
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

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

    async def write(self, work: Work[T]) -> T:
        async with self._lock:
            try:
                connection = self._live()
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except SQLAlchemyError as error:
                self._reopen_later()
                raise translate(error) from None
            raw: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
            try:
                result = work(connection)
                self._put_off = []
                commit = asyncio.get_running_loop().run_in_executor(self._thread, raw.execute, "COMMIT")
                # The caller may be cancelled; a COMMIT under way may not: the lock is held until it is known.
                await _finish(commit)
                return result
            except (SQLAlchemyError, sqlite3.Error) as error:
                self._roll_back(raw)
                if isinstance(error, SQLAlchemyError):
                    raise translate(error) from None
                raise StoreUnavailable(f"the store answered {type(error).__name__} at commit") from None
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
        self._thread.shutdown()


async def _finish(commit: asyncio.Future[Any]) -> None:
    """Wait for `commit` even through a cancellation, then let the cancellation go on."""
    try:
        await asyncio.shield(commit)
    except asyncio.CancelledError:
        if not commit.cancelled():
            await asyncio.wait([commit])
            commit.result()
        raise


def _set_pragmas(raw: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=1000",  # a foreign lock is told as 503 within two seconds
        "secure_delete=ON",
        "wal_autocheckpoint=4000",
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

    async def write(self, work: Work[T]) -> T:
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (SQLAlchemyError, OSError) as error:
            raise translate(error) from None

    async def close(self) -> None:
        await self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database file."""
    return f"sqlite:///{path}"
