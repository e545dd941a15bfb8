"""What is typed at the checkout: who, and where to."""

from dataclasses import asdict
from typing import Any

from flask import current_app
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField
from wtforms.validators import Optional

from config import Settings
from storefront.carts.models import Cart
from storefront.core.client_address import address_hash, is_address_known
from storefront.core.email_addresses import key_of
from storefront.core.errors import NotFoundError
from storefront.customers.address_form import ContactForm
from storefront.customers.addresses import add_address, address_of
from storefront.customers.models import User
from storefront.orders.placing import Buyer
from storefront.shipping_and_tax.read import is_pick_up


class CheckoutForm(ContactForm):
    """Where the parcel and the receipt go, and how it gets there. What is fetched needs no address."""

    shipping_rate_id = IntegerField(validators=[Optional()])

    def validate(self, *args: Any, **more: Any) -> bool:
        """Whether all is there that is needed."""
        if self.is_fetched:
            return bool(self.email.validate(self))
        return bool(super().validate(*args, **more))

    def place_typed(self) -> dict[str, str]:
        """Where it would go, as far as it is typed."""
        return asdict(self.place())

    def place_copy(self) -> dict[str, str] | None:
        """The copy that the order keeps."""
        return None if self.is_fetched else self.place_typed()

    def buyer(self, user: User | None) -> Buyer:
        """Whose order it is, and where its mail goes; a guest is an e-mail and nothing else."""
        email = self.email.data or ""
        return Buyer(user.id if user else None, email, key_of(email), address_hash() if is_address_known() else None)


def read_checkout_form(form: MultiDict[str, str], user: User | None, address_id: int | None) -> CheckoutForm:
    """What was typed; or, where nothing was, the address chosen from the book. NotFoundError for another's."""
    if user is None:
        if address_id is not None:
            raise NotFoundError  # guests have no book
        typed = CheckoutForm(form)
    else:
        if address_id is not None and not form.get("line1"):
            known = address_of(user.id, address_id).as_copy()
            # Parcels have gone there before: its street is not asked about again.
            form = MultiDict({**form.to_dict(), "email": user.email, **known, "street_asked": known["line1"]})
        typed = CheckoutForm(form, data={"email": user.email})
    typed.is_fetched = is_pick_up(typed.shipping_rate_id.data)
    return typed


def needs_no_address(cart: Cart) -> bool:
    """Whether it is only downloaded, and no tax waits for a country: then no address is asked."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.stripe_tax or not settings.prices_include_tax:
        return False
    return not any(line.variant.requires_shipping for line in cart.lines)


def save_typed_address(user_id: int, typed: CheckoutForm) -> None:
    """Remember it in the address book, so that the next time is one click; what is in there already is not written twice."""
    if not typed.is_fetched:
        add_address(user_id, typed.place())
