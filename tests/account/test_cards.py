"""Saved cards: shown, chosen, removed; with scripts and without."""

import datetime as dt
import html
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cards.models import SavedCard
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.web.login import FRESH_LOGIN_WINDOW
from tests.account.people import Customer
from tests.doors import HTMX, MovedClock


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def jobs(customer: Customer, kind: str) -> list[dict[str, int]]:
    with customer.shop.app_context():
        return list(current_session().scalars(select(Job.args).where(Job.kind == kind)))


def test_cards_are_shown_the_one_click_card_first(alice: Customer) -> None:
    alice.keeps_card("4242")
    alice.keeps_card("4444", brand="mastercard", funding="debit")

    page = words(alice.sees("/account/cards").text)

    assert re.findall(r"\w+ •• ending in \d{4} (?:One-click card )?Expires \S+", page) == [
        "Visa •• ending in 4242 One-click card Expires 08/40",
        "Mastercard •• ending in 4444 Expires 08/40",
    ]
    assert "Expires 08/40 · debit" in page


def test_the_card_a_click_uses_is_the_first_that_can_pay(alice: Customer) -> None:
    alice.keeps_card("4242", expires=(10, 2020))
    alice.keeps_card("4444", brand="mastercard")

    page = words(alice.sees("/account/cards").text)

    assert "4242 Expired Expired 10/20. It cannot pay any more." in page
    assert "4444 One-click card" in page
    assert "Use for one click" not in page


@pytest.mark.parametrize(
    ("months", "said"),
    [(-1, "Expired"), (0, "Expires this month"), (1, "Expires next month"), (2, None)],
)
def test_a_card_says_when_it_ends_soon(alice: Customer, months: int, said: str | None) -> None:
    today = now().date()
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    alice.keeps_card("4242", expires=(month + 1, year))

    tags = re.findall(r'class="tag tag--(?:warn|bad)">(.*?)<', alice.sees("/account/cards").text)

    assert tags == ([said] if said else [])


def test_next_month_of_the_thirty_first_of_january_is_february(alice: Customer, later: MovedClock) -> None:
    end_of_january = dt.datetime(2036, 1, 31, 12, tzinfo=dt.UTC)
    later.forward((end_of_january - now()).total_seconds())
    alice.browser.post("/auth/login", data={"email": alice.email, "password": "correct horse battery"})
    alice.keeps_card("4242", expires=(2, 2036))

    assert "Expires next month" in alice.sees("/account/cards").text


def test_without_cards_it_says_how_one_is_kept(alice: Customer) -> None:
    page = words(alice.sees("/account/cards").text)

    assert "No card is kept here yet. Add one below, or tick the box when you pay with a new one" in page


def test_choosing_another_card_moves_the_click_there(alice: Customer) -> None:
    alice.keeps_card("4242")
    other = alice.keeps_card("4444", brand="mastercard")

    answer = alice.sends(f"/account/cards/{other}/default")

    assert (answer.status_code, answer.location) == (303, "/account/cards")
    assert alice.default_card_id() == other


def test_choosing_through_htmx_answers_the_list(alice: Customer) -> None:
    alice.keeps_card("4242")
    other = alice.keeps_card("4444", brand="mastercard")

    answer = alice.sends_part(f"/account/cards/{other}/default")

    assert answer.status_code == 200
    assert answer.text.strip().startswith('<section id="saved-cards"')
    assert "One click now pays with Mastercard •• ending in 4444 ." in words(answer.text)


def test_an_expired_card_cannot_be_chosen(alice: Customer) -> None:
    first = alice.keeps_card("4242")
    dead = alice.keeps_card("0005", brand="amex", expires=(10, 2020))

    for answer in (alice.sends_part(f"/account/cards/{dead}/default"), alice.sends(f"/account/cards/{dead}/default")):
        assert answer.status_code == 422
        assert "American Express •• 0005 has expired. Please choose another card." in words(answer.text)
        assert "4242 One-click card" in words(answer.text)
    assert alice.default_card_id() == first


def test_a_removed_card_cannot_be_chosen(alice: Customer) -> None:
    first = alice.keeps_card("4242")
    gone = alice.keeps_card("4444", brand="mastercard")
    alice.sends(f"/account/cards/{gone}/removal")

    answer = alice.sends_part(f"/account/cards/{gone}/default")

    assert answer.status_code == 422
    assert "Mastercard •• 4444 was removed. Please choose another card." in words(answer.text)
    assert alice.default_card_id() == first


def test_removing_asks_where_the_card_stands(alice: Customer) -> None:
    card = alice.keeps_card("4242")

    part = alice.sees_part(f"/account/cards/{card}/removal").text
    page = alice.sees(f"/account/cards/{card}/removal").text

    assert part.strip().startswith(f'<li id="saved-card-{card}">')
    assert "Remove this card?" in part
    assert part.strip() in page
    assert alice.cards() == [("4242", False)]


def test_removing_takes_the_card_away_for_good(alice: Customer) -> None:
    card = alice.keeps_card("4242")
    other = alice.keeps_card("4444", brand="mastercard")

    answer = alice.sends(f"/account/cards/{card}/removal")

    assert (answer.status_code, answer.location) == (303, "/account/cards")
    assert alice.cards() == [("4242", True), ("4444", False)]
    assert alice.default_card_id() == other
    assert jobs(alice, "detach_card") == [{"card_id": card}]
    assert "4242" not in alice.sees("/account/cards").text


def test_removing_through_htmx_answers_the_rest(alice: Customer) -> None:
    card = alice.keeps_card("4242")
    alice.keeps_card("4444", brand="mastercard")

    said = words(alice.sends_part(f"/account/cards/{card}/removal").text)

    assert said.startswith("Visa •• ending in 4242 is removed. One click now pays with Mastercard •• ending in 4444")


def test_removing_another_than_the_one_click_card_says_nothing_of_clicks(alice: Customer) -> None:
    alice.keeps_card("4242")
    other = alice.keeps_card("4444", brand="mastercard")

    said = words(alice.sends_part(f"/account/cards/{other}/removal").text)

    assert said.startswith("Mastercard •• ending in 4444 is removed. Visa")


def test_removing_twice_is_once(alice: Customer) -> None:
    card = alice.keeps_card("4242")
    alice.sends(f"/account/cards/{card}/removal")

    again = alice.sends_part(f"/account/cards/{card}/removal")

    assert again.status_code == 200
    assert "No card is kept here yet." in words(again.text)
    assert jobs(alice, "detach_card") == [{"card_id": card}]


def test_keeping_it_after_all_goes_back_to_where_one_was(alice: Customer) -> None:
    card = alice.keeps_card("4242")

    kept = alice.sees_part(f"/account/cards?kept={card}").text

    assert re.search(rf'href="/account/cards/{card}/removal[^>]*data-focus', kept)


def test_an_old_login_is_asked_for_its_password_first(alice: Customer, later: MovedClock) -> None:
    card = alice.keeps_card("4242")
    later.forward(FRESH_LOGIN_WINDOW.total_seconds() + 1)

    asked = alice.sees(f"/account/cards/{card}/removal")
    asked_in_place = alice.sees_part(f"/account/cards/{card}/removal")
    sent = alice.sends(f"/account/cards/{card}/removal")
    sent_in_place = alice.sends_part(f"/account/cards/{card}/removal")

    way = f"/auth/confirm?next=/account/cards/{card}/removal"
    assert (asked.status_code, asked.location) == (303, way)
    assert (asked_in_place.status_code, asked_in_place.headers["HX-Redirect"]) == (204, way)
    assert (sent.status_code, sent_in_place.status_code) == (303, 204)
    assert sent.location.startswith("/auth/confirm")
    assert alice.cards() == [("4242", False)]


@pytest.mark.parametrize("answer", ["page", "part"])
def test_bobs_card_is_not_there_for_alice(alice: Customer, bob: Customer, answer: str) -> None:
    card = bob.keeps_card("1881")
    headers = HTMX if answer == "part" else {}

    seen = alice.browser.get(f"/account/cards/{card}/removal", headers=headers)
    chosen = alice.browser.post(f"/account/cards/{card}/default", headers=headers)
    removed = alice.browser.post(f"/account/cards/{card}/removal", headers=headers)

    assert [seen.status_code, chosen.status_code, removed.status_code] == [404, 404, 404]
    assert bob.cards() == [("1881", False)]
    assert alice.default_card_id() is None
    assert "1881" not in alice.sees("/account/cards").text


def test_a_card_of_the_other_mode_is_not_there(alice: Customer) -> None:
    card = alice.keeps_card("4242")
    with alice.shop.app_context(), transaction() as session:
        session.get_one(SavedCard, card).livemode = True

    assert "4242" not in alice.sees("/account/cards").text
    assert alice.sees(f"/account/cards/{card}/removal").status_code == 404


def test_the_list_and_its_part_are_the_same(alice: Customer) -> None:
    alice.keeps_card("4242")

    assert alice.sees_part("/account/cards").text.strip() in alice.sees("/account/cards").text


def test_three_cards_cost_as_much_sql_as_one(alice: Customer) -> None:
    alice.keeps_card("4242")
    with_one = alice.statements_for("/account/cards")
    alice.keeps_card("4444")
    alice.keeps_card("1881")

    assert alice.statements_for("/account/cards") == with_one


def test_nobody_signed_in_is_led_to_the_login(stranger: FlaskClient, alice: Customer) -> None:
    card = alice.keeps_card("4242")

    seen = stranger.get("/account/cards")
    in_place = stranger.get("/account/cards", headers=HTMX | {"HX-Current-URL": "http://localhost/account/cards"})
    sent = stranger.post(f"/account/cards/{card}/removal")

    assert (seen.status_code, seen.location) == (303, "/auth/login?next=/account/cards")
    assert (in_place.status_code, in_place.headers["HX-Redirect"]) == (204, "/auth/login?next=/account/cards")
    assert sent.status_code == 303
    assert alice.cards() == [("4242", False)]
