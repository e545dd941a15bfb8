"""The cart: looking into it, and changing it, with htmx and without."""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, g, get_flashed_messages, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from storefront.carts import carts
from storefront.carts.carts import CartChange
from storefront.carts.delivery import choose_delivery as keep_delivery
from storefront.carts.merging import undo_merge as have_it_as_it_was
from storefront.core.errors import InvalidRequestError
from storefront.web.cart_owner import cart_owner, set_cart_cookie
from storefront.web.cart_view import cart_context
from storefront.web.checkout_form import read_checkout_form
from storefront.web.checkout_view import checkout_with_errors
from storefront.web.discount_code import apply_code
from storefront.web.htmx import is_server_error, redirect_to, render, respond, wants_fragment
from storefront.web.login import current_customer, customer_required, signed_in
from storefront.web.pricing_context import pricing_context_for_cart
from storefront.web.product_view import choice_in_form, choice_missing_response
from storefront.web.tax_ahead import prefetch_tax

cart = Blueprint("cart", __name__)

_SAID: Final = "cart"


@cart.app_context_processor
def how_full_it_is() -> dict[str, Any]:
    """For the masthead of every page; asked only where one is drawn."""
    return {"cart_count": None if is_server_error() else LocalProxy(_count)}


@cart.get("/cart", endpoint="show")
def show_cart() -> ResponseReturnValue:
    """What is in it."""
    said = tuple(str(sentence) for sentence in get_flashed_messages(category_filter=[_SAID]))
    return render("cart/_cart.html", page="cart/cart.html", **cart_context(cart_owner(), said))


@cart.post("/cart/items")
def add_item() -> ResponseReturnValue:
    """Put something in."""
    choice = choice_in_form(request.form)
    if choice is not None and choice.chosen is None:
        return choice_missing_response(choice)
    owner = cart_owner()
    variant_id = choice.chosen.id if choice and choice.chosen else _number("variant_id")
    change = carts.add_to_cart(owner, variant_id, _number("quantity", 1))
    set_cart_cookie(change.guest_token)
    if change.guest_token is not None:
        owner = carts.CartOwner(guest_token=change.guest_token)
    prefetch_tax(owner)
    if request.form.get("then") == "checkout":
        return redirect_to(url_for("checkout.show"))
    _say_on_the_next_page(change)
    return respond(
        "cart/added.hx.html",
        then=url_for("cart.show"),
        variant_id=variant_id,
        picks_from=request.form.get("product"),
        put_in=" ".join((f"{change.name} added to your cart.", *change.sentences)),
        cart_count=carts.count_of(owner),
    )


@cart.post("/cart/items/<int:item_id>")
def change_item(item_id: int) -> ResponseReturnValue:
    """Have more of it, or less; none takes it out."""
    return _changed(carts.change_quantity(cart_owner(), item_id, _number("quantity")))


@cart.post("/cart/items/<int:item_id>/removal")
def remove_item(item_id: int) -> ResponseReturnValue:
    """Take it out."""
    return _changed(carts.remove_line(cart_owner(), item_id))


@cart.post("/cart/discount")
def change_code() -> ResponseReturnValue:
    """Use a discount code, or take off the one there is; `then=checkout`: shown there, where what was typed stays."""
    owner, user = cart_owner(), current_customer()
    there = carts.find_cart(owner)
    if there is None or not there.lines:
        return redirect_to(url_for("cart.show"))
    code = apply_code(owner, there, request.form.get("discount_code", ""), pricing_context_for_cart(there, user))
    prefetch_tax(owner)
    status = InvalidRequestError.status if code.words else HTTPStatus.OK
    if request.form.get("then") == "checkout":
        typed = read_checkout_form(request.form, user, None)
        return checkout_with_errors(typed, user, there, status=status, code=code)
    context = cart_context(owner, code=code)
    if code.words:
        return render("cart/changed.hx.html", page="cart/cart.html", status=status, **context)
    return respond("cart/changed.hx.html", then=url_for("cart.show"), **context)


@cart.post("/cart/delivery")
def choose_delivery() -> ResponseReturnValue:
    """Say where it would go, and how."""
    rate_id = _number("shipping_rate_id", 0)
    keep_delivery(cart_owner(), request.form.get("country"), request.form.get("region", ""), rate_id or None)
    return _changed(CartChange(""))


@cart.post("/cart/merge/undo")
@customer_required
def undo_merge() -> ResponseReturnValue:
    """Keep only what was in the account's cart before signing in."""
    have_it_as_it_was(signed_in().id)
    return _changed(CartChange(""))


def _changed(change: CartChange) -> ResponseReturnValue:
    prefetch_tax(cart_owner())
    _say_on_the_next_page(change)
    context = cart_context(cart_owner(), change.sentences)
    return respond("cart/changed.hx.html", then=url_for("cart.show"), **context)


def _say_on_the_next_page(change: CartChange) -> None:
    for sentence in () if wants_fragment() else change.sentences:
        flash(sentence, _SAID)


def _number(field: str, default: int | None = None) -> int:
    typed = request.form.get(field, default, type=int)
    if typed is None or not -(2**31) < typed < 2**31:
        raise InvalidRequestError("Please choose what to add, and how many.")
    return typed


def _count() -> int:
    if "cart_count" not in g:
        g.cart_count = carts.count_of(cart_owner())
    count: int = g.cart_count
    return count
