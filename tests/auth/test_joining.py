"""Registering: one transaction, one mail, one wish for a Stripe customer, and no Stripe."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.cards.models import StripeCustomer
from storefront.core.database import current_session
from storefront.core.jobs.models import Job
from storefront.customers.models import Role, User
from storefront.customers.people import user_by_email
from tests.doors import HTMX, in_database, mails, register


def customers_wanted(app: Flask) -> list[tuple[str, str | None]]:
    """The e-mail of each user who shall have a Stripe customer, and the customer's id."""
    with app.app_context():
        rows = current_session().execute(
            select(User.email, StripeCustomer.stripe_id).join(StripeCustomer, StripeCustomer.user_id == User.id)
        )
        return [(row.email, row.stripe_id) for row in rows]


def test_registering_signs_in_and_asks_for_mail_and_customer_without_stripe(doors: Flask, browser: FlaskClient) -> None:
    answer = browser.post(
        "/auth/register",
        data={"name": "  Alice   Archer ", "email": " Alice@Example.org ", "password": "correct horse"},
    )

    assert (answer.status_code, answer.location) == (303, "/")
    alice = in_database(doors, lambda: user_by_email("alice@example.org"))
    assert (alice.name, alice.email, alice.email_key) == ("Alice Archer", "Alice@Example.org", "alice@example.org")
    assert (alice.role, alice.email_verified_at, alice.session_version) == (Role.customer, None, 1)
    assert "correct horse" not in alice.password_hash
    assert mails(doors) == [("verify_email", "Alice@Example.org")]
    assert customers_wanted(doors) == [("Alice@Example.org", None)]
    kinds = in_database(doors, lambda: sorted(current_session().scalars(select(Job.kind))))
    assert kinds == ["make_customer", "send_mail"]
    assert ">Alice</span></a>" in browser.get("/cart").text


def test_a_known_email_offers_login_and_reset_and_makes_nothing(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    stranger = doors.test_client()

    answer = stranger.post(
        "/auth/register", data={"name": "Mallory", "email": "\uff21LICE@example.org", "password": "a long password"}
    )

    assert answer.status_code == 422
    assert "There is an account with this e-mail already" in answer.text
    assert 'href="/auth/login"' in answer.text
    assert 'href="/auth/password-reset"' in answer.text
    assert 'value="Mallory"' in answer.text
    assert "a long password" not in answer.text
    assert in_database(doors, lambda: current_session().scalar(select(func.count(User.id)))) == 1
    assert len(customers_wanted(doors)) == 1
    assert len(mails(doors)) == 1


def test_a_strangers_address_gets_a_customer_of_its_own_never_one_found_by_email(
    doors: Flask, browser: FlaskClient
) -> None:
    with doors.app_context():
        from storefront.core.database import transaction  # noqa: PLC0415

        with transaction() as session:
            session.add(
                StripeCustomer(
                    user_id=None,
                    livemode=False,
                    stripe_id="cus_strangers",
                    idempotency_key="k",
                    request={"params": {"email": "alice@example.org"}},
                )
            )

    register(browser, "alice@example.org")

    assert customers_wanted(doors) == [("alice@example.org", None)]


def test_form_errors_stand_at_their_fields_and_what_was_typed_stays(browser: FlaskClient) -> None:
    answer = browser.post("/auth/register", data={"name": "Bob", "email": "bob at home", "password": "short"})

    assert answer.status_code == 422
    assert 'value="Bob"' in answer.text
    assert 'value="bob at home"' in answer.text
    assert "it should read like name@example.org" in answer.text
    assert "Please take 8 letters or more" in answer.text


def test_spaces_alone_are_no_name(doors: Flask, browser: FlaskClient) -> None:
    answer = browser.post("/auth/register", data={"name": "   ", "email": "bob@example.org", "password": "long enough"})

    assert answer.status_code == 422
    assert "Please say how we may call you." in answer.text
    assert mails(doors) == []


def test_htmx_gets_the_form_itself_and_is_sent_on_as_a_whole_page(browser: FlaskClient) -> None:
    refused = browser.post("/auth/register", data={}, headers=HTMX)
    page = browser.post("/auth/register", data={})
    taken = browser.post(
        "/auth/register", data={"name": "Bob", "email": "bob@example.org", "password": "long enough"}, headers=HTMX
    )

    assert refused.status_code == 422
    assert refused.text.strip().startswith('<div id="register">')
    assert refused.text.strip() in page.text
    assert (taken.status_code, taken.headers["HX-Redirect"]) == (204, "/")


def test_too_many_registrations_from_one_address_wait(browser: FlaskClient) -> None:
    register(browser)
    known = {"name": "Bob", "email": "alice@example.org", "password": "long enough"}

    answers = [browser.post("/auth/register", data=known) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
