"""Tables of the shop's terms: where it delivers, what that costs, and which taxes there are.

Taxes that were worked out for us: what was asked, and what the answer was."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits


class RateKind(enum.StrEnum):
    """How a rate finds its price: one for all, by the goods' weight or price, or none at all because it is fetched."""

    flat = "flat"
    weight = "weight"
    total = "total"
    pick_up = "pick_up"


class ShippingZone(Base):
    """Places that are delivered to alike. `everywhere`: all that are in no other zone; there is one such at most."""

    __tablename__ = "shipping_zones"
    __table_args__ = (
        Index(
            "uq_shipping_zones_everywhere",
            "everywhere",
            unique=True,
            sqlite_where=text("everywhere"),
            postgresql_where=text("everywhere"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    everywhere: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)

    places: Mapped[list["ShippingZoneCountry"]] = relationship(
        order_by="ShippingZoneCountry.id", cascade="all, delete-orphan", passive_deletes=True
    )
    rates: Mapped[list["ShippingRate"]] = relationship(
        order_by="ShippingRate.position, ShippingRate.id", cascade="all, delete-orphan", passive_deletes=True
    )


class ShippingZoneCountry(Base):
    """A country, or a region of one, in a zone. Each is in one zone alone; a region counts before its country."""

    __tablename__ = "shipping_zone_countries"
    __table_args__ = (UniqueConstraint("country", "region"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("shipping_zones.id", ondelete="CASCADE"), index=True)
    country: Mapped[str]
    region: Mapped[str] = mapped_column(default="")


class ShippingRate(Base):
    """One way a parcel can go. `free_from_minor`: from this much on, discounts taken off, it costs nothing.

    Of a zone's rates the first is the usual one. What is picked up belongs to no zone.
    """

    __tablename__ = "shipping_rates"
    __table_args__ = (
        CheckConstraint("kind = 'pick_up' OR zone_id IS NOT NULL", name="zone_unless_picked_up"),
        # A cart or a button may still name a rate that is gone: no other may ever get its id.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("shipping_zones.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    kind: Mapped[RateKind] = mapped_column(default=RateKind.flat)
    price_minor: Mapped[MinorUnits]
    free_from_minor: Mapped[MinorUnits | None]
    days: Mapped[int] = mapped_column(default=3)
    position: Mapped[int] = mapped_column(default=0)

    tiers: Mapped[list["ShippingTier"]] = relationship(
        order_by="ShippingTier.id", cascade="all, delete-orphan", passive_deletes=True
    )


class ShippingTier(Base):
    """What a rate costs up to so many grams, or so much money, that included. None: above all others."""

    __tablename__ = "shipping_tiers"
    __table_args__ = (UniqueConstraint("rate_id", "up_to"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rate_id: Mapped[int] = mapped_column(ForeignKey("shipping_rates.id", ondelete="CASCADE"), index=True)
    up_to: Mapped[MinorUnits | None]
    price_minor: Mapped[MinorUnits]


class TaxRate(Base):
    """A tax on goods of one class in one country, or in one region of it.

    `percentage` counts thousandths of a percent: 19 % is 19000. Several of one class in one place add up.
    """

    __tablename__ = "tax_rates"
    __table_args__ = (
        UniqueConstraint("country", "region", "tax_class", "name"),
        CheckConstraint("percentage >= 0", name="percentage_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    tax_class: Mapped[str] = mapped_column(default="standard")
    name: Mapped[str]
    percentage: Mapped[int]


class TaxCalculation(Base):
    """One question to Stripe Tax, kept for a day. `goods_key` says which goods and where to, `fingerprint` all that was asked.

    `answer` holds our tax lines, once there is one. An order placed with it names its `stripe_id`, and no other order may.
    """

    __tablename__ = "tax_calculations"

    id: Mapped[int] = mapped_column(primary_key=True)
    goods_key: Mapped[str] = mapped_column(index=True)
    fingerprint: Mapped[str]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    answer: Mapped[dict[str, Any] | None]
    refusal: Mapped[str] = mapped_column(default="")
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("carts.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    expires_at: Mapped[dt.datetime | None]
    livemode: Mapped[bool]
