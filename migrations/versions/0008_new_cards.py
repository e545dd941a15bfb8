"""New cards: where they come from, and whether they rest.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ATTEMPTS = "ix_payment_attempts_new_cards"
SETUPS = "ix_card_setups_created_at"
NEW = sa.text("new_card_from IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "new_card_breaker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opened_at", storefront.core.database.AwareDateTime(timezone=True), nullable=True),
        sa.Column("until", storefront.core.database.AwareDateTime(timezone=True), nullable=True),
        sa.Column("told_at", storefront.core.database.AwareDateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_new_card_breaker")),
    )
    op.execute("INSERT INTO new_card_breaker (id) VALUES (1)")
    for table in ("payment_attempts", "card_setups"):
        op.add_column(table, sa.Column("new_card_from", sa.String(), nullable=True))
    op.create_index(ATTEMPTS, "payment_attempts", ["created_at"], sqlite_where=NEW, postgresql_where=NEW)
    op.create_index(SETUPS, "card_setups", ["created_at"])


def downgrade() -> None:
    op.drop_index(SETUPS, "card_setups")
    op.drop_index(ATTEMPTS, "payment_attempts", sqlite_where=NEW, postgresql_where=NEW)
    for table in ("payment_attempts", "card_setups"):
        op.drop_column(table, "new_card_from")
    op.drop_table("new_card_breaker")
