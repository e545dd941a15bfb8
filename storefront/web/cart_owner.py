"""Whose cart this request is about: the signed-in customer's, or the one whose token this browser holds."""

from typing import Final

from flask import after_this_request, current_app, request
from flask.wrappers import Response

from storefront.carts.carts import CartOwner
from storefront.carts.merging import merge_at_login, order_to_close_first
from storefront.core.database import end_read
from storefront.payments.cancel import cancel_if_stripe_answers
from storefront.web.login import current_customer
from storefront.web.security import CART_COOKIE

_KEPT_FOR: Final = 60 * 24 * 3600


def cart_owner() -> CartOwner:
    """Who asks; a visitor without cookies owns nothing, and costs no query."""
    customer = current_customer()
    if customer is not None:
        return CartOwner(user_id=customer.id)
    return CartOwner(guest_token=request.cookies.get(CART_COOKIE) or None)


def set_cart_cookie(token: str | None) -> None:
    """Let this browser hold the token of the cart that was made for it."""
    if token is None:
        return

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            CART_COOKIE, token, max_age=_KEPT_FOR, httponly=True, samesite="Lax",
            secure=current_app.config["SETTINGS"].secure,
        )  # fmt: skip
        return response


def merge_cart_at_login(user_id: int) -> None:
    """At login: what was chosen before comes along, and the browser forgets the guest it was."""
    token = request.cookies.get(CART_COOKIE)
    if token is None:
        return
    left_behind = order_to_close_first(token, user_id)
    end_read()
    if left_behind is not None:
        # If it was paid by now, its cart is done and nothing is poured; else nobody pays it beside the other cart's order.
        cancel_if_stripe_answers(left_behind)
    merge_at_login(token, user_id)

    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(CART_COOKIE, httponly=True, samesite="Lax", secure=current_app.config["SETTINGS"].secure)
        return response
