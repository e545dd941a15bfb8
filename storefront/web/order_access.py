"""Who may see all of an order: its user, the browser that placed it, or one that came by a mailed link."""

from flask import session

from storefront.payments.order_view import OrderView
from storefront.web.login import PLACED_ORDERS_KEY, SHOWN_ORDERS_KEY, current_customer, drop_ended_session, guest_orders

MAX_REMEMBERED = 20


def remember_order(public_id: str) -> None:
    """This browser placed that order; it is told so for as long as a login lasts."""
    _remember(PLACED_ORDERS_KEY, public_id)


def allow_viewing(public_id: str) -> None:
    """This browser came by the link that was mailed for that order."""
    _remember(SHOWN_ORDERS_KEY, public_id)


def _remember(where: str, public_id: str) -> None:
    drop_ended_session()
    others = [one for one in session.get(where, []) if one != public_id]
    session[where] = [*others, public_id][-MAX_REMEMBERED:]
    session.permanent = True


def may_see_details(order: OrderView) -> bool:
    """Whether this request comes from the one who bought; everybody else sees little, and does nothing."""
    user = current_customer()
    if user is not None and order.user_id == user.id:
        return True
    return order.user_id is None and order.public_id in (
        *guest_orders(PLACED_ORDERS_KEY),
        *guest_orders(SHOWN_ORDERS_KEY),
    )
