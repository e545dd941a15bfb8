"""Where a cart would go and how: chosen before anybody has typed an address, and kept on the cart."""

from storefront.carts.carts import CartOwner, lock_cart
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.errors import InvalidRequestError
from storefront.customers.address_rules import rules_of
from storefront.customers.countries import countries

LONGEST_REGION = 120


def choose_delivery(owner: CartOwner, country: str | None, region: str, shipping_rate_id: int | None) -> None:
    """Keep the choice; no country leaves the one there is. Raises InvalidRequestError for one that does not exist.

    A rate that leads nowhere counts as none; it is asked each time.
    """
    if country and country not in dict(countries()):
        raise InvalidRequestError("We do not know that country.")
    with transaction():
        cart = lock_cart(owner)
        if country is not None:
            # A region is of its country.
            cart.region = rules_of(country).region_name(region[:LONGEST_REGION]) if country == cart.country else ""
            cart.country = country
        cart.shipping_rate_id = shipping_rate_id
        cart.updated_at = now()
