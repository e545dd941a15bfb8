"""Goods that come back with a refund.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = storefront.core.database.AwareDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("refunds", sa.Column("restock", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("refunds", sa.Column("restocked_at", _TIME, nullable=True))
    op.create_table(
        "refund_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_some")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_refund_lines_order_line_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_lines")),
        sa.UniqueConstraint("refund_id", "order_line_id", name=op.f("uq_refund_lines_refund_id_order_line_id")),
    )
    for column in ("refund_id", "order_line_id"):
        op.create_index(op.f(f"ix_refund_lines_{column}"), "refund_lines", [column])


def downgrade() -> None:
    op.drop_table("refund_lines")
    op.drop_column("refunds", "restocked_at")
    op.drop_column("refunds", "restock")
