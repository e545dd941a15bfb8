"""Carts and their lines."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.catalog.models import Variant
from storefront.core.clock import now
from storefront.core.database import Base


class CartState(enum.StrEnum):
    """`ordered` once paid, `merged` once it went into another."""

    open = "open"
    ordered = "ordered"
    merged = "merged"


class Cart(Base):
    """What somebody means to buy: a user's, or a guest's found by a hashed random token.

    `checkout_token` is what every pay button of this cart carries, until its order is paid or given up.
    """

    __tablename__ = "carts"
    __table_args__ = (
        Index(
            "uq_carts_open_user",
            "user_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[CartState] = mapped_column(default=CartState.open)
    checkout_token: Mapped[str] = mapped_column(unique=True)
    merged_from: Mapped[dict[str, Any] | None]
    # As it was typed; whether it counts is asked each time.
    discount_code: Mapped[str] = mapped_column(default="")
    # Where it would go and how, as chosen in the cart; a rate that is gone by then counts as none.
    country: Mapped[str] = mapped_column(default="", server_default="")
    region: Mapped[str] = mapped_column(default="", server_default="")
    shipping_rate_id: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=now, onupdate=now)

    lines: Mapped[list["CartLine"]] = relationship(
        back_populates="cart", order_by="CartLine.id", cascade="all, delete-orphan"
    )


class CartLine(Base):
    """So many of one variant."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int]

    cart: Mapped[Cart] = relationship(back_populates="lines")
    variant: Mapped[Variant] = relationship()
