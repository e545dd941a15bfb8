"""Where Stripe works out the tax, it is asked when a cart or its address has changed: never to draw a page.

It waits a few seconds at most, and never fails: what is not known by then is asked at the button.
"""

from flask import current_app

from storefront.auth.access import current_customer
from storefront.checkout.dealing import deal_for_cart, deal_typed
from storefront.checkout.typed import ContactAtCheckout
from storefront.customers.addresses import default_address
from storefront.orders.carts import CartOwner, find_cart
from storefront.orders.models import Cart
from storefront.orders.totals import Deal
from storefront.payments.calculating import work_out


def work_out_tax(owner: CartOwner) -> None:
    """After the change was committed: have the tax of this cart known by the time its button is pressed."""
    if (cart := _cart_to_tax(owner)) is None:
        return
    user = current_customer()
    # Each answer costs the shop: nobody asks for a place that nobody chose.
    if cart.country or (user and default_address(user.id)):
        _work_out(cart, deal_for_cart(cart, user))


def work_out_typed_tax(owner: CartOwner, typed: ContactAtCheckout) -> None:
    """The same for an address that is being typed."""
    if (cart := _cart_to_tax(owner)) is not None:
        _work_out(cart, deal_typed(cart, current_customer(), typed))


def _cart_to_tax(owner: CartOwner) -> Cart | None:
    return find_cart(owner) if current_app.config["SETTINGS"].stripe_tax else None


def _work_out(cart: Cart, deal: Deal) -> None:
    wanted = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    work_out(wanted, deal, cart.id)
