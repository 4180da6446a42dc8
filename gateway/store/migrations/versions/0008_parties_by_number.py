"""A party is found within its number

Orders of one moment stand on few numbers: with X before it, the random key of a party falls on pages that are written anyway.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_bindings_party", table_name="bindings")
    op.create_index("ix_bindings_x_party", "bindings", ["x", "party"])


def downgrade() -> None:
    op.drop_index("ix_bindings_x_party", table_name="bindings")
    op.create_index("ix_bindings_party", "bindings", ["party"])
