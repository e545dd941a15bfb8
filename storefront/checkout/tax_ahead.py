"""Where Stripe works out the tax, it is asked when a cart or its address has changed: never to draw a page."""

from flask import current_app

from storefront.auth.access import current_customer
from storefront.checkout.dealing import deal_for_cart
from storefront.orders.carts import CartOwner, find_cart
from storefront.payments.calculating import work_out


def work_out_tax(owner: CartOwner) -> None:
    """After the change was committed: have the tax of this cart known by the time its button is pressed.

    Waits a few seconds at most, and never fails: what is not known by then is asked at the button.
    """
    if not current_app.config["SETTINGS"].stripe_tax:
        return
    cart = find_cart(owner)
    if cart is None:
        return
    wanted = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    work_out(wanted, deal_for_cart(cart, current_customer()), cart.id)
