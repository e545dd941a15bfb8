"""Who may see all of an order: its user, the browser that placed it, or one that came by a mailed link."""

from flask import session

from storefront.auth.access import PLACED, SHOWN, current_customer, forget_ended_session, guest_orders
from storefront.payments.showing import OrderShown

KEPT = 20


def remember(public_id: str) -> None:
    """This browser placed that order; it is told so for as long as a login lasts."""
    _note(PLACED, public_id)


def let_see(public_id: str) -> None:
    """This browser came by the link that was mailed for that order."""
    _note(SHOWN, public_id)


def _note(where: str, public_id: str) -> None:
    forget_ended_session()
    others = [one for one in session.get(where, []) if one != public_id]
    session[where] = [*others, public_id][-KEPT:]
    session.permanent = True


def may_see_all(order: OrderShown) -> bool:
    """Whether this request comes from the one who bought; everybody else sees little, and does nothing."""
    user = current_customer()
    if user is not None and order.user_id == user.id:
        return True
    return order.user_id is None and order.public_id in (*guest_orders(PLACED), *guest_orders(SHOWN))
