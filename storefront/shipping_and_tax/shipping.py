"""How an order can be delivered, and what each way costs it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from storefront.core.clock import now
from storefront.core.money import Money
from storefront.customers.countries import country_name
from storefront.orders.totals import Destination, PricedLine, ShippingOption
from storefront.shipping_and_tax.models import RateKind
from storefront.shipping_and_tax.rules import Rate, ShippingAndTaxRules


@dataclass(frozen=True)
class ShippedGoods:
    """What a rate's price depends on: how heavy it is, and how much is to be paid for all the goods."""

    weight_grams: int
    worth: int


def shipped_goods(lines: Sequence[PricedLine]) -> ShippedGoods | None:
    """What has to travel; None where nothing does."""
    travelling = [line for line in lines if line.requires_shipping]
    if not travelling:
        return None
    weight = sum(line.weight_grams * line.quantity for line in travelling)
    return ShippedGoods(weight, sum(line.left.minor for line in lines))


def shipping_options(parcel: ShippedGoods | None, terms: ShippingAndTaxRules) -> tuple[ShippingOption, ...]:
    """Every way that it can go, the usual one first; what is fetched comes last."""
    if parcel is None:
        return ()
    today = now().date()
    priced = ((rate, rate_price(rate, parcel)) for rate in terms.rates)
    return tuple(
        ShippingOption(
            rate_id=rate.id,
            name=rate.name,
            price=Money(price, terms.currency),
            arrives_on=_working_days_from(today, rate.days),
            pick_up=rate.kind is RateKind.pick_up,
        )
        for rate, price in priced
        if price is not None
    )


def rate_price(rate: Rate, parcel: ShippedGoods) -> int | None:
    """What a rate costs, in minor units; None where the parcel is beyond its last tier."""
    measure = {RateKind.weight: parcel.weight_grams, RateKind.total: parcel.worth}.get(rate.kind)
    price: int | None = rate.price_minor
    if measure is not None:
        fitting = (tier for tier in rate.tiers if tier.up_to is None or measure <= tier.up_to)
        price = next((tier.price_minor for tier in fitting), None)
    is_free = rate.free_from_minor is not None and parcel.worth >= rate.free_from_minor
    return 0 if is_free and price is not None else price


def chosen_option(
    ways: Sequence[ShippingOption], rate_id: int | None, terms: ShippingAndTaxRules
) -> ShippingOption | None:
    """The one that was chosen, if it can be had; else the usual one. Nobody has to fetch what they did not say they would."""
    usual = (way for way in ways if not (way.pick_up and terms.has_zones))
    return next((way for way in ways if way.rate_id == rate_id), next(usual, None))


def why_not_shipped(ways: Sequence[ShippingOption], terms: ShippingAndTaxRules, destination: Destination | None) -> str:
    """Why nothing is sent there, in words; empty where it is not known yet, or something is."""
    if destination is None or not terms.has_zones or any(not way.pick_up for way in ways):
        return ""
    country = country_name(destination.country)
    if any(rate.kind is not RateKind.pick_up for rate in terms.rates):
        words = f"This is more than we can send to {country} at once."
    else:
        words = f"We do not deliver to {country}."
    return f"{words} You can pick it up, though." if ways else words


def _working_days_from(day: dt.date, days: int) -> dt.date:
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < 5  # Saturday and Sunday do not count
    return day
