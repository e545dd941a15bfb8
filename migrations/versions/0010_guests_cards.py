"""Guests who want their card kept: whose button a customer at Stripe was made for, and which user it goes to.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stripe_customers") as batch:
        batch.add_column(sa.Column("guest_token", sa.String(), nullable=True))
        batch.add_column(sa.Column("claimed_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            "fk_stripe_customers_claimed_by_id", "users", ["claimed_by_id"], ["id"], ondelete="SET NULL"
        )
        batch.create_index("uq_stripe_customers_guest_token", ["guest_token"], unique=True)
        batch.create_index("ix_stripe_customers_claimed_by_id", ["claimed_by_id"])


def downgrade() -> None:
    with op.batch_alter_table("stripe_customers") as batch:
        batch.drop_index("ix_stripe_customers_claimed_by_id")
        batch.drop_index("uq_stripe_customers_guest_token")
        batch.drop_constraint("fk_stripe_customers_claimed_by_id", type_="foreignkey")
        batch.drop_column("claimed_by_id")
        batch.drop_column("guest_token")
