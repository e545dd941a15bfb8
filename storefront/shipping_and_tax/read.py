"""Reading the shop's terms as they are now for one destination, all of it in one statement."""

import functools
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from flask import current_app
from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)

from config import Settings
from storefront.core.clock import now
from storefront.core.database import AwareDateTime, current_session
from storefront.customers.address_rules import same_region
from storefront.orders.models import Order
from storefront.orders.totals import Destination
from storefront.shipping_and_tax.calculated_tax import MAX_AGE
from storefront.shipping_and_tax.models import (
    RateKind,
    ShippingRate,
    ShippingTier,
    ShippingZone,
    ShippingZoneCountry,
    TaxCalculation,
    TaxRate,
)
from storefront.shipping_and_tax.rules import Rate, ShippingAndTaxRules, TaxAnswer, TaxRule, Tier


class _Row(NamedTuple):
    """One row of the only statement; what its columns mean depends on `what`."""

    what: str
    id: int
    zone: int | None
    name: str
    kind: str
    country: str
    region: str
    position: int
    price: int
    free_from: int | None
    days: int | None
    up_to: int | None
    tier_price: int | None


def read_terms(destination: Destination | None, goods_key: str | None = None) -> ShippingAndTaxRules:
    """What holds there; for None, what holds wherever it is. With `goods_key`: Stripe's answers about those goods, too."""
    settings: Settings = current_app.config["SETTINGS"]
    country = destination.country if destination else ""
    told: dict[str, Any] = {"country": country, "home": settings.home_country}
    if goods_key is not None:
        told |= {"goods_key": goods_key, "since": now() - MAX_AGE, "livemode": settings.livemode}
    everything = _everything(with_answers=goods_key is not None)
    rows = [_Row(*row) for row in current_session().execute(everything, told).all()]
    zones = [row for row in rows if row.what == "zone"]
    zone = _zone_of(rows, zones, destination)
    return ShippingAndTaxRules(
        currency=settings.currency,
        home_country=settings.home_country,
        prices_include_tax=settings.prices_include_tax,
        has_zones=bool(zones),
        rates=_rates(row for row in rows if row.what == "rate" and row.zone in {zone, None}),
        taxes=tuple(_tax(row) for row in rows if row.what == "tax"),
        answers=tuple(_answer(row) for row in rows if row.what == "answer"),
    )


def is_pick_up(rate_id: int | None) -> bool:
    """Whether choosing this rate means to fetch it."""
    if rate_id is None or not 0 < rate_id < 2**31:
        return False
    kind = select(ShippingRate.kind).where(ShippingRate.id == rate_id)
    return current_session().scalar(kind) is RateKind.pick_up


def _zone_of(rows: Sequence[_Row], zones: Sequence[_Row], destination: Destination | None) -> int | None:
    """The region's zone, else its country's, else the one for everywhere else; it alone counts while nobody knows where to."""
    places = [row for row in rows if row.what == "place"]
    exact = [
        row.zone
        for row in places
        if destination and row.region and same_region(destination.country, row.region, destination.region)
    ]
    whole = [row.zone for row in places if not row.region]
    rest = [row.id for row in zones if row.kind == "everywhere"] if destination or len(zones) == 1 else []
    return next(iter([*exact, *whole, *rest]), None) or 0


def _rates(rows: Iterable[_Row]) -> tuple[Rate, ...]:
    in_order = sorted(rows, key=lambda row: (row.zone is None, row.position, row.id))
    return tuple(_rate(list(same)) for _, same in itertools.groupby(in_order, key=lambda row: row.id))


def _rate(rows: Sequence[_Row]) -> Rate:
    tiers = [Tier(row.up_to, row.tier_price) for row in rows if row.tier_price is not None]
    first = rows[0]
    return Rate(
        id=first.id,
        name=first.name,
        kind=RateKind(first.kind),
        price_minor=first.price,
        free_from_minor=first.free_from,
        days=first.days or 0,
        tiers=tuple(sorted(tiers, key=lambda tier: (tier.up_to is None, tier.up_to or 0))),
    )


def _tax(row: _Row) -> TaxRule:
    return TaxRule(row.country, row.region, row.kind, row.name, row.price)


def _answer(row: _Row) -> TaxAnswer:
    return TaxAnswer(row.id, row.kind, row.name, tuple(json.loads(row.region)["taxes"]), is_taken=bool(row.position))


_TEXTS: Final = {"name", "kind", "country", "region"}
_NEEDED: Final = {"position", "price"}


def _rows(what: str, table: Any, **columns: Any) -> Select[Any]:
    """A branch of the statement: what it has no column for is empty."""
    picked = [literal_column(f"'{what}'", String).label("what"), table.id.label("id")]
    for name in _Row._fields[2:]:
        empty = literal_column("''", String) if name in _TEXTS else cast(null(), Integer)
        column = columns.get(name, literal_column("0", Integer) if name in _NEEDED else empty)
        picked.append(column.label(name))
    return select(*picked)


def _zones() -> Select[Any]:
    everywhere = case((ShippingZone.everywhere == true(), literal_column("'everywhere'")), else_=literal_column("''"))
    return _rows("zone", ShippingZone, name=ShippingZone.name, kind=everywhere, position=ShippingZone.position)


def _places() -> Select[Any]:
    place = ShippingZoneCountry
    there = _rows("place", place, zone=place.zone_id, country=place.country, region=place.region)
    return there.where(place.country == _COUNTRY)


def _rates_and_tiers() -> Select[Any]:
    rate, tier = ShippingRate, ShippingTier
    everywhere = select(ShippingZone.id).where(ShippingZone.everywhere == true())
    there = select(ShippingZoneCountry.zone_id).where(ShippingZoneCountry.country == _COUNTRY)
    rows = _rows(
        "rate", rate, zone=rate.zone_id, name=rate.name, kind=cast(rate.kind, String), position=rate.position,
        price=rate.price_minor, free_from=rate.free_from_minor, days=rate.days,
        up_to=tier.up_to, tier_price=tier.price_minor,
    )  # fmt: skip
    leads_there = or_(rate.zone_id.is_(None), rate.zone_id.in_(there), rate.zone_id.in_(everywhere))
    return rows.outerjoin(rate.tiers).where(leads_there)


def _taxes() -> Select[Any]:
    tax = TaxRate
    rows = _rows(
        "tax", tax, name=tax.name, kind=tax.tax_class, country=tax.country, region=tax.region, price=tax.percentage
    )
    return rows.where(or_(tax.country == _COUNTRY, tax.country == _HOME))


def _answers() -> Select[Any]:
    kept = TaxCalculation
    taken = exists().where(Order.tax_calculation == kept.stripe_id)
    rows = _rows(
        "answer", kept, name=kept.stripe_id, kind=kept.fingerprint, region=cast(kept.answer, String),
        position=case((taken, literal_column("1", Integer)), else_=literal_column("0", Integer)),
    )  # fmt: skip
    fresh = kept.asked_at > bindparam("since", type_=AwareDateTime())
    of_mode = kept.livemode == bindparam("livemode", type_=Boolean())
    return rows.where(
        kept.goods_key == bindparam("goods_key", type_=String), kept.stripe_id.is_not(None), fresh, of_mode
    )


_COUNTRY: Final = bindparam("country", type_=String)
_HOME: Final = bindparam("home", type_=String)


@functools.cache
def _everything(*, with_answers: bool) -> CompoundSelect[Any]:
    """Zones, places, rates, and taxes or what Stripe said of them, as rows of one shape: a click has few statements to spare."""
    return union_all(_zones(), _places(), _rates_and_tiers(), _answers() if with_answers else _taxes())
