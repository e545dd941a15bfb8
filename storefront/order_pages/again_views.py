"""Ordering again: into the cart, with a word on what has changed."""

from flask import current_app, flash, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cart.owner import cart_owner, keep_guest_token
from storefront.hypermedia import done, wants_fragment
from storefront.order_pages.door import orders, own_order
from storefront.orders.again import put_again
from storefront.orders.carts import CartOwner, count_of


@orders.post("/<public_id>/again")
def again(public_id: str) -> ResponseReturnValue:
    """Put all of a past order into the cart, or what it had of one `variant_id`."""
    order = own_order(public_id)
    owner = cart_owner()
    currency: str = current_app.config["SETTINGS"].currency
    put = put_again(owner, order.id, currency, request.form.get("variant_id", type=int))
    keep_guest_token(put.guest_token)
    if put.guest_token is not None:
        owner = CartOwner(guest_token=put.guest_token)
    for sentence in () if wants_fragment() else put.changes:
        flash(sentence, "cart")
    return done(
        "orders/put_again.hx.html",
        then=url_for("cart.show"),
        past={"public_id": public_id, "number": order.number},
        said=(put.summary, *put.changes),
        cart_count=count_of(owner),
    )
