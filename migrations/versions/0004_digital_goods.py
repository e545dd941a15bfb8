"""Digital goods: what a variant brings, who was given it, each time it was fetched.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Columns are added and dropped in place: a batch migration would rebuild the tables, and cannot copy orders.number, which is computed.
_TIME = storefront.core.database.AwareDateTime(timezone=True)


def upgrade() -> None:
    for table, column in (("variants", "has_assets"), ("orders", "has_downloads")):
        op.add_column(table, sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "assets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("max_downloads", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_assets_variant_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    op.create_index(op.f("ix_assets_variant_id"), "assets", ["variant_id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("max_downloads", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("granted_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.Column("revoked_because", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_grants_asset_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_grants_order_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_grants_order_line_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("order_line_id", "asset_id", name=op.f("uq_grants_order_line_id_asset_id")),
    )
    op.create_index(op.f("ix_grants_asset_id"), "grants", ["asset_id"])
    op.create_index(op.f("ix_grants_order_id"), "grants", ["order_id"])
    op.create_table(
        "downloads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("first_byte", sa.BigInteger(), nullable=False),
        sa.Column("client_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_downloads_grant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downloads")),
    )
    op.create_index(op.f("ix_downloads_grant_id"), "downloads", ["grant_id"])
    op.create_index(op.f("ix_downloads_client_hash_at"), "downloads", ["client_hash", "at"])


def downgrade() -> None:
    for table in ("downloads", "grants", "assets"):
        op.drop_table(table)
    for table, column in (("variants", "has_assets"), ("orders", "has_downloads")):
        op.drop_column(table, column)
