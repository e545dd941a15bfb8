"""The owner's terms as a file: what it says is kept, and what is wrong in it is said with its place."""

from collections.abc import Iterator

import pytest
from flask import Flask

from storefront.core.database import transaction
from storefront.orders.totals import Destination
from storefront.shipping_and_tax.file import BadTermsError, TermsFile, Zone, read_terms_file
from storefront.shipping_and_tax.models import RateKind, ShippingZone
from storefront.shipping_and_tax.read import read_terms
from storefront.shipping_and_tax.rules import Rate, TaxRule, Tier
from storefront.shipping_and_tax.write import replace_terms
from tests.apps import bare_app

WHOLE = """
[[zones]]
name = "Germany"
countries = ["DE"]

[[zones.rates]]
name = "Parcel"
price = 4.90
free_from = 50
days = 2

[[zones.rates]]
name = "Freight"
tiers = [{ up_to = 31500, price = 39 }, { price = 89.50 }]

[[zones]]
name = "Rest of the world"
everywhere = true
rates = [{ name = "Post", by = "total", tiers = [{ up_to = 100.00, price = 25 }, { price = 0 }] }]

[[pick_up]]
name = "In our workshop"

[[taxes]]
name = "VAT 19 %"
countries = ["DE", "CA/Quebec"]
percent = 19

[[taxes]]
name = "QST"
class = "books"
countries = ["CA/Quebec"]
percent = 9.975
"""
GERMANY = '[[zones]]\nname = "Germany"\ncountries = ["DE"]\n'


@pytest.fixture
def shop(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app, app.app_context():
        yield app


def test_all_that_can_be_said() -> None:
    assert read_terms_file(WHOLE, "eur") == TermsFile(
        zones=(
            Zone(
                "Germany",
                (("DE", ""),),
                (
                    Rate(0, "Parcel", price_minor=490, free_from_minor=5000, days=2),
                    Rate(0, "Freight", RateKind.weight, tiers=(Tier(31500, 3900), Tier(None, 8950))),
                ),
            ),
            Zone("Rest of the world", (), (Rate(0, "Post", RateKind.total, tiers=(Tier(10000, 2500), Tier(None, 0))),)),
        ),
        pick_ups=(Rate(0, "In our workshop", RateKind.pick_up, days=1),),
        taxes=(
            TaxRule("DE", "", "standard", "VAT 19 %", 19_000),
            TaxRule("CA", "Quebec", "standard", "VAT 19 %", 19_000),
            TaxRule("CA", "Quebec", "books", "QST", 9_975),
        ),
    )


@pytest.mark.parametrize(
    ("currency", "price", "minor"), [("jpy", "490", 490), ("kwd", "4.90", 4900), ("isk", "490", 49000)]
)
def test_amounts_are_of_the_shops_currency(currency: str, price: str, minor: int) -> None:
    text = f'{GERMANY}rates = [{{ name = "Parcel", price = {price} }}]'

    assert read_terms_file(text, currency).zones[0].rates[0].price_minor == minor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zones = ", "This is no TOML: Invalid value (at end of document)."),
        ("zones = 3", "zones must be written [[zones]], once for each."),
        ("shipping = 3", "shipping is not known here. There are: zones, pick_up, taxes."),
        (GERMANY, "zones 1 (Germany): rates is empty: what does delivery cost there? Without a zone nothing is sent."),
        ('[[zones]]\nname = "A"', "zones 1 (A): countries must be given, or everywhere = true instead; not both."),
        ('[[zones]]\nname = "A"\ncountries = ["UK"]\nrates = [{name="P", price=1}]', "zones 1 (A): countries has 'UK': "),
        ('[[zones]]\ncountries = ["DE"]\nrates = [{name="P", price=1}]', "zones 1: name must be some words, such as "),
        (GERMANY + "rates = [3]", "zones 1 (Germany), rates 1 must be a table, with one key on each line."),
        (GERMANY + 'rates = [{name="P", prise=1}]', "zones 1 (Germany), rates 1 (P): prise is not known here. "),
        (GERMANY + 'rates = [{name="P"}]', "zones 1 (Germany), rates 1 (P): price must be given, or tiers instead; not both."),
        (GERMANY + 'rates = [{name="P", price="4"}]', "zones 1 (Germany), rates 1 (P): price must be an amount such as 4.90."),
        (GERMANY + 'rates = [{name="P", price=4.999}]', "rates 1 (P): price is 4.999, which is no amount of EUR."),
        (GERMANY + 'rates = [{name="P", price=-1}]', "price must be an amount such as 4.90."),
        (GERMANY + 'rates = [{name="P", price=nan}]', "price must be an amount such as 4.90."),
        (GERMANY + 'rates = [{name="P", price=99999999999}]', "price is 99999999999, which is no amount of EUR."),
        (GERMANY + 'rates = [{name="P", price=1, days=-1}]', "days must be a whole number, none below 0."),
        (GERMANY + 'rates = [{name="P", price=1, by="weight"}]', "tiers is missing: what it costs up to which weight or total."),
        (GERMANY + 'rates = [{name="P", by="size", tiers=[{price=1}]}]', 'by must be "weight" or "total".'),
        (
            GERMANY + 'rates = [{name="P", tiers=[{price=1},{up_to=5,price=1}]}]',
            "rates 1 (P), tiers 1: up_to may only be missing in the last one, which is for all above.",
        ),
        (
            GERMANY + 'rates = [{name="P", tiers=[{up_to=5,price=1},{up_to=5,price=2}]}]',
            "rates 1 (P), tiers 2: up_to must be more than in the one before.",
        ),
        (GERMANY + 'rates = [{name="P", price=1},{name="p", price=2}]', "rate 'p' is in zones 1 (Germany) twice."),
        (
            GERMANY + 'rates = [{name="P", price=1}]\n[[zones]]\nname="B"\ncountries=["DE"]\nrates=[{name="P", price=1}]',
            "DE is in the zones twice.",
        ),
        ('[[taxes]]\nname="V"\ncountries=["DE"]\npercent=19.0001', "taxes 1 (V): percent is 19.0001: at most three decimals, "),
        ('[[taxes]]\nname="V"\ncountries=["DE"]\npercent=101', "taxes 1 (V): percent is 101: at most three decimals, and 100."),
        ('[[taxes]]\nname="V"\ncountries="DE"\npercent=1', "taxes 1 (V): countries must be a list of countries, such as "),
        ('[[taxes]]\nname="V"\ncountries=["DE","DE"]\npercent=1', "'V' for standard in DE is in the taxes twice."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadTermsError) as refused:
        read_terms_file(text, "eur")

    assert said in refused.value.words


@pytest.mark.usefixtures("shop")
def test_what_is_kept_holds() -> None:
    replace_terms(read_terms_file(WHOLE, "eur"))

    home, away = read_terms(Destination("DE")), read_terms(Destination("CA", "quebec"))
    assert [(rate.name, rate.price_minor, rate.free_from_minor, rate.days) for rate in home.rates] == [
        ("Parcel", 490, 5000, 2), ("Freight", 0, None, 3), ("In our workshop", 0, None, 1),
    ]  # fmt: skip
    assert home.rates[1].tiers == (Tier(31500, 3900), Tier(None, 8950))
    assert [rate.name for rate in away.rates] == ["Post", "In our workshop"]
    assert {(tax.name, tax.tax_class, tax.percentage) for tax in away.taxes if tax.country == "CA"} == {
        ("VAT 19 %", "standard", 19_000), ("QST", "books", 9_975),
    }  # fmt: skip


@pytest.mark.usefixtures("shop")
def test_a_rate_that_keeps_its_name_stays_the_same_and_no_other_gets_an_id_that_was_used() -> None:
    replace_terms(read_terms_file(WHOLE, "eur"))
    before = {rate.name: rate.id for rate in read_terms(Destination("DE")).rates}

    replace_terms(read_terms_file(WHOLE.replace('"Freight"', '"Cart"').replace("4.90", "5.90"), "eur"))

    after = {rate.name: rate.id for rate in read_terms(Destination("DE")).rates}
    assert (after["Parcel"], after["In our workshop"]) == (before["Parcel"], before["In our workshop"])
    assert after["Cart"] not in before.values()
    assert read_terms(Destination("DE")).rates[0].price_minor == 590


@pytest.mark.usefixtures("shop")
def test_an_empty_file_takes_all_away() -> None:
    replace_terms(read_terms_file(WHOLE, "eur"))

    replace_terms(read_terms_file("", "eur"))

    with transaction() as session:
        assert session.query(ShippingZone).count() == 0
    assert (read_terms(Destination("DE")).rates, read_terms(Destination("DE")).taxes) == ((), ())
