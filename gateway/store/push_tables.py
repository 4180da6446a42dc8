"""The tables of pushing: accounts with number providers, which pools they carry, what is to be told to them, what they hold.

`pushes` is written by the order and by whatever moves a binding, in the same transaction, and names the binding alone; the rest is
written by the one sender and by rare verbs. The rules of the schema are in `tables.py`, under whose name all are imported.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from gateway.store.config_tables import metadata

provider_accounts = Table(
    "provider_accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    # Requests a second, of pushes and questions together.
    Column("rate", Integer, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("suspended_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
)
pool_accounts = Table(
    "pool_accounts",
    metadata,
    Column("pool", Text, ForeignKey("pools.name"), primary_key=True),
    # The order of failover: 0 is pushed to first.
    Column("rank", SmallInteger, primary_key=True),
    Column("account", Text, ForeignKey("provider_accounts.name"), nullable=False),
)
pushes = Table(
    "pushes",
    metadata,
    # Of a bind this is also the id that every provider echoes.
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("x", Text, nullable=False),
    Column("ext", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("change", Text, nullable=False),
    # Of a narrowing: the courier's id.
    Column("courier", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, default="waiting"),
    Index("ix_pushes_slot", "x", "ext", "turn"),
    Index(
        "ix_pushes_waiting",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_pushes_dead", "id", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
)
binding_legs = Table(
    "binding_legs",
    metadata,
    Column("x", Text, primary_key=True),
    Column("ext", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("out_id", Text, nullable=False, index=True),
    Column("handle", Text, nullable=False, default="", index=True),
    Column("state", Text, nullable=False),
    Column("expires_at", BigInteger, index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("tried_at", BigInteger),
    Column("unsure", SmallInteger, nullable=False, default=0),
    Column("fault", Text, nullable=False, default=""),
    Column("courier", Text, nullable=False, default=""),
    Column("at", BigInteger, nullable=False),
    Index("ix_binding_legs_account", "account", "state"),
    sqlite_with_rowid=False,
)
chore_leases = Table(
    "chore_leases",
    metadata,
    # A chore that one process at a time may do: the sender of pushes, the daily reconciliation.
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
