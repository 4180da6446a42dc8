"""What the store can refuse. Foreign errors (SQLAlchemy, drivers) are translated here and nowhere else."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from masking.errors import VeilwayError


class StoreError(VeilwayError):
    """The store did not do what was asked; nothing of the unit is durable."""

    code = "store_failed"


class StoreUnavailable(StoreError):
    """The disk is full, read-only or broken, or the server is away: 503, nothing was written, nothing may be forwarded."""

    code = "store_unavailable"


class Overloaded(StoreError):
    """More waits to be written than the bound allows: 503 with Retry-After; the unit was not accepted."""

    code = "overloaded"


class Conflict(StoreError):
    """A row with this key is there already; the unit alone was refused."""

    code = "conflict"


def translate(error: SQLAlchemyError | sqlite3.Error | OSError) -> StoreError:
    """Name a driver's error without its text: statements and parameters may hold what must not be told."""
    if isinstance(error, IntegrityError):
        return Conflict("a row with this key is already stored")
    if isinstance(error, DBAPIError):
        return StoreUnavailable(f"the store answered {type(error.orig).__name__}")
    if isinstance(error, sqlite3.Error):
        return StoreUnavailable(f"the store answered {type(error).__name__}")
    return StoreUnavailable(f"the store failed with {type(error).__name__}")
