"""Policies' versions, stations' regions, what several processes tell each other, and what a reveal showed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("opens", sa.SmallInteger(), nullable=False),
        sa.Column("waits", sa.SmallInteger(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_versions")),
    )
    op.create_table(
        "policy_approvals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_approvals")),
    )
    op.create_table(
        "stations",
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("carrier", "code", name=op.f("pk_stations")),
    )
    op.create_table(
        "spent_proofs",
        sa.Column("courier", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("courier", "nonce", name=op.f("pk_spent_proofs")),
    )
    op.create_index(op.f("ix_spent_proofs_at"), "spent_proofs", ["at"])
    op.create_table(
        "scan_misses",
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.LargeBinary(length=16), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "source", "holder", name=op.f("pk_scan_misses")),
    )
    op.add_column("reveals", sa.Column("role", sa.Text(), nullable=False, server_default=""))
    op.add_column("reveals", sa.Column("fields", sa.Text(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for column in ("fields", "role"):
        op.drop_column("reveals", column)
    for table in ("scan_misses", "spent_proofs", "stations", "policy_approvals", "policy_versions"):
        op.drop_table(table)
