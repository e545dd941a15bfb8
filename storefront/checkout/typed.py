"""What is typed at the checkout: who, and where to."""

from dataclasses import asdict
from typing import Any

from flask import current_app
from werkzeug.datastructures import MultiDict

from config import Settings
from storefront.caller import address_hash, is_untold_proxy
from storefront.customers.address_form import ContactForm
from storefront.customers.addresses import add_address, address_of
from storefront.customers.models import User
from storefront.customers.people import key_of
from storefront.errors import NotYoursError
from storefront.orders.models import Cart
from storefront.orders.placing import Buyer


class ContactAtCheckout(ContactForm):
    """Where the parcel and the receipt go. What is fetched needs no address."""

    def validate(self, *args: Any, **more: Any) -> bool:
        """Whether all is there that is needed."""
        if self.is_fetched:
            return bool(self.email.validate(self))
        return bool(super().validate(*args, **more))

    def place_copy(self) -> dict[str, str] | None:
        """The copy that the order keeps."""
        return None if self.is_fetched else asdict(self.place())

    def buyer(self, user: User | None) -> Buyer:
        """Whose order it is, and where its mail goes; a guest is an e-mail and nothing else."""
        email = self.email.data or ""
        return Buyer(user.id if user else None, email, key_of(email), None if is_untold_proxy() else address_hash())


def read_contact(form: MultiDict[str, str], user: User | None, address_id: int | None) -> ContactAtCheckout:
    """What was typed; or, where nothing was, the address chosen from the book. NotYoursError for another's."""
    if user is None:
        if address_id is not None:
            raise NotYoursError  # guests have no book
        return ContactAtCheckout(form)
    if address_id is not None and not form.get("line1"):
        form = MultiDict({"email": user.email, **address_of(user.id, address_id).as_copy()})
    return ContactAtCheckout(form, data={"email": user.email})


def goes_nowhere(cart: Cart) -> bool:
    """Whether it is only downloaded, and no tax waits for a country: then no address is asked."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.stripe_tax or not settings.prices_include_tax:
        return False
    return not any(line.variant.requires_shipping for line in cart.lines)


def keep_typed_address(user_id: int, typed: ContactAtCheckout) -> None:
    """Remember it in the address book, so that the next time is one click; what is in there already is not written twice."""
    if not typed.is_fetched:
        add_address(user_id, typed.place())
