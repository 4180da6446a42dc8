"""The tables, once, for SQLite and PostgreSQL alike. Knows columns and keys; knows no query and no flow.

House rules of the schema:
- Times are integers, milliseconds since 1970 UTC. Ids are text, indexes and digests are bytes.
- Hot tables (`HOT`) are only appended to: the present state is the latest row, so units of one batch never fight over a row.
- Every hot row carries its `tenant`, the shard key.
- Personal values stand nowhere but in `vault`, sealed (a connected call has a record of its own: its caller); phones elsewhere are keyed blind indexes of 16 bytes.
- Tables named `audit*` are rowid tables (a plain integer key), and `veilway audit verify` covers each of them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.config_tables import (
    RowId,
    allowed_callers,
    api_keys,
    couriers,
    metadata,
    number_blocks,
    numbers,
    policy_approvals,
    policy_versions,
    pools,
    relay_providers,
    routes,
    scan_misses,
    shop_credentials,
    shops,
    spent_proofs,
    stations,
    suspensions,
    wishes,
)
from gateway.store.push_tables import binding_legs, chore_leases, pool_accounts, provider_accounts, pushes
from gateway.store.relay_tables import calls, guesses, relay_events, shown, tombstones

__all__ = [
    "AGAIN",
    "HOT",
    "RECORDED",
    "allowed_callers",
    "api_keys",
    "audit",
    "audit_checkpoints",
    "binding_legs",
    "binding_states",
    "bindings",
    "calls",
    "chore_leases",
    "couriers",
    "guesses",
    "handles",
    "hook_events",
    "learned",
    "metadata",
    "number_blocks",
    "numbers",
    "outbox",
    "outcomes",
    "policy_approvals",
    "policy_versions",
    "pool_accounts",
    "pools",
    "provider_accounts",
    "pushes",
    "relay_events",
    "relay_providers",
    "reveals",
    "routes",
    "scan_misses",
    "scans",
    "shipments",
    "shop_credentials",
    "shops",
    "shown",
    "spent_proofs",
    "stages",
    "stations",
    "suspensions",
    "tickets",
    "tombstones",
    "vault",
    "wishes",
]

# -- the hot path -------------------------------------------------------------------------------------------------------

shipments = Table(
    "shipments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("ref", LargeBinary(16)),
    Column("attempt", SmallInteger, nullable=False),
    Column("document", LargeBinary(32), nullable=False),
    Column("relays", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant", "carrier", "ref", "attempt"),
    Index("ix_shipments_tenant", "tenant", "id"),
)
vault = Table(
    "vault",
    metadata,
    Column("record", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kid", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("name", LargeBinary),
    Column("phone", LargeBinary),
    Column("address", LargeBinary),
    Column("other", LargeBinary),
    Column("restore", LargeBinary),
)
bindings = Table(
    "bindings",
    metadata,
    Column("x", Text, primary_key=True),
    Column("ext", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("party", LargeBinary(16), nullable=False),
    Column("owner", LargeBinary(16), nullable=False),
    Column("bound_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    # Where it begins: callable, or bound until a provider has confirmed it.
    Column("state", Text, nullable=False, default="callable", server_default="callable"),
    # `party` is keyed by X as well as by phone, so two numbers' rows do not tell that they serve one person; `owner` is keyed
    # by tenant, and finds a sender's long-lived binding. An order's is found by a phone through `party`, X by X. Each index over
    # random keys costs an order a page of its own in the log: no more of them than have a hot reader, and those begin with what
    # orders of one moment have in common.
    Index("ix_bindings_x_party", "x", "party"),
    Index(
        "ix_bindings_owner",
        "owner",
        sqlite_where=text("expires_at IS NULL"),
        postgresql_where=text("expires_at IS NULL"),
    ),
    Index("ix_bindings_expires_at", "expires_at"),
)
binding_states = Table(
    "binding_states",
    metadata,
    Column("x", Text, primary_key=True),
    Column("ext", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("released_at", BigInteger),
    Column("peer", LargeBinary(16)),
    Column("peer_until", BigInteger),
    Column("reason", Text, nullable=False),
    Index("ix_binding_states_expires_at", "expires_at"),
    # Keyed by X like `party`: a courier who dials X alone is found by it.
    Index(
        "ix_binding_states_peer",
        "peer",
        "peer_until",
        sqlite_where=text("peer IS NOT NULL"),
        postgresql_where=text("peer IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
outcomes = Table(
    "outcomes",
    metadata,
    Column("shipment", Text, primary_key=True),
    Column("seq", SmallInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("waybill", Text),
    Column("routing_code", Text, nullable=False, default=""),
    Column("answer", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Index("ix_outcomes_waybill", "waybill", "carrier"),
    Index(
        "ix_outcomes_unknown",
        "status",
        sqlite_where=text("status = 'unknown'"),
        postgresql_where=text("status = 'unknown'"),
    ),
)
handles = Table(
    "handles",
    metadata,
    # The carrier's own ids of a shipment, by which later calls name it: a purchase says which shipment or rate, and no reference.
    Column("carrier", Text, primary_key=True),
    Column("handle", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("shipment", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
stages = Table(
    "stages",
    metadata,
    Column("shipment", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
scans = Table(
    "scans",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False, index=True),
    Column("courier", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("scan_key", LargeBinary(16)),
    # When the device says it was made, where it was sent later; `at` is ours, and what windows are measured from.
    Column("made_at", BigInteger),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("courier", "scan_key"),
)
reveals = Table(
    "reveals",
    metadata,
    Column("shipment", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    # The how-manieth of this carrier for this parcel: two at one moment cannot both be the last that a quota allows.
    Column("nth", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("scan", Text, nullable=False),
    Column("courier", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # What shop and recipient are told of it: the part the reader had, and the names of the fields.
    Column("role", Text, nullable=False, server_default=""),
    Column("fields", Text, nullable=False, server_default="[]"),
    Column("at", BigInteger, nullable=False),
)
learned = Table(
    "learned",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("shipment", Text, primary_key=True),
    # Empty where the scan showed nobody in full: the row then counts a parcel and no person.
    Column("person", LargeBinary(16), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_learned_carrier_at", "carrier", "at"),
    Index("ix_learned_carrier_person", "carrier", "person"),
)
tickets = Table(
    "tickets",
    metadata,
    Column("id", LargeBinary(12), primary_key=True),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False, index=True),
    Column("carrier", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
hook_events = Table(
    "hook_events",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("digest", LargeBinary(16), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("shipment", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False, default="waiting"),
    Index("ix_outbox_tenant", "tenant", "state", "id"),
)

# -- the record of disclosures ------------------------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Column("links", LargeBinary, nullable=False),
    UniqueConstraint("chain", "first_seq"),
)
audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Parents before children: the order in which one batch writes its tables.
HOT = (
    shipments,
    vault,
    bindings,
    binding_states,
    outcomes,
    handles,
    stages,
    scans,
    reveals,
    learned,
    calls,
    guesses,
    tombstones,
    relay_events,
    shown,
    tickets,
    hook_events,
    outbox,
    pushes,
)
# Rare, and written by units all the same: a change and the entry that tells of it stand in one transaction.
RECORDED = (policy_versions, policy_approvals)
# Rows that say the same again are no conflict: who had to do with a slot had to do with it.
AGAIN = frozenset({guesses, tombstones, relay_events, shown, learned, hook_events, handles})
