"""What the cart's page shows, gathered once for page and fragment."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for

from config import Settings
from storefront.auth.access import current_customer
from storefront.browse.pictures import picture_url
from storefront.cart.codes import CodeField, code_field
from storefront.checkout.dealing import deal_for_cart
from storefront.checkout.panel import Panel, cart_panel, guest_panel
from storefront.money import Money
from storefront.orders.cart_merging import merged_into
from storefront.orders.carts import CartOwner, find_cart, most_of, only_so_many
from storefront.orders.models import Cart, CartLine
from storefront.orders.pricing import price
from storefront.orders.totals import Totals


@dataclass(frozen=True)
class ShownLine:
    """A line as the page draws it."""

    id: int
    url: str
    name: str
    options: str
    quantity: int
    unit: Money
    total: Money
    picture: str | None
    most: int


@dataclass(frozen=True)
class Summary:
    """Every part of the total."""

    count: int
    subtotal: Money
    discount: Money | None
    discount_code: str | None
    shipping: Money | None
    shipping_words: str
    tax: Money | None
    total: Money


def cart_context(owner: CartOwner, sentences: tuple[str, ...] = (), code: CodeField | None = None) -> dict[str, Any]:
    """The context of cart/_cart.html; `sentences` say what the last change could not do, `code` what became of a code."""
    settings: Settings = current_app.config["SETTINGS"]
    cart = find_cart(owner)
    lines = cart.lines if cart else []
    wanted = {line.variant_id: line.quantity for line in lines if line.variant.product.published}
    troubles = _cannot_be_had(cart)
    totals = price(wanted, deal_for_cart(cart, current_customer())) if cart and lines else None
    return {
        "cart_lines": [shown(line, settings.currency) for line in lines],
        "summary": summary_of(totals) if totals else None,
        "code": code or (code_field(cart, totals) if cart and totals else None),
        "merged": merged_into(cart) if cart else None,
        "changed": list(dict.fromkeys((*sentences, *troubles))),
        "cart_count": sum(line.quantity for line in lines),
        # What cannot be had cannot be paid for: first the cart must be put right.
        "panel": None if troubles else _panel(cart),
    }


def _panel(cart: Cart | None) -> Panel | None:
    """The pay button; a guest's leads on to the checkout."""
    if cart is None or not cart.lines:
        return None
    user = current_customer()
    return cart_panel(user, cart) if user else guest_panel(cart)


def shown(line: CartLine, currency: str) -> ShownLine:
    """One line; its variant, product and pictures are loaded."""
    variant = line.variant
    picture = variant.picture or next(iter(variant.product.pictures), None)
    return ShownLine(
        id=line.id,
        url=url_for("browse.product", handle=variant.product.handle),
        name=variant.product.title,
        options=variant.options_in_words,
        quantity=line.quantity,
        unit=Money(variant.price_minor, currency),
        total=Money(variant.price_minor, currency) * line.quantity,
        picture=picture_url(picture.path) if picture else None,
        most=most_of(variant),
    )


def summary_of(totals: Totals) -> Summary:
    """The parts of a total, in the words of ui/receipt.html."""
    return Summary(
        count=totals.things,
        subtotal=totals.subtotal,
        discount=totals.discount or None,
        discount_code=totals.discount_name or None,
        shipping=totals.shipping if totals.requires_shipping else None,
        shipping_words=totals.shipping_name or "Delivery",
        tax=totals.tax or None,
        total=totals.total,
    )


def _cannot_be_had(cart: Cart | None) -> list[str]:
    """What has changed since it was put in."""
    sentences = []
    for line in cart.lines if cart else ():
        variant = line.variant
        if not variant.product.published:
            sentences.append(f"{variant.name} is no longer sold. Please take it out.")
        elif line.quantity > most_of(variant):
            sentences.append(only_so_many(variant, most_of(variant), line.quantity))
    return sentences
