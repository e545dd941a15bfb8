"""The cart: looking into it, and changing it, with htmx and without."""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, g, get_flashed_messages, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from storefront.auth.access import current_customer, customer_required, signed_in
from storefront.browse.product import ask_to_choose, chosen_by
from storefront.cart.codes import use_code
from storefront.cart.owner import cart_owner, keep_guest_token
from storefront.cart.showing import cart_context
from storefront.checkout.dealing import deal_for_cart
from storefront.checkout.showing import mended
from storefront.checkout.tax_ahead import work_out_tax
from storefront.checkout.typed import read_contact
from storefront.errors import RefusedError
from storefront.hypermedia import done, go_to, is_broken, show, wants_fragment
from storefront.orders import carts
from storefront.orders.cart_delivery import choose_delivery as keep_delivery
from storefront.orders.cart_merging import undo_merge as have_it_as_it_was
from storefront.orders.carts import CartChange

cart = Blueprint("cart", __name__)

_SAID: Final = "cart"


@cart.app_context_processor
def how_full_it_is() -> dict[str, Any]:
    """For the masthead of every page; asked only where one is drawn."""
    return {"cart_count": None if is_broken() else LocalProxy(_count)}


@cart.get("/cart", endpoint="show")
def show_cart() -> ResponseReturnValue:
    """What is in it."""
    said = tuple(str(sentence) for sentence in get_flashed_messages(category_filter=[_SAID]))
    return show("cart/_cart.html", page="cart/cart.html", **cart_context(cart_owner(), said))


@cart.post("/cart/items")
def add_item() -> ResponseReturnValue:
    """Put something in."""
    choice = chosen_by(request.form)
    if choice is not None and choice.chosen is None:
        return ask_to_choose(choice)
    owner = cart_owner()
    variant_id = choice.chosen.id if choice and choice.chosen else _number("variant_id")
    change = carts.put_in(owner, variant_id, _number("quantity", 1))
    keep_guest_token(change.guest_token)
    if change.guest_token is not None:
        owner = carts.CartOwner(guest_token=change.guest_token)
    work_out_tax(owner)
    if request.form.get("then") == "checkout":
        return go_to(url_for("checkout.show"))
    _say_on_the_next_page(change)
    return done(
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
    return _changed(carts.take_out(cart_owner(), item_id))


@cart.post("/cart/discount")
def change_code() -> ResponseReturnValue:
    """Use a discount code, or take off the one there is; `then=checkout`: shown there, where what was typed stays."""
    owner, user = cart_owner(), current_customer()
    there = carts.find_cart(owner)
    if there is None or not there.lines:
        return go_to(url_for("cart.show"))
    code = use_code(owner, there, request.form.get("discount_code", ""), deal_for_cart(there, user))
    work_out_tax(owner)
    status = RefusedError.status if code.words else HTTPStatus.OK
    if request.form.get("then") == "checkout":
        typed = read_contact(request.form, user, None)
        return mended(typed, user, there, status=status, code=code)
    context = cart_context(owner, code=code)
    if code.words:
        return show("cart/changed.hx.html", page="cart/cart.html", status=status, **context)
    return done("cart/changed.hx.html", then=url_for("cart.show"), **context)


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
    work_out_tax(cart_owner())
    _say_on_the_next_page(change)
    context = cart_context(cart_owner(), change.sentences)
    return done("cart/changed.hx.html", then=url_for("cart.show"), **context)


def _say_on_the_next_page(change: CartChange) -> None:
    for sentence in () if wants_fragment() else change.sentences:
        flash(sentence, _SAID)


def _number(field: str, default: int | None = None) -> int:
    typed = request.form.get(field, default, type=int)
    if typed is None or not -(2**31) < typed < 2**31:
        raise RefusedError("Please choose what to add, and how many.")
    return typed


def _count() -> int:
    if "cart_count" not in g:
        g.cart_count = carts.count_of(cart_owner())
    count: int = g.cart_count
    return count
