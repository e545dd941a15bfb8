"""What becomes of a cart once its order is paid."""

import secrets

from sqlalchemy import delete, select, update

from storefront.carts.models import Cart, CartLine, CartState
from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.orders.models import Order


def close_cart(order: Order) -> None:
    """Close the cart an order came from. What was put in since it was placed stays, under a new checkout token."""
    session = current_session()
    whole = update(Cart).where(
        Cart.id == order.cart_id, Cart.state == CartState.open, Cart.updated_at <= order.placed_at
    )
    closed = session.scalar(whole.values(state=CartState.ordered, updated_at=now()).returning(Cart.id))
    if closed is None:
        _take_out_bought(order)


def _take_out_bought(order: Order) -> None:
    session = current_session()
    cart = session.scalar(select(Cart).where(Cart.id == order.cart_id, Cart.state == CartState.open).with_for_update())
    if cart is None:
        return
    bought = {line.variant_id: line.quantity for line in order.lines}
    for line in session.scalars(select(CartLine).where(CartLine.cart_id == cart.id)):
        left = line.quantity - bought.get(line.variant_id, 0)
        if left > 0:
            line.quantity = left
        else:
            session.execute(delete(CartLine).where(CartLine.id == line.id))
    cart.discount_code = ""
    cart.checkout_token = secrets.token_urlsafe(24)
