"""What the cart's page shows, gathered once for page and fragment."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for

from config import Settings
from storefront.carts.carts import (
    MAX_QUANTITY,
    CartOwner,
    find_cart,
    max_quantity,
    quantities_held_by_order,
    quantity_limited,
)
from storefront.carts.merging import merged_into
from storefront.carts.models import Cart, CartLine
from storefront.core.money import Money, smallest_charge
from storefront.customers.address_form import AddressForm
from storefront.customers.addresses import default_address
from storefront.customers.countries import country_name
from storefront.orders.pricing import price_goods, why_not_chargeable
from storefront.orders.totals import TaxLine, Totals
from storefront.web.discount_code import CodeField, code_field
from storefront.web.login import current_customer
from storefront.web.panel import Panel, cart_panel, guest_panel
from storefront.web.pictures import picture_url
from storefront.web.pricing_context import chosen_destination, pricing_context_for_address


@dataclass(frozen=True)
class CartLineView:
    """A line as the page draws it."""

    id: int
    url: str
    name: str
    options: str
    quantity: int
    unit: Money
    total: Money
    picture: str | None
    limit: str


@dataclass(frozen=True)
class CartSummary:
    """Every part of the total."""

    count: int
    subtotal: Money
    discount: Money | None
    discount_code: str | None
    shipping: Money | None
    shipping_words: str
    total: Money
    taxes: tuple[TaxLine, ...] = ()
    shipping_later: bool = False
    tax_later: bool = False
    tax_next: bool = False


def cart_context(owner: CartOwner, sentences: tuple[str, ...] = (), code: CodeField | None = None) -> dict[str, Any]:
    """The context of cart/_cart.html; `sentences` say what the last change could not do, `code` what became of a code."""
    settings: Settings = current_app.config["SETTINGS"]
    cart = find_cart(owner)
    lines = cart.lines if cart else []
    held = quantities_held_by_order(cart) if cart else {}
    troubles = _cannot_be_had(cart, held)
    drawn: dict[str, Any] = {"summary": None, "delivery": None, "code": code}
    if cart and lines:
        totals, drawn = _money_of(cart, code)
        # Too little may become enough; the button says so itself.
        if smallest_charge(totals.total.currency) < totals.total:
            troubles += filter(None, [why_not_chargeable(totals)])
    return {
        "cart_lines": [line_view(line, settings.currency, held.get(line.variant_id, 0)) for line in lines],
        **drawn,
        "merged": merged_into(cart) if cart else None,
        "changed": list(dict.fromkeys((*sentences, *troubles))),
        "cart_count": sum(line.quantity for line in lines),
        # What cannot be had cannot be paid for: first the cart must be put right.
        "panel": None if troubles else _panel(cart),
    }


def _money_of(cart: Cart, code: CodeField | None) -> tuple[Totals, dict[str, Any]]:
    """What it costs, and as the page draws it with what there is to choose about its delivery (see cart/_delivery.html)."""
    user = current_customer()
    address = default_address(user.id) if user else None
    wanted = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    totals = price_goods(wanted, pricing_context_for_address(cart, user, address))
    # Whoever has an address changes that, at the checkout or in the address book.
    asks_where = address is None and (totals.depends_on_place or bool(cart.country))
    place = chosen_destination(cart)
    delivery = {
        "to": f"{address.city}, {country_name(address.country)}" if address else "",
        "place": AddressForm(data={"country": place.country, "region": place.region}) if asks_where else None,
        "rates": rates_of(totals),
        "refusal": totals.refusal,
    }
    there_is = asks_where or totals.refusal or len(totals.ways) > 1
    return totals, {
        "summary": summary_of(totals),
        "delivery": delivery if there_is else None,
        "code": code or code_field(cart, totals),
    }


def _panel(cart: Cart | None) -> Panel | None:
    """The pay button; a guest's leads on to the checkout."""
    if cart is None or not cart.lines:
        return None
    user = current_customer()
    return cart_panel(user, cart) if user else guest_panel(cart)


def line_view(line: CartLine, currency: str, held: int = 0) -> CartLineView:
    """One line; its variant, product and pictures are loaded. `held`: see `max_quantity`."""
    variant = line.variant
    picture = variant.picture or next(iter(variant.product.pictures), None)
    return CartLineView(
        id=line.id,
        url=url_for("browse.product", handle=variant.product.handle),
        name=variant.product.title,
        options=variant.options_in_words,
        quantity=line.quantity,
        unit=Money(variant.price_minor, currency),
        total=Money(variant.price_minor, currency) * line.quantity,
        picture=picture_url(picture.path) if picture else None,
        limit=_why_no_more(max_quantity(variant, held), line.quantity),
    )


def _why_no_more(most: int, quantity: int) -> str:
    """Why "one more" cannot be pressed, beside the button; "" where it can."""
    if quantity < most:
        return ""
    if most == MAX_QUANTITY:
        return f"{MAX_QUANTITY} is the most in one order"
    return f"Only {most} left" if most else "Sold out"


def summary_of(totals: Totals) -> CartSummary:
    """The parts of a total, in the words of ui/receipt.html."""
    no_way = bool(totals.refusal) or totals.shipping_unknown
    return CartSummary(
        count=totals.things,
        subtotal=totals.subtotal,
        discount=totals.discount or None,
        discount_code=totals.discount_name or None,
        shipping=None if no_way or not totals.requires_shipping else totals.shipping,
        shipping_words=totals.shipping_name or "Delivery",
        taxes=totals.taxes,
        shipping_later=totals.shipping_unknown,
        tax_later=totals.tax_unknown,
        tax_next=totals.tax_question is not None,
        total=totals.total,
    )


def rates_of(totals: Totals) -> list[dict[str, Any]]:
    """The ways it can come, to choose from."""
    return [
        {
            "id": way.rate_id,
            "name": way.name,
            "price": way.price,
            "day": way.arrives_on,
            "is_fetched": way.pick_up,
            "chosen": way == totals.way,
        }
        for way in totals.ways
    ]


def _cannot_be_had(cart: Cart | None, held: dict[int, int]) -> list[str]:
    """What has changed since it was put in."""
    sentences = []
    for line in cart.lines if cart else ():
        variant = line.variant
        most = max_quantity(variant, held.get(variant.id, 0))
        if not variant.product.published:
            sentences.append(f"{variant.name} is no longer sold. Please take it out.")
        elif line.quantity > most:
            sentences.append(quantity_limited(variant, most, line.quantity))
    return sentences
