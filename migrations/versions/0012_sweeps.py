"""How far Stripe's lists have been compared, and what the owner says of what fits nowhere.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TIME = storefront.core.database.AwareDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("wide", sa.Boolean(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("swept_until", _TIME, nullable=False),
        sa.Column("since", _TIME, nullable=True),
        sa.Column("until", _TIME, nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("kind", "wide", "livemode", name=op.f("uq_sweeps_kind_wide_livemode")),
    )
    op.add_column("payments", sa.Column("money_checked_at", _TIME, nullable=True))
    op.add_column("unmatched", sa.Column("note", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("unmatched", "note")
    op.drop_column("payments", "money_checked_at")
    op.drop_table("sweeps")
