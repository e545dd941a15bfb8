"""What the page of the address book shows."""

from collections.abc import Sequence
from typing import Any, Final

from flask import request

from storefront.customers.address_form import AddressForm
from storefront.customers.addresses import addresses_of
from storefront.customers.countries import countries
from storefront.customers.models import Address, User

_NOTHING_SAID: Final = {"confirming_id": None, "kept_id": None, "chosen": False, "added_id": None, "was_removed": False}


def context(user_id: int, **said: Any) -> dict[str, Any]:
    """What account/_addresses.html is drawn from; `said` is what this answer adds to the list."""
    return {"addresses": addresses_of(user_id)} | _NOTHING_SAID | said


def blank_form(customer: User, known: Sequence[Address]) -> AddressForm:
    """The form for one more, with what we can guess in it."""
    country = known[0].country if known else _country_of_browser()
    return AddressForm(data={"name": customer.name, "country": country})


def _country_of_browser() -> str:
    """AT for a browser that asks for de-AT; where it does not say, as at the checkout."""
    known = {code for code, _ in countries()}
    told = (language.replace("_", "-").split("-")[-1].upper() for language in request.accept_languages.values())
    return next((code for code in told if code in known), "DE")
