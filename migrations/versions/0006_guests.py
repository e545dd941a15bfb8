"""Guests: where an order was placed from, as a keyed hash to count by.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("placed_from", sa.String(), nullable=True))
    op.create_index("ix_orders_placed_from", "orders", ["placed_from"])


def downgrade() -> None:
    op.drop_index("ix_orders_placed_from", "orders")
    op.drop_column("orders", "placed_from")
