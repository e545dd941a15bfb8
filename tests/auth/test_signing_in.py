"""Signing in and out: the right people, and back to where they were."""

import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from storefront.core.database import transaction
from storefront.customers.models import User
from storefront.customers.people import user_by_email
from storefront.extensions import db
from storefront.web.login import customer_required, fresh_login_required, signed_in
from tests.doors import HTMX, PASSWORD, QUICK, MovedClock, in_database, register, sign_in, stock_up


def who() -> str:
    return signed_in().name


@pytest.fixture
def alice(doors: Flask) -> FlaskClient:
    """A browser in which Alice is signed in; `/mine` and `/dear` are pages for her alone."""
    doors.add_url_rule("/mine", "mine", customer_required(who), methods=["GET", "POST"])
    doors.add_url_rule("/dear", "dear", fresh_login_required(who), methods=["GET", "POST"])
    browser = doors.test_client()
    register(browser)
    return browser


@pytest.fixture
def statements(doors: Flask) -> Iterator[list[str]]:
    """Every SQL statement from here on."""
    seen: list[str] = []
    with doors.app_context():
        engine = db.engine

    def see(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", see)
    yield seen
    event.remove(engine, "before_cursor_execute", see)


def next_in(page: str) -> str:
    found = re.search(r'name="next"[^>]* value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_it_leads_back_to_the_page_they_came_from(alice: FlaskClient) -> None:
    alice.post("/auth/logout")

    page = alice.get("/auth/login", headers={"Referer": "http://localhost/products/teapot?variant=2"})
    answer = sign_in(alice)
    alice.post("/auth/logout")
    there = alice.post(
        "/auth/login", data={"email": "ALICE@example.org ", "password": PASSWORD, "next": next_in(page.text)}
    )

    assert next_in(page.text) == "/products/teapot?variant=2"
    assert answer.location == "/"
    assert there.location == "/products/teapot?variant=2"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil",
        "http:///evil.example",
    ],
)
def test_it_never_leads_elsewhere(alice: FlaskClient, wanted: str) -> None:
    alice.post("/auth/logout")

    answer = alice.post("/auth/login", data={"email": "alice@example.org", "password": PASSWORD, "next": wanted})

    assert (answer.status_code, answer.location) == (303, "/")


def test_which_of_both_was_wrong_is_not_said(alice: FlaskClient) -> None:
    wrong_password = sign_in(alice, password="something else")
    nobody = sign_in(alice, "nobody@example.org")

    assert (wrong_password.status_code, nobody.status_code) == (422, 422)
    assert "E-mail and password do not fit together." in wrong_password.text
    assert wrong_password.text.replace("alice@", "nobody@") == nobody.text


def test_strangers_are_led_to_the_login_and_back(alice: FlaskClient) -> None:
    alice.post("/auth/logout")

    asked = alice.get("/mine?page=2")
    written = alice.post("/mine", headers={"Referer": "http://localhost/somewhere"})
    swapped = alice.post("/mine", headers=HTMX | {"HX-Current-URL": "http://localhost/account/cards"})

    assert (asked.status_code, asked.location) == (303, "/auth/login?next=/mine?page%3D2")
    assert written.location == "/auth/login?next=/somewhere"
    assert (swapped.status_code, swapped.text) == (204, "")
    assert swapped.headers["HX-Redirect"] == "/auth/login?next=/account/cards"


def test_every_login_starts_a_session_of_its_own(doors: Flask, alice: FlaskClient) -> None:
    alice.post("/auth/logout")
    with alice.session_transaction() as session:
        session["planted"] = "by somebody else"

    sign_in(alice)

    with alice.session_transaction() as session:
        assert "planted" not in session
        assert session.permanent


def test_signing_out_is_a_write_and_ends_it(alice: FlaskClient) -> None:
    assert alice.get("/mine").text == "Alice Archer"

    assert alice.get("/auth/logout").status_code == 405
    alice.post("/auth/logout")

    assert alice.get("/mine").status_code == 303
    assert alice.get_cookie("session") is None


def test_a_forged_session_is_nobodys(alice: FlaskClient) -> None:
    for kept in ("1", "1.1", "", "x" * 5000, "\ud800", "Ω"):
        with alice.session_transaction() as session:
            session["_user_id"] = kept
        assert alice.get("/mine").status_code == 303, kept


def test_what_hurts_asks_for_the_password_again(alice: FlaskClient, later: MovedClock) -> None:
    assert alice.post("/dear").text == "Alice Archer"

    later.forward(31 * 60)
    old = alice.post("/dear", headers={"Referer": "http://localhost/mine"})
    page = alice.get(old.location)
    wrong = alice.post("/auth/confirm", data={"password": "not hers"})
    right = alice.post("/auth/confirm", data={"password": PASSWORD, "next": next_in(page.text)})

    assert old.location == "/auth/confirm?next=/mine"
    assert "Signed in as alice@example.org" in page.text
    assert wrong.status_code == 422
    assert "That is not your password." in wrong.text
    assert right.location == "/mine"
    assert alice.post("/dear").text == "Alice Archer"


def test_a_visitor_costs_no_query_and_gets_no_cookie(doors: Flask, browser: FlaskClient, statements: list[str]) -> None:
    answer = browser.get("/auth/login")

    assert answer.headers.getlist("Set-Cookie") == []
    assert "Cookie" not in answer.headers["Vary"]
    assert [statement for statement in statements if "users" in statement or "carts" in statement] == []


def test_a_customer_costs_one_query(alice: FlaskClient, statements: list[str]) -> None:
    alice.get("/mine")

    assert len(statements) == 1


def test_a_page_with_a_full_cart_takes_no_more_queries(doors: Flask, alice: FlaskClient, statements: list[str]) -> None:
    alice.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})
    statements.clear()
    alice.get("/cart")
    with_one = len(statements)
    for title in ("Mug", "Vase"):
        alice.post("/cart/items", data={"variant_id": stock_up(doors, title)})
    statements.clear()

    alice.get("/cart")

    assert len(statements) == with_one


def test_an_old_hash_is_renewed_at_login(doors: Flask, alice: FlaskClient) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    with doors.app_context(), transaction() as session:
        session.execute(update(User).values(password_hash=weak))
    alice.post("/auth/logout")

    sign_in(alice)

    kept = in_database(doors, lambda: user_by_email("alice@example.org").password_hash)  # type: ignore[union-attr]
    assert kept != weak
    assert not QUICK.check_needs_rehash(kept)


def test_who_is_signed_in_is_led_on(alice: FlaskClient) -> None:
    assert alice.get("/auth/register").location == "/"
    assert alice.get("/auth/login?next=/cart").location == "/cart"


@pytest.mark.parametrize("path", ["/auth/login", "/auth/confirm", "/auth/password-reset"])
def test_empty_forms_come_back(alice: FlaskClient, path: str) -> None:
    if path == "/auth/login":
        alice.post("/auth/logout")

    answer = alice.post(path)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
