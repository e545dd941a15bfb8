"""What goes of carts and orders when their customer leaves. Paid orders stay: the tax office may ask for them."""

from sqlalchemy import ColumnElement, and_, delete, null, select, update

from storefront.carts.models import Cart
from storefront.core.database import current_session
from storefront.discounts.models import DiscountUse
from storefront.orders.models import Order, OrderStatus

PAID_STATUSES = (OrderStatus.paid, OrderStatus.partially_refunded, OrderStatus.refunded)


def was_paid() -> ColumnElement[bool]:
    """Whether money was taken for an order, even if it went back since."""
    return Order.paid_at.is_not(None) | Order.status.in_(PAID_STATUSES)


def erase_carts(user_id: int) -> None:
    """Inside a transaction: all of them, and what was in them."""
    current_session().execute(delete(Cart).where(Cart.user_id == user_id))


def erase_orders(user_id: int) -> None:
    """Inside a transaction: of unpaid ones who and where to; of paid ones the phone number, which no invoice needs."""
    session = current_session()
    unpaid = update(Order).where(and_(Order.user_id == user_id, ~was_paid()))
    of_unpaid = DiscountUse.order_id.in_(select(Order.id).where(Order.user_id == user_id, ~was_paid()))
    session.execute(update(DiscountUse).where(of_unpaid).values(email_key=None))
    session.execute(unpaid.values(email="", email_key="", shipping_address=null(), tracking="", placed_from=None))
    for order in session.scalars(select(Order).where(Order.user_id == user_id, was_paid())):
        order.placed_from = None
        if (order.shipping_address or {}).get("phone"):
            order.shipping_address = (order.shipping_address or {}) | {"phone": ""}
