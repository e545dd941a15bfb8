"""Which Stripe account a key opens.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stripe_keys",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("is_home", sa.Boolean(), nullable=False),
        sa.Column("seen_at", storefront.core.database.AwareDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_stripe_keys")),
    )


def downgrade() -> None:
    op.drop_table("stripe_keys")
