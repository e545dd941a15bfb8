"""Discounts: codes, what they are for, who used them; the cart's code, and what an order keeps of it.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = storefront.core.database.AwareDateTime(timezone=True)
HELD_ONCE = sa.text("released_at IS NULL AND once_per_customer")
ONE_OF_THREE = (
    "(product_id IS NOT NULL AND variant_id IS NULL AND collection_id IS NULL)"
    " OR (product_id IS NULL AND variant_id IS NOT NULL AND collection_id IS NULL)"
    " OR (product_id IS NULL AND variant_id IS NULL AND collection_id IS NOT NULL)"
)


def upgrade() -> None:
    _make_discounts()
    _make_goods()
    _make_uses()
    # Added as they are, without a batch: rebuilding `orders` would have to repeat its computed column.
    for table in ("carts", "orders"):
        op.add_column(table, sa.Column("discount_code", sa.String(), server_default="", nullable=False))
    op.add_column("order_lines", sa.Column("discount", sa.Integer(), server_default="0", nullable=False))


def _make_discounts() -> None:
    op.create_table(
        "discounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("code_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("counts_from", MOMENT, nullable=True),
        sa.Column("counts_until", MOMENT, nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("once_per_customer", sa.Boolean(), nullable=False),
        sa.Column("for_some_goods", sa.Boolean(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_discounts_uses_not_negative")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_discounts_value_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discounts")),
        sa.UniqueConstraint("code_key", name=op.f("uq_discounts_code_key")),
    )


def _make_goods() -> None:
    parents = {"discount_id": "discounts", "product_id": "products", "variant_id": "variants", "collection_id": "collections"}
    op.create_table(
        "discount_goods",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(key, sa.Integer(), nullable=key != "discount_id") for key in parents),
        sa.CheckConstraint(ONE_OF_THREE, name=op.f("ck_discount_goods_one_of_three")),
        *(
            sa.ForeignKeyConstraint([key], [f"{table}.id"], name=op.f(f"fk_discount_goods_{key}"), ondelete="CASCADE")
            for key, table in parents.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_goods")),
    )
    for key in parents:
        op.create_index(op.f(f"ix_discount_goods_{key}"), "discount_goods", [key])


def _make_uses() -> None:
    op.create_table(
        "discount_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discount_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("once_per_customer", sa.Boolean(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["discount_id"], ["discounts.id"], name=op.f("fk_discount_uses_discount_id")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_discount_uses_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_discount_uses_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_uses")),
        sa.UniqueConstraint("order_id", name=op.f("uq_discount_uses_order_id")),
    )
    op.create_index(op.f("ix_discount_uses_discount_id"), "discount_uses", ["discount_id"])
    op.create_index(op.f("ix_discount_uses_user_id"), "discount_uses", ["user_id"])
    for name, column in (("uq_discount_uses_once_user", "user_id"), ("uq_discount_uses_once_email", "email_key")):
        op.create_index(
            name, "discount_uses", ["discount_id", column],
            unique=True, sqlite_where=HELD_ONCE, postgresql_where=HELD_ONCE,
        )  # fmt: skip


def downgrade() -> None:
    op.drop_column("order_lines", "discount")
    for table in ("orders", "carts"):
        op.drop_column(table, "discount_code")
    for table in ("discount_uses", "discount_goods", "discounts"):
        op.drop_table(table)
