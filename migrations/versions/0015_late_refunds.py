"""A late refund that Stripe refused makes room for one of the rest.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BEFORE = "kind = 'late'"
_NOW = "kind = 'late' AND (stripe_refund_id IS NOT NULL OR state NOT IN ('failed', 'canceled'))"


def upgrade() -> None:
    _replace(_NOW)


def downgrade() -> None:
    # Of several, the newest is the one that counts; the refused ones become what the owner asked for.
    newest = "SELECT max(id) FROM refunds WHERE kind = 'late' GROUP BY payment_id"
    op.execute(f"UPDATE refunds SET kind = 'asked' WHERE kind = 'late' AND id NOT IN ({newest})")
    _replace(_BEFORE)


def _replace(where: str) -> None:
    op.drop_index("uq_refunds_late", table_name="refunds")
    op.create_index(
        "uq_refunds_late",
        "refunds",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
