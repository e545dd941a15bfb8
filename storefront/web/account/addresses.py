"""What the page of the address book shows."""

from collections.abc import Sequence
from typing import Any, Final

from storefront.carts.carts import find_cart
from storefront.customers.address_form import AddressForm, faults_of
from storefront.customers.addresses import addresses_of
from storefront.customers.models import Address, User
from storefront.orders.totals import Destination
from storefront.web.cart_owner import cart_owner
from storefront.web.pricing_context import chosen_destination

_NOTHING_SAID: Final = {"confirming_id": None, "kept_id": None, "chosen": False, "added_id": None, "was_removed": False}


def context(user_id: int, **said: Any) -> dict[str, Any]:
    """What account/_addresses.html is drawn from; `said` is what this answer adds to the list."""
    addresses = addresses_of(user_id)
    to_mend = {address.id: faults_of(address.as_copy()) for address in addresses}
    return {"addresses": addresses, "to_mend": to_mend} | _NOTHING_SAID | said


def blank_form(customer: User, known: Sequence[Address]) -> AddressForm:
    """The form for one more: the country of their usual address, else the one they chose in the cart, else the shop's."""
    place = Destination(known[0].country) if known else chosen_destination(find_cart(cart_owner()))
    return AddressForm(data={"name": customer.name, "country": place.country, "region": place.region})
