"""The Blueprint itself, and whose orders can be acted on; each file of views hangs its own on it."""

from flask import Blueprint

from storefront.checkout.access import may_see_all
from storefront.errors import NotYoursError
from storefront.payments.showing import OrderShown, show_order

orders = Blueprint("orders", __name__, url_prefix="/orders")


def own_order(public_id: str) -> OrderShown:
    """The order, for the one who bought it; to everybody else it is not there."""
    order = show_order(public_id)
    if not may_see_all(order):
        raise NotYoursError
    return order
