"""The terms that hold for a destination, as they stand in the database: read in one statement."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from storefront.core.database import current_session, transaction
from storefront.extensions import db
from storefront.orders.totals import Destination
from storefront.shipping_and_tax.models import (
    RateKind,
    ShippingRate,
    ShippingTier,
    ShippingZone,
    ShippingZoneCountry,
    TaxRate,
)
from storefront.shipping_and_tax.read import read_terms
from storefront.shipping_and_tax.rules import Tier
from tests.apps import bare_app


@pytest.fixture
def shop(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app, app.app_context():
        yield app


def zone(name: str, *places: str, everywhere: bool = False) -> ShippingZone:
    """A zone with one rate of its own name; a place is "US" or "US/CA"."""
    split = [place.partition("/") for place in places]
    return ShippingZone(
        name=name,
        everywhere=everywhere,
        places=[ShippingZoneCountry(country=country, region=region) for country, _, region in split],
        rates=[ShippingRate(name=name, price_minor=100)],
    )


def kept(*rows: object) -> None:
    with transaction() as session:
        session.add_all(rows)


def ways(country: str | None, region: str = "") -> list[str]:
    return [rate.name for rate in read_terms(Destination(country, region) if country else None).rates]


@pytest.mark.usefixtures("shop")
def test_a_regions_zone_counts_before_its_countrys_and_both_before_everywhere() -> None:
    kept(zone("Pacific", "US/CA", "US/Ōahu"), zone("States", "US", "CA"), zone("World", everywhere=True))

    assert ways("US", "CA") == ["Pacific"]
    assert ways("US", " ōahu ") == ["Pacific"]
    assert ways("US", "Ohio") == ["States"]
    assert ways("CA", "CA") == ["States"]
    assert ways("BR") == ["World"]
    assert ways(None) == []


@pytest.mark.usefixtures("shop")
def test_where_no_zone_leads_no_rate_does() -> None:
    kept(zone("Home", "DE"))

    terms = read_terms(Destination("BR"))

    assert (terms.rates, terms.has_zones) == ((), True)


@pytest.mark.usefixtures("shop")
def test_the_only_zone_for_everywhere_counts_before_anybody_knows_where_to() -> None:
    kept(zone("World", everywhere=True))

    assert ways(None) == ["World"]


@pytest.mark.usefixtures("shop")
def test_what_is_fetched_leads_from_everywhere_and_comes_last() -> None:
    kept(ShippingRate(name="In our shop", kind=RateKind.pick_up, price_minor=0, days=0), zone("Home", "DE"))

    assert ways("DE") == ["Home", "In our shop"]
    assert ways("BR") == ["In our shop"]
    assert ways(None) == ["In our shop"]


@pytest.mark.usefixtures("shop")
def test_rates_come_in_their_order_with_their_tiers_from_the_lowest() -> None:
    tiers = [
        ShippingTier(up_to=None, price_minor=900),
        ShippingTier(up_to=5000, price_minor=0),
        ShippingTier(up_to=0, price_minor=5),
    ]
    parcel = ShippingRate(
        name="Parcel", kind=RateKind.weight, price_minor=0, position=2, free_from_minor=0, tiers=tiers
    )
    letter = ShippingRate(name="Letter", price_minor=90, position=1, days=0)
    kept(ShippingZone(name="Home", places=[ShippingZoneCountry(country="DE", region="")], rates=[parcel, letter]))

    first, second = read_terms(Destination("DE")).rates

    assert (first.name, first.price_minor, first.days, first.free_from_minor, first.tiers) == (
        "Letter",
        90,
        0,
        None,
        (),
    )
    assert (second.kind, second.free_from_minor) == (RateKind.weight, 0)
    assert second.tiers == (Tier(0, 5), Tier(5000, 0), Tier(None, 900))


@pytest.mark.usefixtures("shop")
def test_taxes_are_those_of_the_destination_and_of_home() -> None:
    kept(*(TaxRate(country=country, name=country, percentage=1000) for country in ("DE", "FR", "US")))

    assert sorted(tax.name for tax in read_terms(Destination("FR")).taxes) == ["DE", "FR"]
    assert [tax.name for tax in read_terms(None).taxes] == ["DE"]


@pytest.mark.usefixtures("shop")
def test_it_is_one_statement() -> None:
    kept(zone("Home", "DE"), zone("World", everywhere=True), TaxRate(country="DE", name="VAT", percentage=19_000))
    asked: list[str] = []
    current_session()
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    read_terms(Destination("DE"))

    assert len([one for one in asked if not one.startswith("BEGIN")]) == 1
