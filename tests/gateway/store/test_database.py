"""One door to two stores: work is one transaction, foreign errors are named and never quoted."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from gateway.store.database import EmbeddedDatabase, SharedDatabase, open_database, sqlite_url
from gateway.store.errors import Conflict, StoreUnavailable
from gateway.store.tables import shops
from tests.gateway.store.conftest import Store


def shop(name: str) -> dict[str, object]:
    return {"id": f"shop_{name}", "name": name, "hotline": "", "created_at": 1}


async def names(store: Store) -> list[str]:
    return await store.database.read(lambda c: [r.name for r in c.execute(select(shops.c.name).order_by(shops.c.name))])


async def test_a_write_is_there_when_it_returns(store: Store) -> None:
    result = await store.database.write(lambda c: c.execute(insert(shops), shop("a")).rowcount)
    assert (result, await names(store)) == (1, ["a"])


async def test_work_that_raises_is_undone(store: Store) -> None:
    def work(connection: object) -> None:
        connection.execute(insert(shops), shop("a"))  # type: ignore[attr-defined]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.database.write(work)
    assert await names(store) == []
    await store.database.write(lambda c: c.execute(insert(shops), shop("b")))
    assert await names(store) == ["b"]


async def test_a_broken_constraint_is_a_conflict_that_quotes_nothing(store: Store) -> None:
    await store.database.write(lambda c: c.execute(insert(shops), shop("麦芒朔")))
    with pytest.raises(Conflict) as refused:
        await store.database.write(lambda c: c.execute(insert(shops), shop("麦芒朔")))
    assert "麦芒朔" not in repr(refused.value) and refused.value.__cause__ is None


async def test_a_broken_statement_is_unavailable_and_quotes_nothing(store: Store) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        await store.database.read(lambda c: c.exec_driver_sql("SELECT secret_column FROM shops"))
    assert "secret_column" not in str(refused.value)
    assert await names(store) == []


async def test_reads_that_come_during_a_commit_wait_for_it_each_with_its_own_end(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    order = []

    def count(connection: object) -> int:
        order.append("read")
        return int(connection.exec_driver_sql("SELECT count(*) FROM t").scalar())  # type: ignore[attr-defined]

    def fails(_connection: object) -> int:
        raise ZeroDivisionError

    async def written() -> None:
        await database.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES (1)"))
        order.append("written")

    writing = asyncio.ensure_future(written())
    works = (count, count, fails, lambda c: c.exec_driver_sql("SELECT secret FROM t"), count)
    reads = [asyncio.ensure_future(database.read(work)) for work in works]
    await asyncio.sleep(0)
    assert order == [], "the COMMIT is under way"
    reads[1].cancel()
    found = await asyncio.gather(*reads, return_exceptions=True)
    await writing
    assert (found[0], found[4], order.count("read")) == (1, 1, 2)
    assert [type(each) for each in found[1:4]] == [asyncio.CancelledError, ZeroDivisionError, StoreUnavailable]
    assert await database.read(count) == 1
    await database.close()


async def test_a_read_gets_its_turn_however_many_write(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    write = [
        asyncio.ensure_future(database.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES (1)"))) for _ in range(9)
    ]
    await asyncio.sleep(0)
    seen = await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM t").scalar())
    assert seen == 1, "after the COMMIT that it met, before the next"
    await asyncio.gather(*write)
    await database.close()


async def test_writes_that_meet_are_one_after_the_other(store: Store) -> None:
    await asyncio.gather(
        *(store.database.write(lambda c, n=f"s{i}": c.execute(insert(shops), shop(n))) for i in range(20))
    )
    assert len(await names(store)) == 20


async def test_a_cancelled_write_leaves_the_store_usable(store: Store) -> None:
    task = asyncio.create_task(store.database.write(lambda c: c.execute(insert(shops), shop("a"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.database.write(lambda c: c.execute(insert(shops), shop("b")))
    assert "b" in await names(store)


async def test_a_commit_under_way_cannot_be_cancelled_its_caller_hears_of_it_when_it_has_ended(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    task = asyncio.create_task(database.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES (1)")))
    await asyncio.sleep(0)
    task.cancel()
    task.cancel()
    assert not task.done(), "it holds the store until the end is known"
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 1
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.close()


async def test_meanwhile_is_done_beside_the_commit_and_before_the_writer_goes_on(store: Store) -> None:
    seen: list[str] = []
    await store.database.write(lambda c: c.execute(insert(shops), shop("a")), lambda: seen.append("meanwhile"))
    assert (seen, await names(store)) == (["meanwhile"], ["a"])


async def test_meanwhile_runs_once_the_commit_has_begun_and_not_where_work_raises(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    at_work: list[bool] = []

    def look() -> None:
        at_work.append(database._committer._asked.empty())  # the other thread has taken it, for all that this one does
        with sqlite3.connect(tmp_path / "v.db", timeout=5) as other:
            other.execute("BEGIN IMMEDIATE")  # had when the COMMIT has ended, which does not need this thread
            at_work.append(other.execute("SELECT count(*) FROM t").fetchone() == (1,))

    await database.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES (1)"), look)
    with pytest.raises(ZeroDivisionError):
        await database.write(lambda c: 1 / 0, lambda: at_work.append(False))
    assert at_work == [True, True]
    await database.close()


async def test_a_meanwhile_that_raises_undoes_nothing_and_leaves_the_store_usable(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await database.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES (1)"), lambda: 1 / 0)  # type: ignore[arg-type]
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 2
    await database.close()


async def test_a_refused_commit_is_told_and_undone_and_the_next_goes_through(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))

    async def insert_into(table: str, value: int) -> int:
        return await database.write(lambda c: c.exec_driver_sql(f"INSERT INTO {table} VALUES ({value})").rowcount)

    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a PRIMARY KEY)"))
    late = "CREATE TABLE u (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)"  # looked at when the transaction ends
    await database.write(lambda c: c.exec_driver_sql(late))
    with pytest.raises(StoreUnavailable) as refused:
        await insert_into("u", 7)
    assert refused.value.__cause__ is None
    assert await insert_into("t", 7) == await insert_into("u", 7) == 1
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM u").scalar()) == 1
    await database.close()


async def test_a_closed_store_opens_again_with_its_next_write(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    for name in ("t", "u"):
        await database.write(lambda c, n=name: c.exec_driver_sql(f"CREATE TABLE {n} (a)"))
        await database.close()


async def test_the_embedded_store_waits_for_the_disk(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    pragmas = {
        name: await database.read(lambda c, n=name: c.exec_driver_sql(f"PRAGMA {n}").scalar())
        for name in ("synchronous", "journal_mode", "foreign_keys", "secure_delete", "wal_autocheckpoint")
    }
    await database.close()
    log = pragmas.pop("wal_autocheckpoint")
    assert pragmas == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1}
    assert log == 16_000, "pages: fewer are copied too often, more hold up whoever waits for them"


async def test_a_second_connection_sees_only_what_is_committed(tmp_path: Path) -> None:
    database = EmbeddedDatabase(sqlite_url(tmp_path / "v.db"))
    await database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (a)"))
    seen = []

    def work(connection: object) -> None:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")  # type: ignore[attr-defined]
        with sqlite3.connect(tmp_path / "v.db") as other:
            seen.append(other.execute("SELECT count(*) FROM t").fetchone()[0])

    await database.write(work)
    with sqlite3.connect(tmp_path / "v.db") as other:
        seen.append(other.execute("SELECT count(*) FROM t").fetchone()[0])
    await database.close()
    assert seen == [0, 1]


async def test_a_server_that_is_away_is_unavailable() -> None:
    database = SharedDatabase("postgresql+asyncpg://veilway@127.0.0.1:9/nothing")
    with pytest.raises(StoreUnavailable):
        await database.read(lambda c: None)
    await database.close()


@pytest.mark.parametrize(
    ("url", "kind"), [("sqlite:///x.db", EmbeddedDatabase), ("postgresql+asyncpg://u@h/d", SharedDatabase)]
)
async def test_the_scheme_chooses_the_store(url: str, kind: type) -> None:
    database = open_database(url)
    assert isinstance(database, kind)
    await database.close()
