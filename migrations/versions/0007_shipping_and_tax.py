"""Where the shop delivers and what that costs, which taxes there are, and those of each order.

Rates there were before went everywhere: they still do.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_zones()
    _extend_rates()
    _make_taxes()
    # No batch: the tables keep their partial indexes and computed columns as they are.
    op.add_column("carts", sa.Column("country", sa.String(), server_default="", nullable=False))
    op.add_column("carts", sa.Column("region", sa.String(), server_default="", nullable=False))
    op.add_column("carts", sa.Column("shipping_rate_id", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("shipping_rate_id", sa.Integer(), nullable=True))


def _make_zones() -> None:
    op.create_table(
        "shipping_zones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shipping_zones"),
        sa.UniqueConstraint("name", name="uq_shipping_zones_name"),
    )
    op.create_index(
        "uq_shipping_zones_everywhere",
        "shipping_zones",
        ["everywhere"],
        unique=True,
        sqlite_where=sa.text("everywhere"),
        postgresql_where=sa.text("everywhere"),
    )
    op.create_table(
        "shipping_zone_countries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["shipping_zones.id"], name="fk_shipping_zone_countries_zone_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shipping_zone_countries"),
        sa.UniqueConstraint("country", "region", name="uq_shipping_zone_countries_country_region"),
    )
    op.create_index("ix_shipping_zone_countries_zone_id", "shipping_zone_countries", ["zone_id"])


def _extend_rates() -> None:
    # Carts may still name a rate that is gone: no other may ever get its id.
    with op.batch_alter_table("shipping_rates", table_kwargs={"sqlite_autoincrement": True}) as rates:
        rates.add_column(sa.Column("zone_id", sa.Integer(), nullable=True))
        rates.add_column(sa.Column("kind", sa.String(length=32), server_default="flat", nullable=False))
        rates.create_foreign_key(
            "fk_shipping_rates_zone_id", "shipping_zones", ["zone_id"], ["id"], ondelete="CASCADE"
        )
        rates.create_index("ix_shipping_rates_zone_id", ["zone_id"])
    op.execute(
        "INSERT INTO shipping_zones (name, everywhere, position) "
        "SELECT 'Everywhere', true, 0 WHERE EXISTS (SELECT 1 FROM shipping_rates)"
    )
    op.execute("UPDATE shipping_rates SET zone_id = (SELECT id FROM shipping_zones)")
    with op.batch_alter_table("shipping_rates", table_kwargs={"sqlite_autoincrement": True}) as rates:
        rates.alter_column("kind", server_default=None)
        rates.create_check_constraint(op.f("ck_shipping_rates_zone_unless_picked_up"), "kind = 'pick_up' OR zone_id IS NOT NULL")
    op.create_table(
        "shipping_tiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.Integer(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rate_id"], ["shipping_rates.id"], name="fk_shipping_tiers_rate_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shipping_tiers"),
        sa.UniqueConstraint("rate_id", "up_to", name="uq_shipping_tiers_rate_id_up_to"),
    )
    op.create_index("ix_shipping_tiers_rate_id", "shipping_tiers", ["rate_id"])


def _make_taxes() -> None:
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.CheckConstraint("percentage >= 0", name=op.f("ck_tax_rates_percentage_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_tax_rates"),
        sa.UniqueConstraint(
            "country", "region", "tax_class", "name", name="uq_tax_rates_country_region_tax_class_name"
        ),
    )
    op.create_table(
        "order_taxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_taxes_order_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_taxes"),
    )
    op.create_index("ix_order_taxes_order_id", "order_taxes", ["order_id"])


def downgrade() -> None:
    op.drop_column("orders", "shipping_rate_id")
    for column in ("shipping_rate_id", "region", "country"):
        op.drop_column("carts", column)
    for table in ("order_taxes", "tax_rates", "shipping_tiers"):
        op.drop_table(table)
    # What is priced by tiers or picked up has no price of its own, and no place among rates that go everywhere.
    op.execute("DELETE FROM shipping_rates WHERE kind <> 'flat'")
    with op.batch_alter_table("shipping_rates") as rates:
        rates.drop_constraint(op.f("ck_shipping_rates_zone_unless_picked_up"), type_="check")
        rates.drop_constraint("fk_shipping_rates_zone_id", type_="foreignkey")
        rates.drop_index("ix_shipping_rates_zone_id")
        rates.drop_column("kind")
        rates.drop_column("zone_id")
    op.drop_table("shipping_zone_countries")
    op.drop_table("shipping_zones")
