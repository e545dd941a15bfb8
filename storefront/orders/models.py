"""Tables of carts and orders."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits
from storefront.core.money import Money


class OrderStatus(enum.StrEnum):
    """`failed` only while the last attempt is declined or refused; another attempt makes it `pending` again."""

    pending = "pending"
    failed = "failed"
    paid = "paid"
    partially_refunded = "partially_refunded"
    refunded = "refunded"
    canceled = "canceled"


OPEN_STATUSES = (OrderStatus.pending, OrderStatus.failed)


class FulfilmentStatus(enum.StrEnum):
    """Where the parcel is."""

    unfulfilled = "unfulfilled"
    fulfilled = "fulfilled"
    delivered = "delivered"


class OrderSource(enum.StrEnum):
    """What the button that placed it stood for."""

    cart = "cart"
    product = "product"
    order = "order"
    free = "free"


class Order(Base):
    """What was placed: copies of everything, never links to today's price. Its row is the lock for all that belongs to it.

    `has_downloads`: something in it brought files or links; all other orders never ask for them.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total >= 0", name="total_not_negative"),
        Index(
            "uq_orders_open_cart",
            "cart_id",
            unique=True,
            sqlite_where=text("status IN ('pending', 'failed')"),
            postgresql_where=text("status IN ('pending', 'failed')"),
        ),
        Index("uq_orders_tax_calculation", "tax_calculation", unique=True),
        Index(
            "ix_orders_open", "hold_until", sqlite_where=text("status IN ('pending', 'failed')"),
            postgresql_where=text("status IN ('pending', 'failed')"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    # Numbers may have gaps, so the row's own id gives it: no counter to wait for on the pay path.
    number: Mapped[int] = mapped_column(Computed("id + 1000", persisted=True), unique=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("carts.id", ondelete="SET NULL"), index=True)
    # A keyed hash of the address it was placed from: so many wait to be paid, so often is tried, and no more.
    placed_from: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.pending)
    fulfilment_status: Mapped[FulfilmentStatus] = mapped_column(default=FulfilmentStatus.unfulfilled)
    source: Mapped[OrderSource]
    checkout_token: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    subtotal: Mapped[MinorUnits]
    discount: Mapped[MinorUnits] = mapped_column(default=0)
    discount_code: Mapped[str] = mapped_column(default="")
    shipping: Mapped[MinorUnits] = mapped_column(default=0)
    tax: Mapped[MinorUnits] = mapped_column(default=0)
    total: Mapped[MinorUnits]
    shipping_address: Mapped[dict[str, Any] | None]
    shipping_name: Mapped[str] = mapped_column(default="")
    # What Stripe worked its taxes out by: it can be committed only once, so no other order has it.
    tax_calculation: Mapped[str | None]
    # Only to tell whether the button means another way; the rate itself may be gone.
    shipping_rate_id: Mapped[int | None]
    arrives_on: Mapped[dt.date | None]
    hold_until: Mapped[dt.datetime]
    placed_at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    paid_at: Mapped[dt.datetime | None]
    canceled_at: Mapped[dt.datetime | None]
    cancel_wanted_at: Mapped[dt.datetime | None]
    stock_released_at: Mapped[dt.datetime | None]
    shipped_at: Mapped[dt.datetime | None]
    delivered_at: Mapped[dt.datetime | None]
    tracking: Mapped[str] = mapped_column(default="")
    has_downloads: Mapped[bool] = mapped_column(default=False, server_default=false())
    livemode: Mapped[bool]

    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="order", order_by="OrderLine.id", cascade="all, delete-orphan"
    )
    taxes: Mapped[list["OrderTax"]] = relationship(order_by="OrderTax.id", cascade="all, delete-orphan")

    @property
    def total_money(self) -> Money:
        """What it costs."""
        return Money(self.total, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid."""
        return self.status in OPEN_STATUSES

    @property
    def discount_label(self) -> str:
        """What its papers call what was taken off: Discount WELCOME10."""
        return f"Discount {self.discount_code}".strip()

    @property
    def delivery_label(self) -> str:
        """What its papers call the delivery; where a code made it free, with that code."""
        freed_by = f" ({self.discount_code})" if self.discount_code and not self.discount else ""
        return f"{self.shipping_name or 'Delivery'}{freed_by}"


class OrderLine(Base):
    """A copy of what was bought; `variant_id` only says where stock goes back to."""

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id", ondelete="SET NULL"), index=True)
    product_handle: Mapped[str] = mapped_column(default="")
    picture_path: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    sku: Mapped[str]
    unit_price: Mapped[MinorUnits]
    quantity: Mapped[int]
    total: Mapped[MinorUnits]
    # Its share of the order's discount; `total` is before it.
    discount: Mapped[MinorUnits] = mapped_column(default=0)
    stock_taken: Mapped[bool]
    requires_shipping: Mapped[bool] = mapped_column(default=True)

    order: Mapped[Order] = relationship(back_populates="lines")


class OrderTax(Base):
    """A tax of an order, as it was when it was placed: on `base`, `amount`. `orders.tax` is the sum of those not `included`.

    `percentage` counts thousandths of a percent: 19 % is 19000.
    """

    __tablename__ = "order_taxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    percentage: Mapped[int]
    base: Mapped[MinorUnits]
    amount: Mapped[MinorUnits]
    included: Mapped[bool]


class Counter(Base):
    """Gapless numbers: taken last in a transaction, because everybody waits for it."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
