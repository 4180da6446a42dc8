"""Reports of calls by shop; bindings found by the courier whom they are narrowed to

A report kept before this revision gets the shop of the shipment that its id of ours names, else of the binding that held its number
and extension when it was made. Where neither tells, it is nobody's, as it was.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BACKFILL = """
UPDATE relay_events SET tenant = COALESCE(
    (SELECT shipments.tenant FROM shipments WHERE shipments.id = relay_events.binding),
    (SELECT bindings.tenant FROM bindings
     WHERE bindings.x = relay_events.x AND bindings.ext = relay_events.ext AND bindings.bound_at <= relay_events.at
     ORDER BY bindings.bound_at DESC LIMIT 1),
    '')
"""


def upgrade() -> None:
    with op.batch_alter_table("relay_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_relay_events_tenant_at", ["tenant", "at"], unique=False)
    op.execute(BACKFILL)
    with op.batch_alter_table("binding_states", schema=None) as batch_op:
        batch_op.create_index(
            "ix_binding_states_peer",
            ["peer", "peer_until"],
            unique=False,
            sqlite_where=sa.text("peer IS NOT NULL"),
            postgresql_where=sa.text("peer IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("binding_states", schema=None) as batch_op:
        batch_op.drop_index("ix_binding_states_peer")
    with op.batch_alter_table("relay_events", schema=None) as batch_op:
        batch_op.drop_index("ix_relay_events_tenant_at")
        batch_op.drop_column("tenant")
