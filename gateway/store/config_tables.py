"""The tables of configuration: shops, carriers' routes, couriers, relay numbers and who may use them. Rare writes, small.

The rules of the schema are in `tables.py`, which has the rest and under whose name all are imported.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite makes only a column typed exactly INTEGER the rowid itself.
RowId = BigInteger().with_variant(Integer, "sqlite")

# -- who may speak to us ------------------------------------------------------------------------------------------------

shops = Table(
    "shops",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("hotline", Text, nullable=False, default=""),
    Column("webhook_url", Text, nullable=False, default="", server_default=""),
    Column("webhook_secret", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
)
api_keys = Table(
    "api_keys",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("shop", Text, ForeignKey("shops.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
shop_credentials = Table(
    "shop_credentials",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("login", Text, primary_key=True),
    Column("shop", Text, ForeignKey("shops.id"), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
routes = Table(
    "routes",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("hook_digest", LargeBinary(32), nullable=False),
    Column("options", Text, nullable=False, default="{}"),
    Column("updated_at", BigInteger, nullable=False),
    Column("suspended_at", BigInteger),
)
couriers = Table(
    "couriers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("carrier", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),
    Column("phone", LargeBinary),
    Column("station", Text, nullable=False, default=""),
    Column("device_key", Text, nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
suspensions = Table(
    "suspensions",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, default=""),
)

stations = Table(
    "stations",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("regions", Text, nullable=False, default="[]"),
    Column("country", Text, nullable=False, default=""),
    Column("updated_at", BigInteger, nullable=False),
)

# -- who may see what: written with their audit entries, never changed --------------------------------------------------

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    # Whole, the base's rules included: a release that brings another built-in policy changes no version.
    Column("source", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("opens", SmallInteger, nullable=False),
    Column("waits", SmallInteger, nullable=False),
    Column("restores", Integer),
)
policy_approvals = Table(
    "policy_approvals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("approved_by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# -- what several processes tell each other; one process alone writes none of it ----------------------------------------

spent_proofs = Table(
    "spent_proofs",
    metadata,
    Column("courier", Text, primary_key=True),
    Column("nonce", LargeBinary(16), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)
scan_misses = Table(
    "scan_misses",
    metadata,
    Column("minute", BigInteger, primary_key=True),
    # Keyed: an address is somebody's.
    Column("source", LargeBinary(16), primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

# -- relay numbers ------------------------------------------------------------------------------------------------------

pools = Table(
    "pools",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scheme", Text, nullable=False),
    Column("ext_digits", SmallInteger, nullable=False),
    Column("carrier", Text, nullable=False, default=""),
    Column("provider", Text, nullable=False, default="sandbox"),
    Column("region", Text, nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
)
numbers = Table(
    "numbers",
    metadata,
    Column("x", Text, primary_key=True),
    Column("pool", Text, ForeignKey("pools.name"), nullable=False, index=True),
    Column("filing", Text, nullable=False, default="callable"),
    Column("health", Text, nullable=False, default="good"),
    Column("added_at", BigInteger, nullable=False),
)
number_blocks = Table(
    "number_blocks",
    metadata,
    Column("x", Text, primary_key=True),
    Column("first_ext", Text, primary_key=True),
    Column("last_ext", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)

relay_providers = Table(
    "relay_providers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("secrets", LargeBinary, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
allowed_callers = Table(
    "allowed_callers",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("phone", LargeBinary(16), primary_key=True),
    Column("added_at", BigInteger, nullable=False),
)
wishes = Table(
    "wishes",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("owner", LargeBinary(16), primary_key=True),
    Column("quiet", Text, nullable=False, default=""),
    Column("blocks", Text, nullable=False, default="{}"),
    Column("updated_at", BigInteger, nullable=False),
)
