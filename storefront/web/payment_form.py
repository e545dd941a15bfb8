"""Reading a pay button: what the form says, as a click the shop understands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import current_app, request
from werkzeug.datastructures import MultiDict

from storefront.cards.saved_cards import usable_cards_of
from storefront.core.database import end_read
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.customers.addresses import address_of, addresses_of
from storefront.customers.models import User
from storefront.orders.models import OrderSource
from storefront.orders.placing import Buyer, OrderRequest
from storefront.payments.attempts import Means, OnHostedPage, PaymentInstructions, WithNewCard, WithSavedCard
from storefront.payments.order_view import order_view
from storefront.payments.requests import PaymentRequest
from storefront.web.htmx import wants_fragment

MAX_TOKEN_LENGTH = 64
MAX_ID: Final = 2**31
# How a form says with what it pays.
Read = Callable[[MultiDict[str, str]], Means]


@dataclass(frozen=True)
class PayForm:
    """What a pay button said: its token, its total, and what it buys (one of variant, order, or neither for the cart)."""

    token: str
    expected_total: int
    variant_id: int | None
    quantity: int
    order: str | None
    card_id: int | None
    address_id: int | None
    asked_before: bool
    shipping_rate_id: int | None = None


def read_pay_form(form: MultiDict[str, str]) -> PayForm:
    """Read the form of a one-click button; InvalidRequestError where a field is missing or no number."""
    token = form.get("checkout_token", "")
    if not 16 <= len(token) <= MAX_TOKEN_LENGTH:
        raise InvalidRequestError(
            "This button has no number of its own any more. Please load the page again; nothing was charged."
        )
    return PayForm(
        token=token,
        expected_total=_digits(form, "expected_total") or 0,
        variant_id=_quantity(form, "variant_id"),
        quantity=_quantity(form, "quantity") or 1,
        order=form.get("order") or None,
        card_id=_quantity(form, "card_id"),
        address_id=_quantity(form, "address_id"),
        asked_before=form.get("another") == "yes",
        shipping_rate_id=_quantity(form, "shipping_rate_id"),
    )


def _quantity(form: MultiDict[str, str], name: str) -> int | None:
    told = _digits(form, name)
    if told is not None and told >= MAX_ID:
        raise NotFoundError  # nothing of ours has such a number
    return told


def _digits(form: MultiDict[str, str], name: str) -> int | None:
    told = form.get(name, "").strip()
    if not told:
        return None
    if not (told.isascii() and told.isdigit() and len(told) < 12):
        raise InvalidRequestError(
            "Something in this form is no number. Please load the page again; nothing was charged."
        )
    return int(told)


def read_payment_method(form: MultiDict[str, str]) -> Means:
    """With which card another try is made: a saved one's button, or the fields of a new one."""
    token = form.get("confirmation_token", "")
    if token.startswith("ctoken_") and len(token) <= MAX_TOKEN_LENGTH * 2:
        return WithNewCard(token, keep=form.get("save_card") == "yes")
    card_id = _quantity(form, "card_id")
    if card_id is None:
        raise InvalidRequestError("Please choose a card.")
    return WithSavedCard(card_id)


def one_click_request(button: PayForm, user: User, cart_id: int | None) -> PaymentRequest:
    """The click of a returning customer: with the card and to the address they chose, else their usual ones."""
    goods, source = _items(button, user)
    address = _address(button, user)
    means = WithSavedCard(button.card_id or _default_card(user)) if button.expected_total else None
    end_read()
    wanted = OrderRequest(
        checkout_token=button.token,
        expected_total=button.expected_total,
        source=source,
        cart_id=cart_id if source is OrderSource.cart else None,
        buyer=Buyer(user.id, user.email, user.email_key),
        address=address,
        livemode=current_app.config["SETTINGS"].livemode,
        shipping_rate_id=button.shipping_rate_id,
    )
    return PaymentRequest(
        wanted, goods, PaymentInstructions(means, in_page=wants_fragment()), asked_before=button.asked_before
    )


def read_page_method(form: MultiDict[str, str]) -> Means:
    """Pay on Stripe's page; the box beside the card's fields counts there too."""
    return OnHostedPage(keep=form.get("save_card") == "yes")


def cart_request(
    button: PayForm, buyer: Buyer, cart_id: int, address: dict[str, str] | None, read: Read
) -> PaymentRequest:
    """The click of the checkout's own form: to what was typed."""
    wanted = OrderRequest(
        checkout_token=button.token,
        expected_total=button.expected_total,
        source=OrderSource.cart,
        cart_id=cart_id,
        buyer=buyer,
        address=address,
        livemode=current_app.config["SETTINGS"].livemode,
        shipping_rate_id=button.shipping_rate_id,
    )
    means = read(request.form) if button.expected_total else None
    return PaymentRequest(wanted, {}, PaymentInstructions(means, in_page=wants_fragment()))


def _items(button: PayForm, user: User) -> tuple[dict[int, int], OrderSource]:
    if button.variant_id is not None:
        if not 1 <= button.quantity <= 99:
            raise InvalidRequestError("Please choose between 1 and 99 of them.")
        return {button.variant_id: button.quantity}, OrderSource.product
    if button.order is None:
        return {}, OrderSource.cart
    order = order_view(button.order)
    if order.user_id != user.id:
        raise NotFoundError
    return {line.variant_id: line.quantity for line in order.lines if line.variant_id is not None}, OrderSource.order


def _address(button: PayForm, user: User) -> dict[str, str] | None:
    if button.address_id is not None:
        return address_of(user.id, button.address_id).as_copy()
    book = addresses_of(user.id)
    return book[0].as_copy() if book else None


def _default_card(user: User) -> int:
    cards = usable_cards_of(user.id)
    if not cards:
        raise InvalidRequestError("You have no saved card. Please pay at the checkout.")
    return cards[0].id
