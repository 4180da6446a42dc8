"""The tables of what happened on relay numbers: calls, wrong extensions, who had to do with which slot, reports, who was shown what.

The rules of the schema are in `tables.py`, which has the rest and under whose name all are imported. All of these are hot.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from gateway.store.config_tables import metadata

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("x", Text, nullable=False),
    Column("ext", Text, nullable=False),
    Column("caller", LargeBinary(16), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_calls_caller", "x", "caller"),
    Index("ix_calls_slot", "x", "ext", "turn"),
)
guesses = Table(
    "guesses",
    metadata,
    # Wrong extensions, so that all processes count them together and a restart forgets none; kept for a day.
    Column("x", Text, primary_key=True),
    Column("phone", LargeBinary(16), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    # Empty where nobody was ever bound there.
    Column("tenant", Text, nullable=False),
    # Of a caller never connected through X: only such a one counts against the number.
    Column("stranger", SmallInteger, nullable=False),
    Index("ix_guesses_x_at", "x", "at"),
    Index("ix_guesses_at", "at"),
    sqlite_with_rowid=False,
)
tombstones = Table(
    "tombstones",
    metadata,
    Column("x", Text, primary_key=True),
    Column("phone", LargeBinary(16), primary_key=True),
    Column("ext", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
relay_events = Table(
    "relay_events",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    # Empty where neither an id of ours nor the number tells whose call it was.
    Column("tenant", Text, nullable=False, default="", server_default=""),
    Column("x", Text, nullable=False),
    Column("ext", Text, nullable=False),
    Column("binding", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("answered_at", BigInteger),
    Column("at", BigInteger, nullable=False),
    Index("ix_relay_events_tenant_at", "tenant", "at"),
)
shown = Table(
    "shown",
    metadata,
    Column("x", Text, primary_key=True),
    Column("ext", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("courier", Text, primary_key=True),
    Column("with_phone", SmallInteger, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
