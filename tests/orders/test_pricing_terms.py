"""Totals by the shop's own terms: every part of them, for any cart, in any currency. Pure: no database is asked."""

import dataclasses
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.money import Money, smallest_step
from storefront.orders.pricing import total_up
from storefront.orders.totals import Destination, PricedLine, PricingContext, Totals
from storefront.shipping_and_tax.models import RateKind
from storefront.shipping_and_tax.rules import Rate, ShippingAndTaxRules, TaxRule, Tier

BERLIN = PricingContext(Destination("DE", "", "10969"))
NOWHERE = PricingContext()
VAT = (
    TaxRule("DE", "", "standard", "VAT 19 %", 19_000),
    TaxRule("DE", "", "reduced", "VAT 7 %", 7_000),
    TaxRule("FR", "", "standard", "TVA 20 %", 20_000),
)
QUEBEC = (
    TaxRule("CA", "", "standard", "GST 5 %", 5_000),
    TaxRule("CA", "", "zero", "Zero-rated", 0),
    TaxRule("CA", "Québec", "standard", "GST 5 %", 5_000),
    TaxRule("CA", "Québec", "standard", "QST 9.975 %", 9_975),
    TaxRule("CA", "Québec", "books", "GST 5 %", 5_000),
)


def line(
    price: int, quantity: int = 1, tax_class: str = "standard", currency: str = "eur", **more: object
) -> PricedLine:
    known = PricedLine(1, quantity, "Teapot", "t", Money(price, currency), "teapot", "", requires_shipping=True)
    return dataclasses.replace(known, tax_class=tax_class, **more)  # type: ignore[arg-type]


def sums(totals: Totals) -> list[tuple[str, int, int]]:
    """Every tax: its name, what it is on, and how much it is."""
    return [(tax.name, tax.base.minor, tax.amount.minor) for tax in totals.taxes]


# Ways


def prices(rate: Rate, *lines: PricedLine) -> list[int]:
    totals = total_up(lines, BERLIN, ShippingAndTaxRules("eur", has_zones=True, rates=(rate,)))
    return [way.price.minor for way in totals.ways]


BY_WEIGHT = Rate(1, "Parcel", RateKind.weight, tiers=(Tier(2000, 490), Tier(5000, 690), Tier(31500, 1690)))


@pytest.mark.parametrize(
    ("grams", "found"),
    [(0, [490]), (2000, [490]), (2001, [690]), (5000, [690]), (5001, [1690]), (31500, [1690]), (31501, [])],
)
def test_by_weight_a_tier_counts_up_to_and_with_its_limit(grams: int, found: list[int]) -> None:
    assert prices(BY_WEIGHT, line(1000, weight_grams=grams)) == found


def test_weight_is_that_of_all_that_travels() -> None:
    goods = [line(100, 3, weight_grams=800), line(100, 9, weight_grams=9000, requires_shipping=False)]

    assert prices(BY_WEIGHT, *goods) == [690]


@pytest.mark.parametrize(("price", "found"), [(0, [490]), (5000, [490]), (5001, [0]), (99999, [0])])
def test_by_total_the_last_tier_may_be_for_all_above(price: int, found: list[int]) -> None:
    rate = Rate(1, "Parcel", RateKind.total, tiers=(Tier(5000, 490), Tier(None, 0)))

    assert prices(rate, line(price)) == found


@pytest.mark.parametrize(("price", "found"), [(4999, [490]), (5000, [0])])
def test_free_from(price: int, found: list[int]) -> None:
    assert prices(Rate(1, "Parcel", price_minor=490, free_from_minor=5000), line(price)) == found


def test_free_from_makes_nothing_fit_that_is_too_heavy() -> None:
    free = dataclasses.replace(BY_WEIGHT, free_from_minor=1)

    assert prices(free, line(100, weight_grams=31501)) == []


def test_the_first_way_is_the_usual_one_and_another_can_be_chosen() -> None:
    terms = ShippingAndTaxRules(
        "eur", has_zones=True, rates=(Rate(7, "Parcel", price_minor=490), Rate(8, "Express", price_minor=900))
    )

    usual = total_up([line(1000)], BERLIN, terms)
    chosen = total_up([line(1000)], dataclasses.replace(BERLIN, shipping_rate_id=8), terms)
    gone = total_up([line(1000)], dataclasses.replace(BERLIN, shipping_rate_id=9), terms)

    assert [(one.shipping_name, one.total.minor) for one in (usual, chosen, gone)] == [
        ("Parcel", 1490), ("Express", 1900), ("Parcel", 1490),
    ]  # fmt: skip


def test_nobody_fetches_what_they_did_not_say_they_would() -> None:
    terms = ShippingAndTaxRules("eur", has_zones=True, rates=(Rate(7, "In our shop", RateKind.pick_up),))
    brazil = PricingContext(Destination("BR"))

    refused = total_up([line(1000)], brazil, terms)
    fetched = total_up([line(1000)], dataclasses.replace(brazil, shipping_rate_id=7), terms)

    assert (refused.way, refused.refusal) == (None, "We do not deliver to Brazil. You can pick it up, though.")
    assert (fetched.shipping_name, fetched.refusal, fetched.is_sent) == ("In our shop", "", False)


def test_a_shop_that_only_hands_over() -> None:
    terms = ShippingAndTaxRules("eur", rates=(Rate(7, "In our shop", RateKind.pick_up),))

    assert total_up([line(1000)], NOWHERE, terms).shipping_name == "In our shop"


def test_why_nothing_is_sent() -> None:
    nowhere = total_up([line(1000)], BERLIN, ShippingAndTaxRules("eur", has_zones=True))
    heavy = total_up(
        [line(1, weight_grams=40000)], BERLIN, ShippingAndTaxRules("eur", has_zones=True, rates=(BY_WEIGHT,))
    )

    assert nowhere.refusal == "We do not deliver to Germany."
    assert heavy.refusal == "This is more than we can send to Germany at once."


def test_what_is_not_known_yet() -> None:
    on_top = ShippingAndTaxRules("eur", has_zones=True, prices_include_tax=False, taxes=VAT)

    totals = total_up([line(1000)], NOWHERE, on_top)

    assert (totals.total.minor, totals.shipping_unknown, totals.tax_unknown, totals.refusal) == (1000, True, True, "")


def test_what_does_not_travel_needs_no_rate() -> None:
    totals = total_up([line(1000, requires_shipping=False)], BERLIN, ShippingAndTaxRules("eur", has_zones=True))

    assert (totals.refusal, totals.shipping_unknown, totals.total.minor) == ("", False, 1000)


def test_a_shop_without_terms_delivers_for_nothing() -> None:
    totals = total_up([line(1000)], NOWHERE, ShippingAndTaxRules("eur"))

    assert (totals.total.minor, totals.refusal, totals.shipping_unknown, totals.taxes) == (1000, "", False, ())


# Taxes


def test_included_tax_leaves_the_price_as_it_is() -> None:
    terms = ShippingAndTaxRules("eur", has_zones=True, rates=(Rate(1, "Parcel", price_minor=490),), taxes=VAT)

    totals = total_up([line(2400), line(890, 2, "reduced")], BERLIN, terms)

    # 28.90 / 1.19 = 24.2857; 17.80 / 1.07 = 16.6355
    assert sums(totals) == [("VAT 19 %", 2429, 461), ("VAT 7 %", 1664, 116)]
    assert (totals.tax.minor, totals.total.minor) == (0, 2400 + 1780 + 490)


def test_tax_on_top_is_rounded_once_for_the_whole_order() -> None:
    terms = ShippingAndTaxRules("eur", prices_include_tax=False, taxes=VAT)

    totals = total_up([line(3), line(3), line(3), line(3)], BERLIN, terms)

    # 0.57 each would be 1, and 4 together; 0.19 of 12 is 2.28.
    assert sums(totals) == [("VAT 19 %", 12, 2)]
    assert totals.total.minor == 14


@pytest.mark.parametrize(("price", "tax"), [(49, 0), (50, 1), (149, 1), (150, 2)])
def test_a_half_goes_up(price: int, tax: int) -> None:
    rules = (TaxRule("DE", "", "standard", "1 %", 1_000),)

    totals = total_up([line(price)], BERLIN, ShippingAndTaxRules("eur", prices_include_tax=False, taxes=rules))

    assert totals.tax.minor == tax


@pytest.mark.parametrize(
    ("currency", "price", "tax"), [("jpy", 99, 19), ("isk", 1500, 300), ("kwd", 1030, 200), ("eur", 99, 19)]
)
def test_tax_is_what_the_currency_can_pay_in(currency: str, price: int, tax: int) -> None:
    terms = ShippingAndTaxRules(currency, prices_include_tax=False, taxes=VAT)

    assert total_up([line(price, currency=currency)], BERLIN, terms).tax.minor == tax


@pytest.mark.parametrize(
    ("region", "tax_class", "found"),
    [
        ("Québec", "standard", [("QST 9.975 %", 10000, 998), ("GST 5 %", 10000, 500)]),
        (" québec ", "standard", [("QST 9.975 %", 10000, 998), ("GST 5 %", 10000, 500)]),
        ("Ontario", "standard", [("GST 5 %", 10000, 500)]),
        ("", "standard", [("GST 5 %", 10000, 500)]),
        ("Québec", "books", [("GST 5 %", 10000, 500)]),
        ("Ontario", "books", [("GST 5 %", 10000, 500)]),
        ("Québec", "zero", [("Zero-rated", 10000, 0)]),
    ],
)
def test_a_region_counts_before_its_country(region: str, tax_class: str, found: list[tuple[str, int, int]]) -> None:
    deal = PricingContext(Destination("CA", region))

    totals = total_up(
        [line(10000, 1, tax_class, "cad")], deal, ShippingAndTaxRules("cad", prices_include_tax=False, taxes=QUEBEC)
    )

    assert sums(totals) == found


def test_two_taxes_within_one_price() -> None:
    terms = ShippingAndTaxRules("cad", taxes=QUEBEC)

    totals = total_up([line(11498, currency="cad")], PricingContext(Destination("CA", "Québec")), terms)

    # 114.98 / 1.14975 = 100.0043…
    assert sums(totals) == [("QST 9.975 %", 10000, 998), ("GST 5 %", 10000, 500)]
    assert totals.total.minor == 11498


def test_shipping_is_taxed_as_standard_or_by_a_rate_of_its_own() -> None:
    parcel = (Rate(1, "Parcel", price_minor=1000),)
    own = (*VAT, TaxRule("DE", "", "shipping", "VAT 7 %", 7_000))
    book = [line(10000, 1, "reduced")]

    as_standard = total_up(
        book, BERLIN, ShippingAndTaxRules("eur", prices_include_tax=False, has_zones=True, rates=parcel, taxes=VAT)
    )
    by_its_own = total_up(
        book, BERLIN, ShippingAndTaxRules("eur", prices_include_tax=False, has_zones=True, rates=parcel, taxes=own)
    )

    assert sums(as_standard) == [("VAT 19 %", 1000, 190), ("VAT 7 %", 10000, 700)]
    assert sums(by_its_own) == [("VAT 7 %", 11000, 770)]


def test_zero_is_not_taxed_as_standard() -> None:
    assert sums(total_up([line(1000, 1, "zero")], BERLIN, ShippingAndTaxRules("eur", taxes=VAT))) == []


def test_elsewhere_another_rate_is_in_the_same_price() -> None:
    totals = total_up([line(12000)], PricingContext(Destination("FR")), ShippingAndTaxRules("eur", taxes=VAT))

    assert sums(totals) == [("TVA 20 %", 10000, 2000)]
    assert totals.total.minor == 12000


def test_a_country_without_rates_is_not_taxed() -> None:
    totals = total_up(
        [line(12000)],
        PricingContext(Destination("US")),
        ShippingAndTaxRules("eur", prices_include_tax=False, taxes=VAT),
    )

    assert (totals.taxes, totals.tax_unknown, totals.total.minor) == ((), False, 12000)


def test_what_is_fetched_is_taxed_at_home() -> None:
    pick_up = (Rate(7, "In our shop", RateKind.pick_up),)
    terms = ShippingAndTaxRules("eur", has_zones=True, rates=pick_up, taxes=VAT, prices_include_tax=False)

    totals = total_up([line(1000)], PricingContext(Destination("FR"), shipping_rate_id=7), terms)

    assert sums(totals) == [("VAT 19 %", 1000, 190)]


def test_prices_with_tax_say_so_before_anybody_knows_where_to() -> None:
    totals = total_up([line(11900, requires_shipping=False)], NOWHERE, ShippingAndTaxRules("eur", taxes=VAT))

    assert (sums(totals), totals.tax_unknown) == ([("VAT 19 %", 10000, 1900)], False)


# Any cart, any terms

CURRENCIES = ("eur", "usd", "jpy", "kwd", "isk", "huf")
classes = st.sampled_from(["standard", "reduced", "zero", "books", "shipping"])
percentages = st.integers(0, 30_000)


@st.composite
def carts(draw: st.DrawFn, currency: str) -> list[PricedLine]:
    step = smallest_step(currency)
    amounts = st.integers(0, 5_000_000).map(lambda units: units * step)
    lines = st.builds(
        line, amounts, st.integers(1, 99), classes, st.just(currency), weight_grams=st.integers(0, 20_000),
        requires_shipping=st.booleans(),
    )  # fmt: skip
    return draw(st.lists(lines, min_size=1, max_size=8))


@st.composite
def terms_of(draw: st.DrawFn, currency: str) -> ShippingAndTaxRules:
    step = smallest_step(currency)
    amounts = st.integers(0, 100_000).map(lambda units: units * step)
    tiers = st.lists(st.builds(Tier, st.none() | st.integers(0, 900_000), amounts), max_size=4).map(tuple)
    rates = st.builds(
        Rate,
        st.integers(1, 9),
        st.just("Way"),
        st.sampled_from(RateKind),
        amounts,
        st.none() | amounts,
        st.integers(0, 9),
        tiers,
    )
    rules = st.builds(
        TaxRule,
        st.sampled_from(["DE", "FR"]),
        st.sampled_from(["", "Here"]),
        classes,
        st.sampled_from(["A", "B"]),
        percentages,
    )
    return ShippingAndTaxRules(
        currency,
        prices_include_tax=draw(st.booleans()),
        has_zones=draw(st.booleans()),
        rates=draw(st.lists(rates, max_size=4).map(tuple)),
        taxes=draw(st.lists(rules, max_size=8).map(tuple)),
    )


@given(st.data())
def test_the_parts_of_any_total_add_up(data: st.DataObject) -> None:
    currency = data.draw(st.sampled_from(CURRENCIES))
    lines, terms = data.draw(carts(currency)), data.draw(terms_of(currency))
    where = data.draw(
        st.none() | st.builds(Destination, st.sampled_from(["DE", "FR", "US"]), st.sampled_from(["", "here"]))
    )

    totals = total_up(lines, PricingContext(where, data.draw(st.none() | st.integers(1, 9))), terms)

    on_top = sum(tax.amount.minor for tax in totals.taxes if not tax.included)
    goods = sum(one.unit.minor * one.quantity for one in lines)
    assert totals.total.minor == goods - totals.discount.minor + totals.shipping.minor + on_top
    assert totals.total.minor >= 0
    assert totals.total.minor % smallest_step(currency) == 0
    assert all(tax.amount.minor >= 0 for tax in totals.taxes)
    assert all(tax.included == terms.prices_include_tax for tax in totals.taxes)
    assert on_top == 0 or not terms.prices_include_tax


@given(st.data())
def test_base_and_tax_are_the_price(data: st.DataObject) -> None:
    currency = data.draw(st.sampled_from(CURRENCIES))
    goods, percentage = data.draw(st.integers(1, 5_000_000)) * smallest_step(currency), data.draw(percentages)
    included = data.draw(st.booleans())
    rules = (TaxRule("DE", "", "standard", "Tax", percentage),)

    totals = total_up(
        [line(goods, currency=currency)],
        BERLIN,
        ShippingAndTaxRules(currency, prices_include_tax=included, taxes=rules),
    )

    (tax,) = totals.taxes
    share = Decimal(percentage) / (100_000 + percentage if included else 100_000)
    step = smallest_step(currency)
    assert tax.amount.minor == (goods * share / step).quantize(Decimal(1), ROUND_HALF_UP) * step
    assert totals.total.minor == (goods if included else goods + tax.amount.minor)
    if included and step == 1:
        assert tax.base.minor + tax.amount.minor == goods
    if not included:
        assert tax.base.minor == goods


def test_nothing_costs_nothing() -> None:
    totals = total_up((), NOWHERE, ShippingAndTaxRules("eur", has_zones=True, taxes=VAT))

    assert (totals.total.minor, totals.taxes, totals.ways, totals.refusal) == (0, (), (), "")
