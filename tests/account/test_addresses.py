"""The address book: written, corrected, chosen from, emptied."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.account.people import FORM, HOME, Customer
from tests.doors import HTMX

OFFICE = replace(HOME, line1="Hafenweg 2", city="Hamburg", postal_code="20457", phone="+49 40 1234")


def test_addresses_are_shown_the_default_first(alice: Customer) -> None:
    alice.keeps_address(HOME)
    alice.keeps_address(OFFICE)

    page = alice.sees("/account/addresses").text

    assert re.findall(r'-name">(.*?)</h2>', page) == [
        'Lindenstraße 4 <span class="tag">Parcels go here</span>',
        "Hafenweg 2",
    ]
    assert "<address>Alice Archer<br>20457 Hamburg, Germany<br>+49 40 1234" in page


def test_the_first_address_is_where_parcels_go(alice: Customer) -> None:
    answer = alice.sends("/account/addresses", **FORM)

    assert (answer.status_code, answer.location) == (303, "/account/addresses")
    assert alice.book() == [("Hafenweg 2", True)]


def test_adding_through_htmx_answers_an_empty_form_and_the_book(alice: Customer) -> None:
    answer = alice.sends_part("/account/addresses", **FORM)

    assert answer.status_code == 200
    assert answer.text.strip().startswith('<form class="form" id="address-form"')
    assert 'id="addresses" aria-label="Addresses" hx-swap-oob="true"' in answer.text
    assert "It is in your address book." in answer.text
    assert 'value="Hafenweg 2"' not in answer.text
    assert "Hafenweg 2 <span" in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_fault_is_said_at_its_field_and_what_was_typed_stays(alice: Customer, headers: dict[str, str]) -> None:
    typed = FORM | {"line1": " ", "postal_code": ""}

    answer = alice.browser.post("/account/addresses", data=typed, headers=headers)

    assert answer.status_code == 422
    assert "Please add the street and the house number." in answer.text
    assert "Please add the postcode." in answer.text
    assert 'value="Hamburg"' in answer.text
    assert alice.book() == []


def test_the_empty_form_begins_with_the_name_and_the_shops_country(alice: Customer) -> None:
    page = alice.browser.get("/account/addresses", headers={"Accept-Language": "de-AT"}).text

    assert 'value="Alice Archer"' in page
    assert re.findall(r'<option selected value="(..)">', page) == ["DE"]


def test_a_kept_address_that_would_be_refused_today_says_what_to_mend(alice: Customer) -> None:
    alice.keeps_address(replace(HOME, postal_code="1096", line1="Lindenstraße"))

    page = alice.sees("/account/addresses").text

    assert "Please check the postcode: it should look like 26133." in page
    assert "house number missing" not in page


def test_a_street_without_a_number_is_asked_about_once(alice: Customer) -> None:
    typed = FORM | {"line1": "Lindenstraße"}

    asked = alice.sends_part("/account/addresses", **typed)
    assert asked.status_code == 422
    assert "Is the house number missing?" in asked.text
    assert alice.book() == []

    answer = re.findall(r'name="street_asked" value="(.*?)"', asked.text)
    assert alice.sends_part("/account/addresses", **typed, street_asked=answer[0]).status_code == 200
    assert alice.book() == [("Lindenstraße", True)]


def test_the_empty_form_takes_the_country_of_the_book(alice: Customer) -> None:
    alice.keeps_address(replace(HOME, country="CH"))

    page = alice.browser.get("/account/addresses", headers={"Accept-Language": "de-AT"}).text

    assert re.findall(r'<option selected value="(..)">', page) == ["CH"]


def test_an_address_is_corrected(alice: Customer) -> None:
    kept = alice.keeps_address(HOME)

    form = alice.sees(f"/account/addresses/{kept}").text
    answer = alice.sends(f"/account/addresses/{kept}", **FORM)

    assert 'value="Lindenstraße 4"' in form
    assert (answer.status_code, answer.location) == (303, "/account/addresses")
    assert alice.book() == [("Hafenweg 2", True)]


def test_correcting_through_htmx_leads_back_to_the_book(alice: Customer) -> None:
    kept = alice.keeps_address(HOME)

    answer = alice.sends_part(f"/account/addresses/{kept}", **FORM)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/account/addresses")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_faulty_correction_changes_nothing(alice: Customer, headers: dict[str, str]) -> None:
    kept = alice.keeps_address(HOME)

    answer = alice.browser.post(f"/account/addresses/{kept}", data=FORM | {"city": ""}, headers=headers)

    assert answer.status_code == 422
    assert "Please add the city." in answer.text
    assert 'value="Hafenweg 2"' in answer.text
    assert alice.book() == [("Lindenstraße 4", True)]


def test_parcels_go_where_one_chooses(alice: Customer) -> None:
    alice.keeps_address(HOME)
    office = alice.keeps_address(OFFICE)

    answer = alice.sends(f"/account/addresses/{office}/default")

    assert (answer.status_code, answer.location) == (303, "/account/addresses")
    assert alice.book() == [("Hafenweg 2", True), ("Lindenstraße 4", False)]


def test_choosing_through_htmx_says_where_parcels_go(alice: Customer) -> None:
    alice.keeps_address(HOME)
    office = alice.keeps_address(OFFICE)

    answer = alice.sends_part(f"/account/addresses/{office}/default").text

    assert answer.strip().startswith('<section id="addresses"')
    assert "Parcels now go to Hafenweg 2, Hamburg." in answer


def test_removing_asks_where_the_address_stands(alice: Customer) -> None:
    kept = alice.keeps_address(HOME)

    part = alice.sees_part(f"/account/addresses/{kept}/removal").text
    page = alice.sees(f"/account/addresses/{kept}/removal").text

    assert part.strip().startswith(f'<li id="address-{kept}">')
    assert "Remove this address?" in part
    assert part.strip() in page
    assert 'action="/account/addresses" method="post"' in page
    assert alice.book() == [("Lindenstraße 4", True)]


def test_removing_the_default_leaves_another(alice: Customer) -> None:
    home = alice.keeps_address(HOME)
    alice.keeps_address(OFFICE)

    answer = alice.sends(f"/account/addresses/{home}/removal")

    assert (answer.status_code, answer.location) == (303, "/account/addresses")
    assert alice.book() == [("Hafenweg 2", True)]


def test_removing_the_last_through_htmx_says_that_there_is_none(alice: Customer) -> None:
    home = alice.keeps_address(HOME)

    answer = alice.sends_part(f"/account/addresses/{home}/removal").text

    assert "That address is removed." in answer
    assert "None yet. The first one you add is where your parcels go." in answer
    assert alice.book() == []


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bobs_address_is_not_there_for_alice(alice: Customer, bob: Customer, headers: dict[str, str]) -> None:
    his = bob.keeps_address(OFFICE)
    place = f"/account/addresses/{his}"

    seen = [alice.browser.get(path, headers=headers).status_code for path in (place, f"{place}/removal")]
    sent = [
        alice.browser.post(path, data=FORM, headers=headers).status_code
        for path in (place, f"{place}/default", f"{place}/removal")
    ]

    assert seen + sent == [404] * 5
    assert bob.book() == [("Hafenweg 2", True)]
    assert "Hafenweg 2" not in alice.sees("/account/addresses").text


def test_the_book_and_its_part_are_the_same(alice: Customer) -> None:
    kept = alice.keeps_address(HOME)

    assert alice.sees_part("/account/addresses").text.strip() in alice.sees("/account/addresses").text
    assert alice.sees_part(f"/account/addresses/{kept}").text.strip() in alice.sees(f"/account/addresses/{kept}").text


def test_three_addresses_cost_as_much_sql_as_one(alice: Customer) -> None:
    alice.keeps_address(HOME)
    with_one = alice.statements_for("/account/addresses")
    alice.keeps_address(OFFICE)
    alice.keeps_address(replace(HOME, line1="Am Deich 7"))

    assert alice.statements_for("/account/addresses") == with_one


def test_nobody_signed_in_is_led_to_the_login(stranger: FlaskClient, alice: Customer) -> None:
    kept = alice.keeps_address(HOME)

    seen = [stranger.get(path).location for path in ("/account/addresses", f"/account/addresses/{kept}")]
    sent = [
        stranger.post(path, data=FORM).status_code
        for path in ("/account/addresses", f"/account/addresses/{kept}/removal")
    ]

    assert seen == ["/auth/login?next=/account/addresses", f"/auth/login?next=/account/addresses/{kept}"]
    assert sent == [303, 303]
    assert alice.book() == [("Lindenstraße 4", True)]


def test_another_country_changes_what_is_asked_for_and_keeps_what_was_typed(alice: Customer) -> None:
    page = alice.sees("/account/addresses").text

    fields = alice.sends_part("/account/addresses/fields", **FORM | {"country": "US"}).text

    assert 'hx-post="/account/addresses/fields"' in page
    assert 'name="region"' not in page
    assert fields.strip().startswith('<div class="fields" id="address-fields">')
    assert '<label for="postal_code">ZIP code</label>' in fields
    assert '<label for="region">State</label>' in fields
    assert 'value="Hafenweg 2"' in fields
    assert "field__fault" not in fields
    assert 'name="email"' not in fields


def test_without_scripts_the_answer_asks_for_what_is_needed_there(alice: Customer) -> None:
    answer = alice.sends("/account/addresses", **FORM | {"country": "US"})

    assert answer.status_code == 422
    assert "Please add the state." in answer.text
    assert alice.sends("/account/addresses", **FORM | {"country": "US", "region": "Texas"}).status_code == 303


def test_at_the_checkout_the_email_stays(alice: Customer, stranger: FlaskClient) -> None:
    typed = FORM | {"country": "US", "email": "alice@example.org"}

    fields = stranger.post("/account/addresses/fields", data=typed, headers=HTMX).text

    assert alice.id
    assert 'value="alice@example.org"' in fields
    assert '<label for="region">State</label>' in fields
