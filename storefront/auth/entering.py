"""Coming in: what the browser held as a guest comes along, and then a session of their own begins."""

from flask import url_for
from flask.typing import ResponseReturnValue

from storefront.auth.access import PLACED, guest_orders, let_in
from storefront.auth.signing_in import know_this_browser
from storefront.cart.owner import bring_cart_along
from storefront.checkout.tax_ahead import work_out_tax
from storefront.customers.models import User
from storefront.hypermedia import go_to, own_path
from storefront.orders.carts import CartOwner
from storefront.payments.adopting import bring_along, claim_cards


def enter(user: User, wanted: str | None) -> ResponseReturnValue:
    """Sign them in here, and lead on to where they wanted to go."""
    bring_cart_along(user.id)
    claim_cards(user, guest_orders(PLACED))
    bring_along(user.id)
    let_in(user)
    know_this_browser(user)
    work_out_tax(CartOwner(user_id=user.id))
    return go_to(after_login(wanted))


def after_login(wanted: str | None) -> str:
    """Where somebody goes who is signed in."""
    return own_path(wanted) or url_for("browse.home")
