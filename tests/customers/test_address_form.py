"""What an address must have."""

import pytest
from werkzeug.datastructures import MultiDict

from storefront.customers.address_form import AddressForm, ContactForm
from storefront.customers.addresses import Place
from storefront.customers.countries import countries, country_name

GOOD = {
    "email": " alice@example.org ", "name": " Alice ", "line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin",
    "country": "DE",
}  # fmt: skip


def filled(**typed: str) -> ContactForm:
    return ContactForm(MultiDict(GOOD | typed))


def test_a_good_one_is_a_place() -> None:
    form = filled()

    assert form.validate()
    assert form.place() == Place("Alice", "Lindenstraße 4", "Berlin", "DE", postal_code="10969")
    assert form.email.data == "alice@example.org"
    assert "email" not in AddressForm()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": " "}, "name", "Please say who the parcel is for."),
        ({"line1": ""}, "line1", "Please add the street and the house number."),
        ({"city": ""}, "city", "Please add the town."),
        ({"postal_code": ""}, "postal_code", "Please add the postcode."),
        ({"country": ""}, "country", "Please choose a country."),
        ({"country": "ZZ"}, "country", "Not a valid choice."),
        ({"email": "nobody"}, "email", "Please look at it again: it should read like name@example.org."),
        ({"line2": "x" * 121}, "line2", "Please keep it to 120 letters."),
    ],
)
def test_what_is_missing_is_said_at_its_field(typed: dict[str, str], field: str, words: str) -> None:
    form = filled(**typed)

    assert not form.validate()
    assert form.errors == {field: [words]}


def test_no_postcode_is_asked_for_where_there_are_none() -> None:
    assert filled(country="HK", postal_code="").validate()


def test_countries_have_names_and_are_countries() -> None:
    codes = [code for code, _ in countries()]

    assert country_name("DE") == "Germany"
    assert country_name("??") == "??"
    assert {"DE", "US", "XK", "HK"} <= set(codes)
    assert not {"EU", "ZZ", "UN", "XA"} & set(codes)
    assert len(codes) == len(set(codes)) > 240


@pytest.mark.parametrize(
    ("country", "postcode", "town", "region"),
    [
        ("DE", "Postcode", "Town", ""),
        ("US", "ZIP code", "City", "State"),
        ("CA", "Postal code", "City", "Province or territory"),
        ("JP", "Postcode", "City or ward", "Prefecture"),
        ("IE", "Eircode", "Town", "County"),
        ("BO", "Postcode", "Town", "State or region"),
    ],
)
def test_fields_are_called_what_they_are_called_there(country: str, postcode: str, town: str, region: str) -> None:
    form = filled(country=country)

    assert (form.postal_code.label.text, form.city.label.text, form.rules.region) == (postcode, town, region)


@pytest.mark.parametrize(
    ("country", "missing", "errors"),
    [
        ("US", "region", {"region": ["Please add the state."]}),
        ("US", "postal_code", {"postal_code": ["Please add the ZIP code."]}),
        ("IN", "postal_code", {"postal_code": ["Please add the PIN code."]}),
        ("AU", "city", {"city": ["Please add the suburb."]}),
        ("DE", "region", {}),
        ("IE", "postal_code", {}),
        ("BO", "region", {}),
        ("AE", "postal_code", {}),
    ],
)
def test_what_is_needed_there_is_wanted(country: str, missing: str, errors: dict[str, list[str]]) -> None:
    form = filled(**{"country": country, "region": "Somewhere", missing: ""})

    assert form.validate() == (not errors)
    assert form.errors == errors
    assert form[missing].flags.required == bool(errors)


def test_a_region_of_a_country_chosen_before_is_left_behind() -> None:
    assert filled(country="US", region="Texas").place().region == "Texas"
    assert filled(country="DE", region="Texas").place().region == ""
