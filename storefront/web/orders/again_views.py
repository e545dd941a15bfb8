"""Ordering again: into the cart, with a word on what has changed."""

import re
from typing import Final

from flask import current_app, flash, request, url_for
from flask.typing import ResponseReturnValue

from storefront.carts.again import reorder
from storefront.carts.carts import CartOwner, count_of
from storefront.core.errors import NotFoundError
from storefront.web.cart_owner import cart_owner, set_cart_cookie
from storefront.web.htmx import respond, wants_fragment
from storefront.web.orders.blueprint import orders, own_order

_ID: Final = re.compile(r"[0-9]{1,9}")


@orders.post("/<public_id>/again")
def again(public_id: str) -> ResponseReturnValue:
    """Put all of a past order into the cart, or what it had of one `variant_id`."""
    order = own_order(public_id)
    owner = cart_owner()
    currency: str = current_app.config["SETTINGS"].currency
    put = reorder(owner, order.id, currency, _variant_id())
    set_cart_cookie(put.guest_token)
    if put.guest_token is not None:
        owner = CartOwner(guest_token=put.guest_token)
    for sentence in () if wants_fragment() else put.changes:
        flash(sentence, "cart")
    return respond(
        "orders/put_again.hx.html",
        then=url_for("cart.show"),
        past={"public_id": public_id, "number": order.number},
        said=(put.summary, *put.changes),
        cart_count=count_of(owner),
    )


def _variant_id() -> int | None:
    """Which, where only one is wanted; what is no number is none of ours, and never means all."""
    written = request.form.get("variant_id")
    if written is None:
        return None
    if not _ID.fullmatch(written):
        raise NotFoundError
    return int(written)
