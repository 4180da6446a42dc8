"""Drivers' errors get names of ours and lose their text."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchTableError, OperationalError

from gateway.http.problems import status_of
from gateway.store.errors import Conflict, Overloaded, StoreError, StoreUnavailable, translate

SECRET = "INSERT INTO vault VALUES ('13900090817')"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (IntegrityError(SECRET, {"phone": "13900090817"}, sqlite3.IntegrityError(SECRET)), Conflict),
        (OperationalError(SECRET, {}, sqlite3.OperationalError(f"disk full: {SECRET}")), StoreUnavailable),
        (DBAPIError(SECRET, {}, ValueError(SECRET)), StoreUnavailable),
        (NoSuchTableError(SECRET), StoreUnavailable),
        (ConnectionRefusedError(SECRET), StoreUnavailable),
    ],
)
def test_an_error_is_named_by_kind_and_never_quoted(error: Exception, kind: type[StoreError]) -> None:
    translated = translate(error)  # type: ignore[arg-type]
    assert type(translated) is kind and "13900090817" not in str(translated) + repr(translated)


@pytest.mark.parametrize("kind", [StoreUnavailable, Overloaded])
def test_a_store_in_trouble_is_503(kind: type[StoreError]) -> None:
    assert status_of(kind.code) == 503
