"""Codes and the orders that use them, as rows."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.discounts import redemption
from storefront.discounts.admin import DiscountedGoods, create_discount
from storefront.discounts.models import Discount, DiscountUse
from storefront.discounts.rules import DiscountKind, DiscountRules
from storefront.orders.models import Order, OrderSource
from storefront.orders.totals import PricingContext


def offer(code: str = "TEN", *, goods: DiscountedGoods | None = None, once: bool = False, **terms: Any) -> int:
    """Ten percent off, or what `terms` say; the discount's id."""
    known: dict[str, Any] = {"kind": DiscountKind.percent, "value": 1000} | terms
    return create_discount(DiscountRules(code, **known), goods or DiscountedGoods(), once_per_customer=once)


def order(number: int, email: str = "alice@example.org", user_id: int | None = None, cart_id: int | None = None) -> int:
    """An order that costs nothing; its id."""
    row = Order(
        public_id=f"order-{number}", user_id=user_id, email=email, email_key=email, cart_id=cart_id, source=OrderSource.cart,
        checkout_token=f"token-{number}", currency="eur", subtotal=0, total=0, hold_until=now() + dt.timedelta(minutes=30),
        livemode=False,
    )  # fmt: skip
    with transaction() as session:
        session.add(row)
        session.flush()
        return row.id


def take(discount_id: int, order_id: int, email: str = "alice@example.org", user_id: int | None = None) -> None:
    """Use it for this order."""
    with transaction():
        redemption.take_use(
            discount_id, order_id, PricingContext(discount_code="TEN", user_id=user_id, email_key=email)
        )


def uses() -> int:
    """What the one code there is counts."""
    end_read()
    return current_session().scalars(select(Discount.uses)).one()


def holders() -> list[int]:
    """The orders that hold a use."""
    end_read()
    held = select(DiscountUse.order_id).where(DiscountUse.released_at.is_(None))
    return list(current_session().scalars(held.order_by(DiscountUse.order_id)))
