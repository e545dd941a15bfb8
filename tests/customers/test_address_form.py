"""What an address must have."""

import pytest
from werkzeug.datastructures import MultiDict

from storefront.customers import address_rules
from storefront.customers.address_form import AddressForm, ContactForm, faults_of
from storefront.customers.address_rules import rules_of, same_region
from storefront.customers.addresses import Place
from storefront.customers.countries import countries, country_name

GOOD = {
    "email": " alice@example.org ", "name": " Alice ", "line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin",
    "country": "DE",
}  # fmt: skip


def filled(**typed: str) -> ContactForm:
    return ContactForm(MultiDict(GOOD | typed))


def example_of(country: str) -> dict[str, str]:
    """What an address there may read."""
    rules = rules_of(country)
    return {
        "country": country,
        "postal_code": (rules.postcode_examples or ("",))[0],
        "region": rules.regions[0].name if rules.regions else "Somewhere" if rules.region else "",
    }


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
        ({"city": ""}, "city", "Please add the city."),
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
    form = filled(country="HK", postal_code="", region="Kowloon")

    assert form.validate()
    assert form.rules.postcode == ""


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
        ("DE", "Postcode", "City", ""),
        ("US", "ZIP code", "City", "State"),
        ("CA", "Postal code", "City", "Province or territory"),
        ("JP", "Postcode", "City or ward", "Prefecture"),
        ("IE", "Eircode", "City", "County"),
        ("BO", "", "City", ""),
        ("GB", "Postcode", "Town or city", ""),
        ("IN", "PIN code", "City", "State"),
        ("AU", "Postcode", "Suburb", "State"),
        ("AE", "", "Area", "Emirate"),
        ("IC", "Postcode", "City", "Province"),
    ],
)
def test_fields_are_called_what_they_are_called_there(country: str, postcode: str, town: str, region: str) -> None:
    form = filled(country=country)

    rules = form.rules
    assert (rules.postcode, rules.city, rules.region) == (postcode, town, region)
    assert (form.postal_code.label.text, form.city.label.text) == (postcode, town)


@pytest.mark.parametrize(
    ("country", "missing", "errors"),
    [
        ("US", "region", {"region": ["Please add the state."]}),
        ("US", "postal_code", {"postal_code": ["Please add the ZIP code."]}),
        ("IN", "postal_code", {"postal_code": ["Please add the PIN code."]}),
        ("AU", "city", {"city": ["Please add the suburb."]}),
        ("DE", "region", {}),
        ("IE", "postal_code", {}),
        ("IE", "region", {}),
        ("IL", "postal_code", {}),
        ("CL", "postal_code", {}),
        ("BO", "region", {}),
        ("AE", "postal_code", {}),
        ("AE", "city", {}),
        ("SG", "city", {}),
    ],
)
def test_what_is_needed_there_is_wanted(country: str, missing: str, errors: dict[str, list[str]]) -> None:
    form = filled(**example_of(country) | {missing: ""})

    assert form.validate() == (not errors)
    assert form.errors == errors
    assert form[missing].flags.required == bool(errors)


@pytest.mark.parametrize("country", [code for code, _ in countries()])
def test_the_example_of_every_country_passes_and_its_form_can_be_drawn(country: str) -> None:
    rules = rules_of(country)
    for postcode in rules.postcode_examples or ("",):
        form = filled(**example_of(country) | {"postal_code": postcode})

        assert form.validate(), form.errors
        place = form.place()
        assert (place.postal_code, place.region) == (postcode, example_of(country)["region"])
        assert place.city
        assert all(form[name]() for name in ("country", "region", "postal_code", "city"))


@pytest.mark.parametrize("country", [code for code, _ in countries()])
def test_postcodes_may_be_typed_without_spaces_and_capitals(country: str) -> None:
    rules = rules_of(country)
    for example in rules.postcode_examples:
        typed = example.replace(" ", "").replace("-", "").lower()

        assert rules.postcode_is_possible(rules.postcode_as_printed(typed))


@pytest.mark.parametrize(
    ("country", "typed", "printed"),
    [
        ("DE", "10 115", "10115"),
        ("DE", "D-10115", "10115"),
        ("DE", "１０１１５", "10115"),  # noqa: RUF001  as a Japanese keyboard writes them
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", " sw1a  1aa ", "SW1A 1AA"),
        ("NL", "1011ab", "1011 AB"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("US", "94107-1234", "94107-1234"),
        ("US", "941071234", "94107-1234"),
        ("SE", "114 55", "114 55"),
        ("PL", "00950", "00-950"),
        ("JP", "1540023", "154-0023"),
        ("IE", "a65f4e2", "A65 F4E2"),
        ("CH", "CH-8001", "8001"),
        ("BR", "40301110", "40301-110"),
    ],
)
def test_a_postcode_is_kept_as_it_is_printed_there(country: str, typed: str, printed: str) -> None:
    assert filled(country=country, postal_code=typed).postal_code.data == printed


@pytest.mark.parametrize(
    ("country", "typed", "words"),
    [
        ("DE", "1096", "Please check the postcode: it should look like 26133."),
        ("DE", "1011५", "Please check the postcode: it should look like 26133."),
        ("US", "9410", "Please check the ZIP code: it should look like 95014."),
        ("GB", "12345", "Please check the postcode: it should look like EC1Y 8SY."),
        ("IL", "12", "Please check the postcode: it should look like 9614303."),
    ],
)
def test_what_is_no_postcode_there_is_refused_with_an_example(country: str, typed: str, words: str) -> None:
    form = filled(country=country, postal_code=typed, region=example_of(country)["region"])

    assert not form.validate()
    assert form.errors == {"postal_code": [words]}
    assert form.postal_code.data == typed


@pytest.mark.parametrize(
    ("country", "typed", "kept", "code"),
    [
        ("US", "tx", "Texas", "TX"),
        ("US", "TEXAS", "Texas", "TX"),
        ("CA", "Québec", "Quebec", "QC"),
        ("CA", "colombie-britannique", "British Columbia", "BC"),
        ("JP", "東京都", "Tokyo", "13"),
        ("AE", "دبي", "Dubai", "DU"),
        ("IE", "Dublin", "Co. Dublin", "D"),
        ("IT", "MI", "Milano", "MI"),
        ("EE", "Harjumaa", "Harjumaa", "Harjumaa"),
    ],
)
def test_a_region_is_one_of_the_list_however_it_is_written(country: str, typed: str, kept: str, code: str) -> None:
    form = filled(country=country, region=typed)

    assert form.place().region == kept
    assert form.rules.region_code(kept) == code
    assert same_region(country, typed, kept)


def test_regions_are_chosen_from_a_list_and_a_strange_one_is_shown() -> None:
    form = filled(**example_of("US") | {"region": "<Texass>"})

    assert not form.validate()
    assert form.errors == {"region": ["Please choose the state from the list."]}
    assert '<option selected value="&lt;Texass&gt;">&lt;Texass&gt;</option>' in form.region()
    assert '<option value="Texas">Texas</option>' in form.region()


def test_a_street_without_a_number_is_asked_about_once() -> None:
    first = filled(line1="Lindenstraße")
    assert not first.validate()
    assert first.errors == {"line1": ["Is the house number missing? If there is none, please press the button again."]}

    asked = first.street_asked.data or ""
    assert filled(line1="Lindenstraße", street_asked=asked).validate()
    assert not filled(line1="Hafenweg", street_asked=asked).validate()


@pytest.mark.parametrize(
    "typed",
    [
        {"country": "DE", "line1": "Lindenstraße", "line2": "Haus 4"},
        {"country": "ES", "line1": "Calle Mayor, s/n", "region": "Madrid", "postal_code": "28001"},
        {"country": "GB", "line1": "Rose Cottage, Church Lane", "postal_code": "GL7 5NW"},
        {"country": "IE", "line1": "The Old Rectory", "postal_code": ""},
    ],
)
def test_a_street_is_not_asked_about_where_a_number_is_there_or_not_usual(typed: dict[str, str]) -> None:
    assert filled(**typed).validate()


def test_a_street_used_before_is_not_asked_about() -> None:
    known = ContactForm.of_known(GOOD | {"line1": "Lindenstraße"})

    assert filled(line1="Lindenstraße", street_asked=known.street_asked.data or "").validate()


def test_what_a_kept_address_has_to_mend_is_told() -> None:
    assert faults_of(GOOD | {"line1": "Lindenstraße"}) == []
    assert faults_of(GOOD | {"postal_code": "1096"}) == ["Please check the postcode: it should look like 26133."]


def test_no_country_of_a_stranger_is_kept() -> None:
    before = address_rules._rules_of.cache_info().currsize

    for number in range(300):
        assert rules_of(f"X{number}").region == "State or region"

    assert address_rules._rules_of.cache_info().currsize == before


def test_a_region_of_a_country_chosen_before_is_left_behind() -> None:
    assert filled(country="US", region="Texas").place().region == "Texas"
    assert filled(country="DE", region="Texas").place().region == ""
