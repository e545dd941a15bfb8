"""Where a cart would go and how: chosen before anybody has typed an address, and kept on the cart."""

from storefront.clock import now
from storefront.customers.address_rules import rules_of
from storefront.customers.countries import countries
from storefront.database import transaction
from storefront.errors import RefusedError
from storefront.orders.carts import CartOwner, hold_cart

LONGEST_REGION = 120


def choose_delivery(owner: CartOwner, country: str | None, region: str, shipping_rate_id: int | None) -> None:
    """Keep the choice; no country leaves the one there is. Raises RefusedError for one that does not exist.

    A rate that leads nowhere counts as none; it is asked each time.
    """
    if country and country not in dict(countries()):
        raise RefusedError("We do not know that country.")
    with transaction():
        cart = hold_cart(owner)
        if country is not None:
            # A region is of its country.
            cart.region = rules_of(country).region_name(region[:LONGEST_REGION]) if country == cart.country else ""
            cart.country = country
        cart.shipping_rate_id = shipping_rate_id
        cart.updated_at = now()
