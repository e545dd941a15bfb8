"""Making a guest an account from what they bought: the name is known, and the e-mail; a password is all it takes."""

import enum

from flask import url_for
from flask.typing import ResponseReturnValue

from storefront.core.email_addresses import key_of
from storefront.core.errors import NotFoundError
from storefront.core.rate_limits import throttle_address
from storefront.customers.joining import KnownEmailError
from storefront.customers.people import user_by_email
from storefront.orders.labels import label
from storefront.payments.order_view import OrderView
from storefront.web.after_login import finish_login
from storefront.web.htmx import redirect_to, render
from storefront.web.login import current_customer
from storefront.web.login_forms import AccountForm, typed
from storefront.web.order_access import may_see_details
from storefront.web.orders.blueprint import orders, own_order
from storefront.web.registration import REGISTRATIONS, register


class Offer(enum.StrEnum):
    """What a guest's order offers on its page: an account, the login of the one there is, or a word on what is missing."""

    register = "register"
    login = "login"
    wait = "wait"
    none = "none"


def offer_for(order: OrderView) -> Offer:
    """What stands on the page of this order, for whoever asks."""
    if order.user_id is not None or order.paid_at is None or not may_see_details(order):
        return Offer.none
    user = current_customer()
    if user is None:
        return Offer.login if user_by_email(order.email) else Offer.register
    waits = user.email_key == key_of(order.email) and user.email_verified_at is None
    return Offer.wait if waits else Offer.none


@orders.post("/<public_id>/account")
def make_account(public_id: str) -> ResponseReturnValue:
    """Join with the e-mail and the name of the order, which goes to the account once that e-mail is proven."""
    order = own_order(public_id)
    offer = offer_for(order)
    if offer is Offer.none:
        raise NotFoundError
    if offer is not Offer.register:
        return redirect_to(url_for(".show", public_id=public_id))
    form = AccountForm()
    if not form.validate():
        return _again(order, form, offer)
    throttle_address("register", limit=REGISTRATIONS)
    try:
        user = register(_name(order), order.email, typed(form.password))
    except KnownEmailError:
        return _again(order, form, Offer.login)
    return finish_login(user, url_for(".show", public_id=public_id))


def _name(order: OrderView) -> str:
    """Where nothing was sent, nobody said a name."""
    return (order.address or {}).get("name") or order.email.partition("@")[0]


def _again(order: OrderView, form: AccountForm, offer: Offer) -> ResponseReturnValue:
    told = {"order": order, "order_label": label(order.number), "offer": offer, "form": form}
    return render("orders/_make_account.html", page="orders/make_account.html", status=422, **told)
