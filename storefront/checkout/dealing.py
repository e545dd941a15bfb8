"""What a price depends on beside the goods, as this request knows it: who asks, and where it would go."""

from dataclasses import replace

from storefront.customers.addresses import default_address
from storefront.customers.models import Address, User
from storefront.orders.models import Cart
from storefront.orders.totals import Deal, destination_of


def deal_with(user: User | None, address: Address | None) -> Deal:
    """What is known when something is bought without a cart."""
    return Deal(
        destination=destination_of(address.as_copy() if address else None),
        user_id=user.id if user else None,
        email_key=user.email_key if user else None,
    )


def deal_for_cart(cart: Cart, user: User | None) -> Deal:
    """What is known of a cart before anything is typed at the checkout."""
    known = deal_with(user, default_address(user.id) if user else None)
    return replace(known, discount_code=cart.discount_code, cart_id=cart.id)
