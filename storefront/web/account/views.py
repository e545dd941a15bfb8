"""The customer's own: orders, saved cards, addresses, profile. What is somebody else's is not there."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from storefront.customers import addresses as verbs
from storefront.customers.address_form import AddressForm, ContactForm
from storefront.customers.countries import country_name
from storefront.orders.labels import label
from storefront.web.account import addresses as book
from storefront.web.account import card_views as _cards  # noqa: F401  hangs its views on the door
from storefront.web.account import order_views as _orders  # noqa: F401
from storefront.web.account import privacy_views as _leaving  # noqa: F401  hangs its views on the door
from storefront.web.account import profile_views as _profile  # noqa: F401
from storefront.web.account.blueprint import account
from storefront.web.cart_owner import cart_owner
from storefront.web.htmx import redirect_to, render, respond
from storefront.web.login import customer_required, signed_in
from storefront.web.tax_ahead import prefetch_tax

__all__ = ["account"]

account.add_app_template_filter(label, "order_label")
account.add_app_template_filter(country_name, "country_name")


@account.get("")
@customer_required
def home() -> ResponseReturnValue:
    """Most come to see what they ordered."""
    return redirect_to(url_for(".orders"))


# Addresses


@account.get("/addresses")
@customer_required
def addresses() -> ResponseReturnValue:
    """Their address book, and the form for one more."""
    customer = signed_in()
    context = book.context(customer.id, kept_id=request.args.get("kept", type=int))
    form = book.blank_form(customer, context["addresses"])
    return render("account/_addresses.html", page="account/addresses.html", form=form, editing=None, **context)


@account.post("/addresses")
@customer_required
def add_address() -> ResponseReturnValue:
    """Write one more into the book."""
    customer, form = signed_in(), AddressForm(request.form)
    if not form.validate():
        context = book.context(customer.id) | {"form": form, "editing": None}
        return render("account/_address_form.html", page="account/addresses.html", status=422, **context)
    added_id = verbs.add_address(customer.id, form.place())
    prefetch_tax(cart_owner())
    context = book.context(customer.id, added_id=added_id)
    blank = book.blank_form(customer, context["addresses"])
    then = url_for(".addresses")
    return respond("account/address_added.hx.html", then=then, form=blank, editing=None, **context)


@account.post("/addresses/fields")
def address_fields() -> ResponseReturnValue:
    """The same fields with what was typed, named as one does in the country that was chosen; at the checkout too."""
    form = (ContactForm if "email" in request.form else AddressForm)(request.form)
    return render("checkout/_address_fields.html", page="checkout/_address_fields.html", form=form)


@account.get("/addresses/<int:address_id>")
@customer_required
def address(address_id: int) -> ResponseReturnValue:
    """One of the book, to be corrected."""
    found = verbs.address_of(signed_in().id, address_id)
    form = AddressForm.of_known(found.as_copy())
    return render("account/_address_form.html", page="account/address.html", form=form, editing=found)


@account.post("/addresses/<int:address_id>")
@customer_required
def change_address(address_id: int) -> ResponseReturnValue:
    """Correct it; orders keep what they copied."""
    me, form = signed_in().id, AddressForm(request.form)
    found = verbs.address_of(me, address_id)
    if not form.validate():
        return render("account/_address_form.html", page="account/address.html", status=422, form=form, editing=found)
    verbs.change_address(me, address_id, form.place())
    prefetch_tax(cart_owner())
    return redirect_to(url_for(".addresses"))


@account.post("/addresses/<int:address_id>/default")
@customer_required
def choose_default_address(address_id: int) -> ResponseReturnValue:
    """From now on parcels go there."""
    me = signed_in().id
    verbs.make_default(me, address_id)
    prefetch_tax(cart_owner())
    return respond("account/_addresses.html", then=url_for(".addresses"), **book.context(me, chosen=True))


@account.get("/addresses/<int:address_id>/removal")
@customer_required
def ask_about_address_removal(address_id: int) -> ResponseReturnValue:
    """Really? Asked where the address stands."""
    customer = signed_in()
    address = verbs.address_of(customer.id, address_id)
    context = book.context(customer.id, confirming_id=address_id)
    form = book.blank_form(customer, context["addresses"])
    return render(
        "account/_address.html", page="account/addresses.html", form=form, editing=None, address=address, **context
    )


@account.post("/addresses/<int:address_id>/removal")
@customer_required
def remove_address(address_id: int) -> ResponseReturnValue:
    """Take it out of the book."""
    me = signed_in().id
    verbs.remove_address(me, address_id)
    prefetch_tax(cart_owner())
    return respond("account/_addresses.html", then=url_for(".addresses"), **book.context(me, was_removed=True))
