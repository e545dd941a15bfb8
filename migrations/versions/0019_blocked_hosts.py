"""Hosts that browsers report as blocked by the Content-Security-Policy.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = storefront.core.database.AwareDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "blocked_hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_hosts")),
        sa.UniqueConstraint("directive", "host", name=op.f("uq_blocked_hosts_directive_host")),
    )


def downgrade() -> None:
    op.drop_table("blocked_hosts")
