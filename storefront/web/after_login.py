"""Coming in: what the browser held as a guest comes along, and then a session of their own begins."""

from flask import url_for
from flask.typing import ResponseReturnValue

from storefront.cards.claim import claim_cards, claim_orders_and_cards
from storefront.carts.carts import CartOwner
from storefront.customers.models import User
from storefront.web.cart_owner import merge_cart_at_login
from storefront.web.htmx import redirect_to, safe_path
from storefront.web.login import PLACED_ORDERS_KEY, guest_orders, log_in
from storefront.web.signing_in import remember_browser
from storefront.web.tax_ahead import prefetch_tax


def finish_login(user: User, wanted: str | None) -> ResponseReturnValue:
    """Sign them in here, and lead on to where they wanted to go."""
    merge_cart_at_login(user.id)
    claim_cards(user, guest_orders(PLACED_ORDERS_KEY))
    claim_orders_and_cards(user.id)
    log_in(user)
    remember_browser(user)
    prefetch_tax(CartOwner(user_id=user.id))
    return redirect_to(after_login(wanted))


def after_login(wanted: str | None) -> str:
    """Where somebody goes who is signed in."""
    return safe_path(wanted) or url_for("browse.home")
