"""A guest's cart meets the account's at login: merged and said, within stock, and undone if wished."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.catalog.models import Product, Variant
from storefront.core.database import transaction
from tests.cart.test_cart import carts, line_ids
from tests.doors import HTMX, MovedClock, register, sign_in, stock_up


@pytest.fixture
def alice(doors: Flask) -> FlaskClient:
    """A browser in which Alice left two teapots in her cart, and signed out."""
    browser = doors.test_client()
    register(browser)
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=3), "quantity": 2})
    browser.post("/auth/logout")
    return browser


def puts_in_as_guest(browser: FlaskClient, *wishes: dict[str, Any]) -> None:
    for wish in wishes:
        browser.post("/cart/items", data=wish)


def test_both_are_in_it_within_stock_and_it_is_said(doors: Flask, alice: FlaskClient) -> None:
    mug = stock_up(doors, "Mug")
    puts_in_as_guest(alice, {"variant_id": 1, "quantity": 3}, {"variant_id": mug, "quantity": 2})

    sign_in(alice)

    page = alice.get("/cart").text
    assert carts(doors) == [("open", {"teapot": 3, "mug": 2}), ("merged", {"teapot": 3, "mug": 2})]
    assert "We added the 3 items you chose before signing in to your cart" in page
    assert "Only 3 left of Teapot: your cart has 3." in page
    assert alice.get_cookie("cart") is None


def test_undoing_leaves_what_was_there(doors: Flask, alice: FlaskClient) -> None:
    puts_in_as_guest(alice, {"variant_id": 1}, {"variant_id": stock_up(doors, "Mug"), "quantity": 2})
    sign_in(alice)

    answer = alice.post("/cart/merge/undo", headers=HTMX)
    again = alice.post("/cart/merge/undo")

    assert "before signing in" not in answer.text
    assert '<span class="masthead__count">2' in answer.text
    assert again.location == "/cart"
    assert carts(doors)[0] == ("open", {"teapot": 2})


def test_undoing_keeps_what_was_changed_by_hand_since(doors: Flask, alice: FlaskClient) -> None:
    puts_in_as_guest(alice, {"variant_id": stock_up(doors, "Mug"), "quantity": 2})
    sign_in(alice)
    alice.post("/cart/items", data={"variant_id": 2, "quantity": 5})
    alice.post(f"/cart/items/{line_ids(doors)[0]}/removal")

    alice.post("/cart/merge/undo")

    assert carts(doors)[0] == ("open", {"mug": 5})


def test_what_is_sold_out_meanwhile_stays_behind_and_that_is_said(doors: Flask, alice: FlaskClient) -> None:
    stock_up(doors, "Vase", stock=1)
    puts_in_as_guest(alice, {"variant_id": 2})
    _sell_out(doors, 2)

    sign_in(alice)

    page = alice.get("/cart").text
    assert "Vase is sold out." in page
    assert "0 things" not in page
    assert carts(doors)[0] == ("open", {"teapot": 2})


def test_an_account_without_a_cart_gets_the_guests_own(doors: Flask, browser: FlaskClient) -> None:
    puts_in_as_guest(browser, {"variant_id": stock_up(doors, "Teapot")})

    register(browser)

    assert carts(doors) == [("open", {"teapot": 1})]
    assert "Teapot" in browser.get("/cart").text
    assert "before signing in" not in browser.get("/cart").text


def test_the_old_token_opens_nothing_any_more(doors: Flask, alice: FlaskClient) -> None:
    puts_in_as_guest(alice, {"variant_id": 1})
    cookie = alice.get_cookie("cart")
    assert cookie is not None
    sign_in(alice)
    stranger = doors.test_client()
    stranger.set_cookie("cart", cookie.value)

    assert "Your cart is empty" in stranger.get("/cart").text


def test_it_is_said_for_a_day(alice: FlaskClient, later: MovedClock) -> None:
    puts_in_as_guest(alice, {"variant_id": 1})
    sign_in(alice)

    later.forward(25 * 3600)

    assert "before signing in" not in alice.get("/cart").text


def test_what_is_no_longer_sold_stays_behind(doors: Flask, alice: FlaskClient) -> None:
    puts_in_as_guest(alice, {"variant_id": stock_up(doors, "Mug")}, {"variant_id": 1})
    with doors.app_context(), transaction() as session:
        session.execute(update(Product).where(Product.title == "Mug").values(published=False))

    sign_in(alice)

    page = alice.get("/cart").text
    assert "We added the item you chose before signing in to your cart" in page
    assert "Mug is no longer sold." in page
    assert carts(doors)[0] == ("open", {"teapot": 3})


def test_an_empty_account_cart_is_filled_without_a_word(doors: Flask, alice: FlaskClient) -> None:
    sign_in(alice)
    alice.post(f"/cart/items/{line_ids(doors)[0]}/removal")
    alice.post("/auth/logout")
    puts_in_as_guest(alice, {"variant_id": 1})

    sign_in(alice)

    assert carts(doors)[0] == ("open", {"teapot": 1})
    assert "before signing in" not in alice.get("/cart").text


def test_strangers_cannot_undo(browser: FlaskClient) -> None:
    assert browser.post("/cart/merge/undo").location == "/auth/login"


def _sell_out(app: Flask, variant_id: int) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Variant, variant_id).stock = 0
