"""What a button costs: every part of the total, from today's prices."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from storefront.catalog.models import Product, Variant
from storefront.clock import now
from storefront.database import current_session
from storefront.errors import NotYoursError
from storefront.money import Money
from storefront.orders.models import ShippingRate
from storefront.orders.totals import Deal, PricedLine, TakenOff, TaxLine, Totals, Way


def price(wanted: dict[int, int], deal: Deal) -> Totals:
    """Price so many (values) of these variants (keys); NotYoursError for one that is not sold here."""
    variants = _variants(sorted(wanted))
    if len(variants) != len(wanted):
        raise NotYoursError("One of these is no longer sold.")
    currency: str = current_app.config["SETTINGS"].currency
    return total_up([_line(variant, wanted[variant.id], currency) for variant in variants], deal, currency)


def total_up(lines: Sequence[PricedLine], deal: Deal, currency: str) -> Totals:
    """Add up lines, what is taken off them, delivery and taxes; no lines cost nothing."""
    untaxed = before_tax(lines, deal, currency)
    return replace(untaxed, taxes=_taxes(untaxed, deal))


def before_tax(lines: Sequence[PricedLine], deal: Deal, currency: str) -> Totals:
    """All but the taxes: what a tax is reckoned from."""
    taken = _taken_off(lines, deal)
    shared = tuple(replace(line, discount_minor=share.minor) for line, share in zip(lines, taken.shares, strict=True))
    ways = _ways(shared, currency) if any(line.requires_shipping for line in shared) else ()
    if taken.frees_shipping:
        ways = tuple(replace(way, price=Money(0, currency)) for way in ways)
    return Totals(
        lines=shared,
        subtotal=sum((line.total for line in shared), Money(0, currency)),
        discount=sum(taken.shares, Money(0, currency)),
        discount_name=taken.name,
        way=ways[0] if ways else None,
        ways=ways,
    )


def _taken_off(lines: Sequence[PricedLine], deal: Deal) -> TakenOff:
    """What `deal.discount_code` takes off; there are no discounts yet."""
    del deal
    return TakenOff(tuple(Money(0, line.unit.currency) for line in lines))


def _taxes(untaxed: Totals, deal: Deal) -> tuple[TaxLine, ...]:
    """The taxes on each line's `left` and on the shipping; there are none yet."""
    del untaxed, deal
    return ()


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


def _ways(lines: Sequence[PricedLine], currency: str) -> tuple[Way, ...]:
    rate = current_session().scalar(select(ShippingRate).order_by(ShippingRate.position, ShippingRate.id).limit(1))
    if rate is None:
        return ()
    left = sum(line.left.minor for line in lines)
    free = rate.free_from_minor is not None and left >= rate.free_from_minor
    arrives_on = _working_days_from(now().date(), rate.days)
    return (Way(rate.id, rate.name, Money(0 if free else rate.price_minor, currency), arrives_on),)


def _working_days_from(day: dt.date, days: int) -> dt.date:
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < 5  # Saturday and Sunday do not count
    return day
