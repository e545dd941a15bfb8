"""Paying: the checkout, one click, and the way back from the bank."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cards.customers import customer_to_charge
from storefront.cards.guests import customer_for_guest
from storefront.carts.carts import count_of, find_cart, find_cart_id, is_cart_of
from storefront.catalog.stock import SoldOutError
from storefront.core.database import end_read
from storefront.core.errors import BusyError, NotFoundError, RateLimitedError, ShopError
from storefront.core.money import Money
from storefront.core.rate_limits import throttle_address
from storefront.customers.models import User
from storefront.orders.placing import TotalChangedError
from storefront.orders.pricing import NoLongerSoldError
from storefront.payments.attempts import Means, OnHostedPage, WithNewCard
from storefront.payments.cancel import page_to_pay
from storefront.payments.order_view import Shown, order_view, show_order_of_token
from storefront.payments.pay import process_payment
from storefront.payments.requests import NotYourButtonError, OpenOrderError, PaymentRequest, PaymentResult
from storefront.reconcile.attempt import reconcile_order
from storefront.stripe.errors import OutcomeUnknownError
from storefront.stripe.guard import write_slot
from storefront.web.cart_owner import cart_owner
from storefront.web.checkout_form import CheckoutForm, needs_no_address, read_checkout_form, save_typed_address
from storefront.web.checkout_view import checkout_context, checkout_with_errors
from storefront.web.discount_code import code_to_pay_with
from storefront.web.htmx import redirect_to, render, respond, set_retry_after, wants_fragment
from storefront.web.login import current_customer, customer_required, signed_in
from storefront.web.order_access import may_see_details, remember_order
from storefront.web.panel import Panel, again_panel, cart_panel, order_panel, variant_panel, with_order
from storefront.web.payment_form import (
    PayForm,
    Read,
    cart_request,
    one_click_request,
    read_page_method,
    read_pay_form,
    read_payment_method,
)
from storefront.web.pricing_context import pricing_context_for_cart
from storefront.web.product_view import choice_in_form, choice_missing_response
from storefront.web.tax_ahead import prefetch_tax_for_form

checkout = Blueprint("checkout", __name__)

# Made at Stripe from one address. An office is one.
GUESTS_CUSTOMERS: Final = "30 per hour"


@checkout.errorhandler(NoLongerSoldError)
def mend_the_cart(_: NoLongerSoldError) -> ResponseReturnValue:
    """The cart says what it is, and it can be taken out there."""
    return redirect_to(url_for("cart.show"))


@checkout.get("/checkout", endpoint="show")
def show_checkout() -> ResponseReturnValue:
    cart = find_cart(cart_owner())
    if cart is None or not cart.lines:
        return redirect_to(url_for("cart.show"))
    return render("checkout/mend.hx.html", page="checkout/checkout.html", **checkout_context(current_customer(), cart))


@checkout.post("/checkout", endpoint="update")
def update_checkout() -> ResponseReturnValue:
    """What it costs to where and how was typed so far; nothing is kept or placed."""
    user = current_customer()
    typed = read_checkout_form(request.form, user, None)
    prefetch_tax_for_form(cart_owner(), typed)
    cart = find_cart(cart_owner())
    if cart is None or not cart.lines:
        return redirect_to(url_for("cart.show"))
    context = checkout_context(user, cart, typed)
    return render("checkout/mend.hx.html", page="checkout/checkout.html", **context)


@checkout.post("/checkout/one-click", endpoint="one_click")
@customer_required
def click_once() -> ResponseReturnValue:
    user = signed_in()
    choice = choice_in_form(request.form)
    if choice is not None and choice.chosen is None:
        return choice_missing_response(choice)
    button = read_pay_form(request.form)
    if choice is not None and choice.chosen is not None:  # what is picked, not what was drawn before it was
        button = replace(button, variant_id=choice.chosen.id)
    end_read()
    cart_id = None if button.variant_id or button.order else _cart_id()
    try:
        bought = process_payment(one_click_request(button, user, cart_id))
    except ShopError as refused:
        return set_retry_after(_refused_click(refused, button, user), refused)
    return _clicked(bought, user)


def _cart_id() -> int | None:
    cart_id = find_cart_id(cart_owner())
    end_read()
    return cart_id


def _clicked(bought: PaymentResult, user: User) -> ResponseReturnValue:
    """The order where the button was; a browser without scripts goes to its page."""
    if not wants_fragment():
        return redirect_to(url_for("orders.show", public_id=bought.public_id))
    order = order_view(bought.public_id)
    panel = order_panel(order, may_pay=True, user=user)
    if bought.again and order.state is Shown.paid and order.cart_id is None:
        anew = again_panel(user, order)
        panel = replace(with_order(anew, order), state="already") if anew and anew.state == "ready" else panel
    count = None if order.cart_id is None else count_of(cart_owner())
    return respond("checkout/clicked.hx.html", then="", panel=panel, cart_count=count)


def _refused_click(refused: ShopError, button: PayForm, user: User) -> Response:
    """Nothing was placed: the same button again, saying what is no longer as it was."""
    panel = _panel_again(refused, button, user)
    if isinstance(refused, OpenOrderError):
        open_order = order_view(refused.public_id)
        panel = replace(with_order(panel, open_order), state="open_order", hidden={**panel.hidden, "another": "yes"})
    count = count_of(cart_owner())
    return render(
        "checkout/clicked.hx.html",
        page="checkout/refused.html",
        status=refused.status,
        panel=panel,
        cart_count=count,
        cart_view=None,
    )


def _panel_again(refused: ShopError, button: PayForm, user: User) -> Panel:
    if isinstance(refused, NotFoundError):
        is_in_cart = button.variant_id is None and button.order is None
        raise refused if is_in_cart else NotFoundError(refused.words)
    panel = _button_again(button, user)
    today = panel.total
    why = (_reason(refused),)
    if isinstance(refused, SoldOutError) and refused.left:
        return _fewer(refused.left, panel, button, user)
    if today is None or (isinstance(refused, SoldOutError) and not refused.left):
        return replace(panel, state="sold_out", changed=why)
    if panel.buys != "cart" and not isinstance(refused, NotYourButtonError):
        panel = replace(panel, checkout_token=button.token)
    if isinstance(refused, TotalChangedError):
        told = () if refused.words == TotalChangedError.words else why
        return replace(panel, state="changed", old_total=Money(button.expected_total, today.currency), changed=told)
    if isinstance(refused, BusyError | RateLimitedError):
        return replace(panel, state="busy", changed=() if type(refused) is BusyError else why)
    return replace(panel, state="changed", changed=why)


def _fewer(left: int, panel: Panel, button: PayForm, user: User) -> Panel:
    """Fewer are left than the button was for: of one thing the new button buys those; a cart has to be mended first."""
    if button.variant_id is None:
        return replace(panel, state="sold_out", changed=(f"Only {left} left.",))
    fewer = variant_panel(user, button.variant_id, left, button.address_id)
    words = (
        "Only 1 left: the button below buys it."
        if left == 1
        else f"Only {left} left: the button below buys all of them."
    )
    return replace(fewer, state="changed", checkout_token=button.token, changed=(words,))


def _button_again(button: PayForm, user: User) -> Panel:
    if button.variant_id is not None:
        return variant_panel(user, button.variant_id, button.quantity, button.address_id)
    if button.order is not None:
        panel = again_panel(user, order_view(button.order), button.address_id)
    else:
        cart = find_cart(cart_owner())
        panel = cart_panel(user, cart, button.address_id) if cart and cart.lines else None
    return panel or Panel(state="sold_out", buys="cart", what="buy_now")


@checkout.post("/checkout/pay")
def pay() -> ResponseReturnValue:
    return _order_cart(read_payment_method)


@checkout.post("/checkout/hosted", endpoint="hosted")
def pay_on_stripes_page() -> ResponseReturnValue:
    """Place the order, and lead on to Stripe's page; needs no script of ours."""
    return _order_cart(read_page_method)


def _order_cart(read: Read) -> ResponseReturnValue:
    user = current_customer()
    cart = find_cart(cart_owner())
    button = read_pay_form(request.form)
    typed = read_checkout_form(request.form, user, button.address_id)
    if cart is None or not cart.lines:
        return _landed_on_paid(button)
    typed.is_fetched = typed.is_fetched or needs_no_address(cart)
    if not typed.validate():
        return checkout_with_errors(typed, user, cart, status=422)
    code = code_to_pay_with(cart_owner(), cart, request.form.get("discount_code"), pricing_context_for_cart(cart, user))
    if code and code.words:
        return checkout_with_errors(typed, user, cart, status=422, code=code)
    cart_id = cart.id
    end_read()
    try:
        click = cart_request(button, typed.buyer(user), cart_id, typed.place_copy(), read)
        if user is not None:
            _get_ready(user, click.how.means, typed)
        else:
            click = _with_guests_customer(click, typed)
        bought = process_payment(click)
        page = _page_of(bought, click.how.means)
    except ShopError as refused:
        return set_retry_after(_not_placed(refused, typed, user), refused)
    if user is None or bought.again:  # what a guest placed is still theirs when they have signed in since
        remember_order(bought.public_id)
    # The order's own page shows it in whatever state it is, the bank's question included.
    return redirect_to(page or url_for("orders.show", public_id=bought.public_id))


def _get_ready(user: User, means: Means | None, typed: CheckoutForm) -> None:
    if isinstance(means, OnHostedPage) or (isinstance(means, WithNewCard) and means.keep):
        customer_to_charge(user.id)
    save_typed_address(user.id, typed)


def _with_guests_customer(click: PaymentRequest, typed: CheckoutForm) -> PaymentRequest:
    """A guest who wants the card kept gets a customer at Stripe, and nobody else does; without one the card still pays."""
    means = click.how.means
    if not isinstance(means, OnHostedPage | WithNewCard) or not means.keep:
        return click
    try:
        throttle_address("guest-customer", limit=GUESTS_CUSTOMERS)
    except RateLimitedError:
        return click
    wanted = click.wanted
    customer = customer_for_guest(wanted.checkout_token, wanted.buyer, typed.name.data or "")
    return replace(click, how=replace(click.how, guests_customer=customer))


def _page_of(bought: PaymentResult, means: Means | None) -> str | None:
    if bought.page or not isinstance(means, OnHostedPage):
        return bought.page
    order_id = order_view(bought.public_id).id
    end_read()
    return page_to_pay(order_id)


def _not_placed(refused: ShopError, typed: CheckoutForm, user: User | None) -> Response:
    cart = find_cart(cart_owner())
    if isinstance(refused, NotFoundError) or cart is None:
        raise refused
    return checkout_with_errors(typed, user, cart, status=refused.status, changed=(_reason(refused),))


def _reason(refused: ShopError) -> str:
    """Why nothing was placed; that nothing was charged is said once, by the panel."""
    words = refused.words
    for assurance in ("Nothing was charged.", "You have not been charged."):
        words = words.replace(assurance, "")
    return words.strip()


def _landed_on_paid(button: PayForm) -> ResponseReturnValue:
    """The cart is empty because its order is paid: a second press of the same button shows that order.

    A guest may press it before the answer to the first press has told their browser whose order it is: their cart tells.
    """
    order = show_order_of_token(button.token)
    if not may_see_details(order):
        if order.user_id is not None or not is_cart_of(cart_owner(), order.cart_id):
            raise NotFoundError
        remember_order(order.public_id)
    return redirect_to(url_for("orders.show", public_id=order.public_id))


@checkout.get("/checkout/return/<public_id>")
def back(public_id: str) -> ResponseReturnValue:
    """Back from the bank: changes nothing but what Stripe says, and asks only while the order is open."""
    order = order_view(public_id)
    end_read()
    if order.is_open:
        with (
            suppress(OutcomeUnknownError, BusyError),
            write_slot(),
        ):  # the page says that we are checking, and so we are
            reconcile_order(order.id)
    return redirect_to(url_for("orders.show", public_id=public_id))
