"""Where Stripe works out the tax, it is asked when a cart or its address has changed: never to draw a page.

It waits a few seconds at most, and never fails: what is not known by then is asked at the button.
"""

from flask import current_app

from storefront.carts.carts import CartOwner, find_cart
from storefront.carts.models import Cart
from storefront.customers.addresses import default_address
from storefront.orders.totals import PricingContext
from storefront.payments.stripe_tax import calculate_tax_ahead
from storefront.web.checkout_form import CheckoutForm
from storefront.web.login import current_customer
from storefront.web.pricing_context import pricing_context_for_cart, pricing_context_for_form


def prefetch_tax(owner: CartOwner) -> None:
    """After the change was committed: have the tax of this cart known by the time its button is pressed."""
    if (cart := _cart_to_tax(owner)) is None:
        return
    user = current_customer()
    # Each answer costs the shop: nobody asks for a place that nobody chose.
    if cart.country or (user and default_address(user.id)):
        _prefetch(cart, pricing_context_for_cart(cart, user))


def prefetch_tax_for_form(owner: CartOwner, typed: CheckoutForm) -> None:
    """The same for an address that is being typed."""
    if (cart := _cart_to_tax(owner)) is not None:
        _prefetch(cart, pricing_context_for_form(cart, current_customer(), typed))


def _cart_to_tax(owner: CartOwner) -> Cart | None:
    return find_cart(owner) if current_app.config["SETTINGS"].stripe_tax else None


def _prefetch(cart: Cart, deal: PricingContext) -> None:
    wanted = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    calculate_tax_ahead(wanted, deal, cart.id)
