"""What the checkout's page and its fragments show: gathered in one place, so that they cannot tell different things."""

from dataclasses import replace
from typing import Any

from flask import Response, url_for

from storefront.carts.models import Cart
from storefront.customers.addresses import default_address
from storefront.customers.models import User
from storefront.orders.history import last_contact_of
from storefront.orders.pricing import price_goods
from storefront.orders.totals import Totals
from storefront.web.cart_view import rates_of, summary_of
from storefront.web.checkout_form import CheckoutForm, needs_no_address
from storefront.web.discount_code import CodeField, code_field
from storefront.web.htmx import render, retarget
from storefront.web.panel import cart_panel, new_card
from storefront.web.pictures import picture_url
from storefront.web.pricing_context import chosen_destination, pricing_context_for_form


def summary_rows(totals: Totals) -> list[dict[str, Any]]:
    """What is being bought, small."""
    return [
        {
            "name": line.name,
            "options": "",
            "quantity": line.quantity,
            "unit": line.unit,
            "total": line.total,
            "picture": picture_url(line.picture_path) if line.picture_path else None,
        }
        for line in totals.lines
    ]


def checkout_context(
    user: User | None,
    cart: Cart,
    typed: CheckoutForm | None = None,
    changed: tuple[str, ...] = (),
    code: CodeField | None = None,
) -> dict[str, Any]:
    """All that the checkout shows of this cart; `code`: what became of a discount code that was typed just now."""
    form = typed or (_prefilled_form(user, cart) if user else _prefilled_for_guest(cart))
    deal = pricing_context_for_form(cart, user, form)
    if needs_no_address(cart):
        deal = replace(deal, destination=None)  # no address is asked, and none will be told
    totals = price_goods({line.variant_id: line.quantity for line in cart.lines}, deal)
    form.is_fetched = needs_no_address(cart) or (totals.requires_shipping and not totals.is_sent)
    panel = cart_panel(user, cart) if user else None
    return {
        "panel": panel if panel and panel.state == "ready" else None,
        "summary": summary_of(totals),
        "code": code or code_field(cart, totals),
        "lines": summary_rows(totals),
        "form": form,
        "refusal": totals.refusal,
        "rates": rates_of(totals),
        # There is no order to come back to yet; the attempt's own request names the right one.
        "new_card": new_card(totals.total, url_for("checkout.show"), saves=True, is_customer=user is not None),
        "checkout_token": cart.checkout_token,
        "expected_total": totals.total.minor,
        "changed": changed,
    }


def checkout_with_errors(  # noqa: PLR0913  what there may be to mend
    typed: CheckoutForm,
    user: User | None,
    cart: Cart,
    *,
    status: int,
    changed: tuple[str, ...] = (),
    code: CodeField | None = None,
) -> Response:
    """The form again with what was typed, what is to be mended, and today's total; a typed card stays where it is."""
    context = checkout_context(user, cart, typed, changed, code)
    answer = render("checkout/mend.hx.html", page="checkout/checkout.html", status=status, **context)
    return retarget(answer, "#address-fields")


def _prefilled_form(user: User, cart: Cart) -> CheckoutForm:
    address = default_address(user.id)
    known = address.as_copy() if address else {"name": user.name, **_place_of(cart)}
    return CheckoutForm.of_known({"email": user.email, **known})


def _prefilled_for_guest(cart: Cart) -> CheckoutForm:
    """Who comes back with the same cart, from Stripe's page or from a declined card, has told us already."""
    told = last_contact_of(cart.id)
    known = (told.address or {}) | {"email": told.email} if told else {}
    return CheckoutForm.of_known(_place_of(cart) | known)


def _place_of(cart: Cart) -> dict[str, str]:
    chosen = chosen_destination(cart)
    return {"country": chosen.country, "region": chosen.region}
