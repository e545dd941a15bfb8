"""Taxes that Stripe works out: what was asked, and with which answer an order was placed.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = storefront.core.database.AwareDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tax_calculations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("goods_key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.Column("cart_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["carts.id"], name=op.f("fk_tax_calculations_cart_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_calculations")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_tax_calculations_idempotency_key")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_tax_calculations_stripe_id")),
    )
    for column in ("goods_key", "cart_id", "asked_at"):
        op.create_index(op.f(f"ix_tax_calculations_{column}"), "tax_calculations", [column])
    # No batch: the tables keep their partial indexes and computed columns as they are.
    op.add_column("orders", sa.Column("tax_calculation", sa.String(), nullable=True))
    op.create_index("uq_orders_tax_calculation", "orders", ["tax_calculation"], unique=True)
    op.add_column("payments", sa.Column("stripe_tax_calculation", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("payments", "stripe_tax_calculation")
    op.drop_index("uq_orders_tax_calculation", "orders")
    op.drop_column("orders", "tax_calculation")
    op.drop_table("tax_calculations")
