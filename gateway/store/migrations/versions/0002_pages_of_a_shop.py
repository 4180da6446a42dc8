"""A shop's shipments and events are listed a page at a time, and a settled event is no longer in the range that deliveries search.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEVER = 2**62  # as in gateway/flows/deliver.py


def upgrade() -> None:
    op.create_index("ix_shipments_tenant", "shipments", ["tenant", "id"])
    op.create_index("ix_outbox_tenant", "outbox", ["tenant", "state", "id"])
    outbox = sa.table("outbox", sa.column("state", sa.Text), sa.column("next_at", sa.BigInteger))
    op.execute(outbox.update().where(outbox.c.state != "waiting").values(next_at=NEVER))


def downgrade() -> None:
    op.drop_index("ix_outbox_tenant", "outbox")
    op.drop_index("ix_shipments_tenant", "shipments")
