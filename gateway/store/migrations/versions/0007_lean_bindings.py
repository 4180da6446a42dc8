"""Bindings are written at their table's end, and found by their owner only where they last

A binding's key is random. As the table's own order it put every binding on a page of its own, whole; now the page holds the key
alone. `owner` finds a shop's long-lived numbers; for an order's binding its index was one more random page.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LASTS = sa.text("expires_at IS NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite cannot change a table's order; what was bound moves to a new one.
        op.rename_table("bindings", "bindings_before")
        for name in ("expires_at", "owner", "party"):
            op.drop_index(f"ix_bindings_{name}", table_name="bindings_before")
        create()
        op.execute("INSERT INTO bindings SELECT * FROM bindings_before ORDER BY bound_at")
        op.drop_table("bindings_before")
        op.create_index("ix_bindings_expires_at", "bindings", ["expires_at"])
        op.create_index("ix_bindings_party", "bindings", ["party"])
    else:
        op.drop_index("ix_bindings_owner", table_name="bindings")
    op.create_index("ix_bindings_owner", "bindings", ["owner"], sqlite_where=LASTS, postgresql_where=LASTS)


def create() -> None:
    op.create_table(
        "bindings",
        sa.Column("x", sa.Text(), nullable=False),
        sa.Column("ext", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("shipment", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("party", sa.LargeBinary(length=16), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=16), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, server_default="callable"),
        sa.PrimaryKeyConstraint("x", "ext", "turn", name=op.f("pk_bindings")),
    )


def downgrade() -> None:
    # The table's order stays: no statement can tell.
    op.drop_index("ix_bindings_owner", table_name="bindings")
    op.create_index("ix_bindings_owner", "bindings", ["owner"])
