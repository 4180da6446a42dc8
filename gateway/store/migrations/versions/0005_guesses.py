"""Wrong extensions, counted for all processes

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("x", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("stranger", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("x", "phone", "at", name=op.f("pk_guesses")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("guesses", schema=None) as batch_op:
        batch_op.create_index("ix_guesses_x_at", ["x", "at"], unique=False)
        batch_op.create_index("ix_guesses_at", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("guesses")
