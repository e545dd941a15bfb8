"""Tables of discounts: what was offered, for which goods, and which order used it."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits
from storefront.discounts.rules import DiscountKind, DiscountRules

_HELD_ONCE = text("released_at IS NULL AND once_per_customer")


class Discount(Base):
    """A code and its terms. `uses` counts the orders that hold it; its row is the lock for all its uses.

    `value`: see `discounts.Offer`. `most_uses` None: as often as anybody likes.
    """

    __tablename__ = "discounts"
    __table_args__ = (
        CheckConstraint("uses >= 0", name="uses_not_negative"),
        CheckConstraint("value >= 0", name="value_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    code_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[DiscountKind]
    value: Mapped[MinorUnits] = mapped_column(default=0)
    counts_from: Mapped[dt.datetime | None]
    counts_until: Mapped[dt.datetime | None]
    minimum: Mapped[MinorUnits] = mapped_column(default=0)
    most_uses: Mapped[int | None]
    once_per_customer: Mapped[bool] = mapped_column(default=False)
    # Not told by whether there are rows: a product that is deleted must not make it count for everything.
    for_some_goods: Mapped[bool] = mapped_column(default=False)
    uses: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)

    @property
    def offer(self) -> DiscountRules:
        """Its terms, frozen."""
        return DiscountRules(
            code=self.code,
            kind=self.kind,
            value=self.value,
            counts_from=self.counts_from,
            counts_until=self.counts_until,
            minimum=self.minimum,
            most_uses=self.most_uses,
            is_active=self.is_active,
        )


class DiscountGoods(Base):
    """What a discount is for: a product, a variant or a collection a row; all of them where `for_some_goods` is not set."""

    __tablename__ = "discount_goods"
    __table_args__ = (
        CheckConstraint(
            "(product_id IS NOT NULL AND variant_id IS NULL AND collection_id IS NULL)"
            " OR (product_id IS NULL AND variant_id IS NOT NULL AND collection_id IS NULL)"
            " OR (product_id IS NULL AND variant_id IS NULL AND collection_id IS NOT NULL)",
            name="one_of_three",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    discount_id: Mapped[int] = mapped_column(ForeignKey("discounts.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), index=True)
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)


class DiscountUse(Base):
    """An order's use of a code; `released_at`: it was free again then.

    Of a code that counts once per customer, a customer holds one use at most, by account and by e-mail address.
    """

    __tablename__ = "discount_uses"
    __table_args__ = (
        Index(
            "uq_discount_uses_once_user", "discount_id", "user_id",
            unique=True, sqlite_where=_HELD_ONCE, postgresql_where=_HELD_ONCE,
        ),
        Index(
            "uq_discount_uses_once_email", "discount_id", "email_key",
            unique=True, sqlite_where=_HELD_ONCE, postgresql_where=_HELD_ONCE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    discount_id: Mapped[int] = mapped_column(ForeignKey("discounts.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    # None: its customer has left.
    email_key: Mapped[str | None]
    once_per_customer: Mapped[bool]
    taken_at: Mapped[dt.datetime] = mapped_column(default=now)
    released_at: Mapped[dt.datetime | None]
