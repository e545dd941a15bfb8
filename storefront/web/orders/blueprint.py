"""The Blueprint itself, and whose orders can be acted on; each file of views hangs its own on it."""

from flask import Blueprint

from storefront.core.errors import NotFoundError
from storefront.payments.order_view import OrderView, order_view
from storefront.web.order_access import may_see_details

orders = Blueprint("orders", __name__, url_prefix="/orders")


def own_order(public_id: str) -> OrderView:
    """The order, for the one who bought it; to everybody else it is not there."""
    order = order_view(public_id)
    if not may_see_details(order):
        raise NotFoundError
    return order
