"""What a price depends on beside the goods, as this request knows it: who asks, and where it would go."""

from dataclasses import replace

from flask import current_app

from storefront.carts.models import Cart
from storefront.core.email_addresses import key_of
from storefront.customers.addresses import default_address
from storefront.customers.models import Address, User
from storefront.orders.totals import Destination, PricingContext, destination_of
from storefront.web.checkout_form import CheckoutForm


def pricing_context(user: User | None, address: Address | None) -> PricingContext:
    """What is known when something is bought without a cart."""
    return PricingContext(
        destination=destination_of(address.as_copy() if address else None),
        user_id=user.id if user else None,
        email_key=user.email_key if user else None,
    )


def chosen_destination(cart: Cart | None) -> Destination:
    """Where things would go as far as a customer without an address has told us: what they chose, else where the shop is at home.

    The cart, the checkout and the address book all begin with it.
    """
    if cart is not None and cart.country:
        return Destination(cart.country, cart.region)
    home: str = current_app.config["SETTINGS"].home_country
    return Destination(home)


def pricing_context_for_address(cart: Cart, user: User | None, address: Address | None) -> PricingContext:
    """What is known of a cart before anything is typed at the checkout: an address of theirs, else `chosen_destination`."""
    known = pricing_context(user, address)
    return replace(
        known,
        destination=known.destination or chosen_destination(cart),
        shipping_rate_id=cart.shipping_rate_id,
        discount_code=cart.discount_code,
        cart_id=cart.id,
    )


def pricing_context_for_cart(cart: Cart, user: User | None) -> PricingContext:
    """The same for their usual address."""
    return pricing_context_for_address(cart, user, default_address(user.id) if user else None)


def pricing_context_for_form(cart: Cart, user: User | None, typed: CheckoutForm) -> PricingContext:
    """What the checkout's form says, or begins with."""
    rate_id = typed.shipping_rate_id.data
    return replace(
        pricing_context_for_address(cart, user, None),
        destination=destination_of(typed.place_typed()) if typed.country.data else None,
        shipping_rate_id=cart.shipping_rate_id if rate_id is None else rate_id,
        email_key=key_of(typed.email.data or "") or None,
    )
