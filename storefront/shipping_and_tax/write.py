"""Keeping an owner's terms: all of them are replaced in one transaction, and what carts have chosen stays where it still is."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from storefront.core import audit
from storefront.core.database import current_session, transaction
from storefront.shipping_and_tax.file import TermsFile, Zone
from storefront.shipping_and_tax.models import (
    RateKind,
    ShippingRate,
    ShippingTier,
    ShippingZone,
    ShippingZoneCountry,
    TaxRate,
)
from storefront.shipping_and_tax.rules import Rate

_Ids = dict[tuple[str, str], int]


def replace_terms(wanted: TermsFile) -> None:
    """From now on these hold. A rate that keeps its name in a zone that keeps its own stays the same to carts and buttons."""
    with transaction() as session:
        known = _known_ids()
        for table in (ShippingTier, ShippingZoneCountry, ShippingRate, ShippingZone, TaxRate):
            session.execute(delete(table))
        session.expire_all()
        session.add_all(_zone(zone, position, known) for position, zone in enumerate(wanted.zones))
        session.add_all(
            _rate(rate, position, known.get(("", rate.name))) for position, rate in enumerate(wanted.pick_ups)
        )
        session.add_all(
            TaxRate(
                country=tax.country,
                region=tax.region,
                tax_class=tax.tax_class,
                name=tax.name,
                percentage=tax.percentage,
            )
            for tax in wanted.taxes
        )
        audit.record("changed the terms", "shipping and tax", after=_counts(wanted))


def zones_today() -> Sequence[ShippingZone]:
    """Every zone with its places, rates and tiers."""
    whole = (selectinload(ShippingZone.places), selectinload(ShippingZone.rates).selectinload(ShippingRate.tiers))
    return current_session().scalars(select(ShippingZone).options(*whole).order_by(ShippingZone.position)).all()


def pick_ups_today() -> Sequence[ShippingRate]:
    """Where what is ordered can be fetched."""
    fetched = select(ShippingRate).where(ShippingRate.kind == RateKind.pick_up)
    return current_session().scalars(fetched.order_by(ShippingRate.position)).all()


def taxes_today() -> Sequence[TaxRate]:
    """Every tax rate."""
    in_order = (TaxRate.country, TaxRate.region, TaxRate.percentage.desc(), TaxRate.name, TaxRate.tax_class)
    return current_session().scalars(select(TaxRate).order_by(*in_order)).all()


def _known_ids() -> _Ids:
    rates = select(ShippingZone.name, ShippingRate.name, ShippingRate.id).select_from(ShippingRate)
    found = current_session().execute(rates.outerjoin(ShippingZone, ShippingZone.id == ShippingRate.zone_id))
    return {(zone or "", name): rate_id for zone, name, rate_id in found}


def _zone(zone: Zone, position: int, known: _Ids) -> ShippingZone:
    return ShippingZone(
        name=zone.name,
        everywhere=not zone.places,
        position=position,
        places=[ShippingZoneCountry(country=country, region=region) for country, region in zone.places],
        rates=[_rate(rate, number, known.get((zone.name, rate.name))) for number, rate in enumerate(zone.rates)],
    )


def _rate(rate: Rate, position: int, known_id: int | None) -> ShippingRate:
    row = ShippingRate(
        name=rate.name,
        kind=rate.kind,
        price_minor=rate.price_minor,
        free_from_minor=rate.free_from_minor,
        days=rate.days,
        position=position,
        tiers=[ShippingTier(up_to=tier.up_to, price_minor=tier.price_minor) for tier in rate.tiers],
    )
    if known_id is not None:
        row.id = known_id
    return row


def _counts(wanted: TermsFile) -> dict[str, int]:
    return {
        "zones": len(wanted.zones),
        "rates": sum(len(zone.rates) for zone in wanted.zones) + len(wanted.pick_ups),
        "taxes": len(wanted.taxes),
    }
