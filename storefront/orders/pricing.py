"""What a button costs: every part of the total, from today's prices."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from storefront.catalog.models import Product, Variant
from storefront.clock import now
from storefront.database import current_session
from storefront.errors import NotYoursError
from storefront.money import Money
from storefront.orders.models import ShippingRate


@dataclass(frozen=True)
class PricedLine:
    """So many of one variant at today's price; a copy of all an order line keeps."""

    variant_id: int
    quantity: int
    name: str
    sku: str
    unit: Money
    product_handle: str
    picture_path: str
    requires_shipping: bool

    @property
    def total(self) -> Money:
        """Unit price times quantity."""
        return self.unit * self.quantity


@dataclass(frozen=True)
class Totals:
    """Every part of what is to be paid; `total` is what the button shows."""

    lines: tuple[PricedLine, ...]
    subtotal: Money
    shipping: Money
    shipping_name: str
    arrives_on: dt.date | None

    @property
    def discount(self) -> Money:
        """What is taken off."""
        return Money(0, self.subtotal.currency)

    @property
    def tax(self) -> Money:
        """Tax on top of the prices; they include it."""
        return Money(0, self.subtotal.currency)

    @property
    def total(self) -> Money:
        """What is charged."""
        return self.subtotal - self.discount + self.shipping + self.tax

    @property
    def requires_shipping(self) -> bool:
        """Whether anything has to travel."""
        return any(line.requires_shipping for line in self.lines)

    @property
    def things(self) -> int:
        """How many things there are."""
        return sum(line.quantity for line in self.lines)


def price(wanted: dict[int, int], currency: str) -> Totals:
    """Price so many (values) of these variants (keys); NotYoursError for one that is not sold here."""
    variants = _variants(sorted(wanted))
    if len(variants) != len(wanted):
        raise NotYoursError("One of these is no longer sold.")
    return total_up([_line(variant, wanted[variant.id], currency) for variant in variants], currency)


def total_up(lines: Sequence[PricedLine], currency: str) -> Totals:
    """Add up lines and delivery; no lines cost nothing."""
    subtotal = sum((line.total for line in lines), Money(0, currency))
    rate = _rate() if any(line.requires_shipping for line in lines) else None
    free = rate is None or (rate.free_from_minor is not None and subtotal.minor >= rate.free_from_minor)
    return Totals(
        lines=tuple(lines),
        subtotal=subtotal,
        shipping=Money(0 if free or rate is None else rate.price_minor, currency),
        shipping_name=rate.name if rate else "",
        arrives_on=_working_days_from(now().date(), rate.days) if rate else None,
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
        quantity=quantity,
        name=variant.name,
        sku=variant.sku,
        unit=Money(variant.price_minor, currency),
        product_handle=variant.product.handle,
        picture_path=variant.picture.path if variant.picture else "",
        requires_shipping=variant.requires_shipping,
    )


def _rate() -> ShippingRate | None:
    return current_session().scalar(select(ShippingRate).order_by(ShippingRate.position, ShippingRate.id).limit(1))


def _working_days_from(day: dt.date, days: int) -> dt.date:
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < 5  # Saturday and Sunday do not count
    return day
