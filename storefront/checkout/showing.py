"""What the checkout's page and its fragments show: gathered in one place, so that they cannot tell different things."""

from dataclasses import replace
from typing import Any

from flask import Response, url_for

from storefront.browse.pictures import picture_url
from storefront.cart.codes import CodeField, code_field
from storefront.cart.showing import rates_of, summary_of
from storefront.checkout.dealing import deal_typed, place_chosen
from storefront.checkout.panel import cart_panel, new_card
from storefront.checkout.typed import ContactAtCheckout, goes_nowhere
from storefront.customers.addresses import default_address
from storefront.customers.models import User
from storefront.hypermedia import retarget, show
from storefront.orders.history import last_contact_of
from storefront.orders.models import Cart
from storefront.orders.pricing import price
from storefront.orders.totals import Totals


def small_lines(totals: Totals) -> list[dict[str, Any]]:
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
    typed: ContactAtCheckout | None = None,
    changed: tuple[str, ...] = (),
    code: CodeField | None = None,
) -> dict[str, Any]:
    """All that the checkout shows of this cart; `code`: what became of a discount code that was typed just now."""
    form = typed or (_prefilled(user, cart) if user else _prefilled_for_guest(cart))
    deal = deal_typed(cart, user, form)
    if goes_nowhere(cart):
        deal = replace(deal, destination=None)  # no address is asked, and none will be told
    totals = price({line.variant_id: line.quantity for line in cart.lines}, deal)
    form.is_fetched = goes_nowhere(cart) or (totals.requires_shipping and not totals.is_sent)
    panel = cart_panel(user, cart) if user else None
    return {
        "panel": panel if panel and panel.state == "ready" else None,
        "summary": summary_of(totals),
        "code": code or code_field(cart, totals),
        "lines": small_lines(totals),
        "form": form,
        "refusal": totals.refusal,
        "rates": rates_of(totals),
        # There is no order to come back to yet; the attempt's own request names the right one.
        "new_card": new_card(totals.total, url_for("checkout.show"), saves=True),
        "checkout_token": cart.checkout_token,
        "expected_total": totals.total.minor,
        "changed": changed,
    }


def mended(  # noqa: PLR0913  what there may be to mend
    typed: ContactAtCheckout,
    user: User | None,
    cart: Cart,
    *,
    status: int,
    changed: tuple[str, ...] = (),
    code: CodeField | None = None,
) -> Response:
    """The form again with what was typed, what is to be mended, and today's total; a typed card stays where it is."""
    context = checkout_context(user, cart, typed, changed, code)
    answer = show("checkout/mend.hx.html", page="checkout/checkout.html", status=status, **context)
    return retarget(answer, "#address-fields")


def _prefilled(user: User, cart: Cart) -> ContactAtCheckout:
    address = default_address(user.id)
    known = address.as_copy() if address else {"name": user.name, **_place_of(cart)}
    return ContactAtCheckout.of_known({"email": user.email, **known})


def _prefilled_for_guest(cart: Cart) -> ContactAtCheckout:
    """Who comes back with the same cart, from Stripe's page or from a declined card, has told us already."""
    told = last_contact_of(cart.id)
    known = (told.address or {}) | {"email": told.email} if told else {}
    return ContactAtCheckout.of_known(_place_of(cart) | known)


def _place_of(cart: Cart) -> dict[str, str]:
    chosen = place_chosen(cart)
    return {"country": chosen.country, "region": chosen.region}
