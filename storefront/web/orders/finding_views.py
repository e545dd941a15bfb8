"""Finding an order again without an account: by e-mail and number, through a mailed link."""

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, StringField
from wtforms.validators import DataRequired, ValidationError

from storefront.core.email_addresses import key_of
from storefront.core.rate_limits import throttle, throttle_address
from storefront.core.signing import StaleLinkError
from storefront.core.text import one_line
from storefront.customers.address_form import email_field
from storefront.orders.labels import number_of
from storefront.orders.links import order_by_link, request_link
from storefront.payments.order_view import order_view
from storefront.web.htmx import redirect_to, render
from storefront.web.order_access import allow_viewing
from storefront.web.orders.blueprint import orders

SEARCHES: Final = "20 per hour"
MAILS_TO_ONE: Final = "5 per hour"
_ASKED_ALREADY: Final = (
    "You have asked for that address a few times already. Please look into its inbox, and at the spam."
)


class FindForm(Form):
    """Which order?"""

    email = email_field()
    number = StringField("Order number", [DataRequired("Please write the order’s number.")], filters=[one_line])

    def validate_number(self, field: StringField) -> None:
        """As we write it, or the digits alone."""
        if number_of(field.data or "") is None:
            raise ValidationError("It reads like K-1043.")


@orders.get("/find")
def find() -> ResponseReturnValue:
    """Which order is it?"""
    return _page(FindForm(data={"number": request.args.get("number", "")}))


@orders.post("/find")
def send_link() -> ResponseReturnValue:
    """Mail its link if there is such an order; say the same if not."""
    form = FindForm(request.form)
    if not form.validate():
        return _page(form, status=422)
    email, number = form.email.data or "", number_of(form.number.data or "") or 0
    throttle_address("order-link", limit=SEARCHES)
    throttle("order-link-mail", key_of(email), limit=MAILS_TO_ONE, words=_ASKED_ALREADY)
    request_link(email, number)
    return _page(form, sent=True)


@orders.get("/open/<key>")
def open_by_mail(key: str) -> ResponseReturnValue:
    """The link in our mails: from now on this browser sees all of that order, as long as it is a guest's."""
    try:
        public_id = order_by_link(key)
    except StaleLinkError:
        return _page(FindForm(), words="This link is too old. Have a new one mailed to you.", status=404)
    if order_view(public_id).user_id is None:
        allow_viewing(public_id)
    return redirect_to(url_for(".show", public_id=public_id))


def _page(form: FindForm, *, sent: bool = False, words: str = "", status: int = 200) -> ResponseReturnValue:
    return render("orders/_find.html", page="orders/find.html", status=status, form=form, sent=sent, words=words)
