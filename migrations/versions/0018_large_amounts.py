"""Amounts of money are BIGINT on Postgres: rupiah have twelve digits. SQLite's integers hold them as they are.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

AMOUNTS = {
    "search_entries": ("lowest_minor", "highest_minor"),
    "variants": ("price_minor",),
    "invoices": ("amount",),
    "orders": ("subtotal", "discount", "shipping", "tax", "total"),
    "order_lines": ("unit_price", "total", "discount"),
    "order_taxes": ("base", "amount"),
    "discounts": ("value", "minimum"),
    "payments": ("amount", "amount_captured", "amount_refunded"),
    "refunds": ("amount",),
    "disputes": ("amount",),
    "unmatched": ("amount",),
    "shipping_rates": ("price_minor", "free_from_minor"),
    "shipping_tiers": ("up_to", "price_minor"),
}


def _become(kind: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in AMOUNTS.items():
        for column in columns:
            op.alter_column(table, column, type_=kind)


def upgrade() -> None:
    _become(sa.BigInteger())


def downgrade() -> None:
    _become(sa.Integer())
