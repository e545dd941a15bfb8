"""What a button costs: every part of the total, from today's prices."""

from collections.abc import Sequence
from dataclasses import replace

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from storefront.catalog.models import Product, Variant
from storefront.core.database import current_session
from storefront.core.errors import NotFoundError
from storefront.core.money import Money, largest_charge, smallest_charge
from storefront.discounts.apply import applied_discount, or_free_shipping
from storefront.orders.totals import PricedLine, PricingContext, Totals
from storefront.shipping_and_tax.calculated_tax import goods_key_of, with_calculated_taxes
from storefront.shipping_and_tax.read import read_terms
from storefront.shipping_and_tax.rules import ShippingAndTaxRules
from storefront.shipping_and_tax.shipping import chosen_option, shipped_goods, shipping_options, why_not_shipped
from storefront.shipping_and_tax.tax import taxed_at, taxes_on


class NoLongerSoldError(NotFoundError):
    """Something that was sold, and is not any more."""

    words = "One of these is no longer sold."


def price_goods(wanted: dict[int, int], deal: PricingContext) -> Totals:
    """Price so many (values) of these variants (keys); NoLongerSoldError for one that is not sold here."""
    variants = _variants(sorted(wanted))
    if len(variants) != len(wanted):
        raise NoLongerSoldError
    asks_stripe = current_app.config["SETTINGS"].stripe_tax
    terms = read_terms(deal.destination, goods_key_of(wanted, deal) if asks_stripe else None)
    lines = [_line(variant, wanted[variant.id], terms.currency) for variant in variants]
    if asks_stripe:
        return with_calculated_taxes(before_tax(lines, deal, terms), terms, deal)
    return total_up(lines, deal, terms)


def total_up(lines: Sequence[PricedLine], deal: PricingContext, terms: ShippingAndTaxRules) -> Totals:
    """Add up lines, what is taken off them, delivery and taxes; no lines cost nothing."""
    untaxed = before_tax(lines, deal, terms)
    place = taxed_at(untaxed, terms, deal.destination)
    taxes = taxes_on(untaxed, terms, place)
    return replace(untaxed, taxes=taxes, tax_unknown=place is None and bool(terms.taxes))


def before_tax(lines: Sequence[PricedLine], deal: PricingContext, terms: ShippingAndTaxRules) -> Totals:
    """All but the taxes: what a tax is reckoned from."""
    taken = applied_discount(lines, deal, terms.currency)
    shared = tuple(replace(line, discount_minor=share.minor) for line, share in zip(lines, taken.shares, strict=True))
    parcel = shipped_goods(shared)
    ways = shipping_options(parcel, terms)
    way = chosen_option(ways, deal.shipping_rate_id, terms)
    taken = or_free_shipping(taken, way.price if way else None, is_sent=parcel is not None)
    if taken.frees_shipping:
        ways = tuple(replace(way, price=Money(0, terms.currency)) for way in ways)
        way = chosen_option(ways, deal.shipping_rate_id, terms)
    return Totals(
        lines=shared,
        subtotal=sum((line.total for line in shared), Money(0, terms.currency)),
        discount=sum(taken.shares, Money(0, terms.currency)),
        discount_name=taken.name,
        discount_id=taken.discount_id,
        frees_shipping=taken.frees_shipping,
        code_refused=taken.refused,
        way=way,
        ways=ways,
        refusal="" if way or parcel is None else why_not_shipped(ways, terms, deal.destination),
        depends_on_place=(parcel is not None and terms.has_zones) or not terms.prices_include_tax,
        shipping_unknown=parcel is not None and way is None and deal.destination is None and terms.has_zones,
    )


def _variants(ids: list[int]) -> Sequence[Variant]:
    query = (
        select(Variant)
        .join(Variant.product)
        .where(Variant.id.in_(ids), Product.published)
        .options(contains_eager(Variant.product), joinedload(Variant.picture))
        .order_by(Variant.id)
    )
    return current_session().scalars(query).all()


def _line(variant: Variant, quantity: int, currency: str) -> PricedLine:
    return PricedLine(
        variant_id=variant.id,
        product_id=variant.product_id,
        quantity=quantity,
        name=variant.name,
        sku=variant.sku,
        unit=Money(variant.price_minor, currency),
        product_handle=variant.product.handle,
        picture_path=variant.picture.path if variant.picture else "",
        requires_shipping=variant.requires_shipping,
        tax_class=variant.tax_category,
        weight_grams=variant.weight_grams,
        has_assets=variant.has_assets,
    )


def why_not_chargeable(totals: Totals) -> str:
    """Why Stripe would not charge this total, in words for the customer: too little, too much, or too fine; "" where it would.

    A total of 0 is charged to nobody, so nothing stands in its way.
    """
    total = totals.total
    if not total or total.is_chargeable:
        return ""
    if total < smallest_charge(total.currency):
        return _too_little(totals)
    most = largest_charge(total.currency)
    if most < total:
        return f"The most we can charge a card at once is {most}. Please order less, or in several orders."
    return f"{total} cannot be charged to a card exactly. Please contact us, and we will mend the price."


def _too_little(totals: Totals) -> str:
    least = f"the least we can charge a card is {smallest_charge(totals.total.currency)}"
    if not totals.discount:
        return f"T{least[1:]}. Please add something."
    code = totals.discount_name
    return f"With the code {code} it comes to {totals.total}, but {least}. Please add something, or take the code off."
